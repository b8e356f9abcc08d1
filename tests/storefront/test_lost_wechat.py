"""Whoever holds a WeChat that its owner has reported lost: he gets in no more, and sees nothing of it."""

import pytest
from sqlalchemy import select, update

from flows.phone_proof import has_rights
from flows.sealed import vault
from flows.signing_in import signed_in_person
from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.claims import (
    ask_to_lift,
    claim,
    decide_claim,
    require_claimable,
    undecided_claim,
)
from members.erasure import erase_identity
from members.joining import merge_same_person
from members.models import Identity
from members.operations import note_profile
from members.phone_joining import prove_phone
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.program import APPID, Program
from tests.storefront.records import people
from tests.storefront.test_orders import ordered
from tests.storefront.test_programs import bobs, config, refusal
from wx_backend import clock
from wx_backend.db import db, transaction

__all__ = ["bobs", "config"]
PHONE = "13800138000"
SAID = "此微信已挂失，请到营业厅办理"


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    """Whose WeChat will be lost; signed in, with an order."""
    assert mall
    phone = phone_of("Bob")
    phone.sign_in()
    return phone


@pytest.fixture
def anew(bob: Phone, phone_of: Phones) -> Phone:
    """Bob's new WeChat."""
    assert bob
    phone = phone_of("Carol")
    phone.sign_in()
    return phone


def members() -> tuple[int, int]:
    db.session.rollback()
    first, second = db.session.scalars(
        select(Identity.member_id).where(Identity.appid != APPID).order_by(Identity.id)
    )
    assert first
    assert second
    return first, second


def report_lost(old_id: int, new_id: int) -> None:
    """Two of the store's people say that the new WeChat is the old one's owner's."""
    now = clock.now()
    with transaction():
        prove_phone(member_id=new_id, phone=PHONE, vault=vault(), now=now)
    with transaction():
        require_claimable(old_id, new_id, provers={new_id}, has_rights=has_rights)
        asked = claim(
            order_number="OD1", old_id=old_id, new_id=new_id, reason="x", actor="staff:1", now=now
        )
        decide_claim(
            undecided_claim(asked.id),
            verdict=ClaimVerdict.APPROVED,
            note="",
            actor="staff:2",
            now=now,
        )


def test_the_new_one_has_everything_and_the_lost_one_nothing(
    mall: Mall, bob: Phone, anew: Phone
) -> None:
    number = ordered(bob, mall)
    since = clock.now()
    report_lost(*members())
    assert number in anew.get("/orders").text
    asked = bob.get("/orders")
    assert asked.status_code == 302
    refused = bob.follow(asked)
    assert (refused.status_code, SAID in refused.text) == (409, True)
    assert "申请解除挂失" in refused.text
    assert 'href="/outlets"' in refused.text
    assert bob.follow(bob.get("/outlets")).status_code == 200
    assert number not in refused.text
    assert bob.get(f"/api/orders/{number}/details").status_code == 401
    db.session.rollback()
    lost, new = db.session.scalars(select(Identity).order_by(Identity.id))
    assert lost.lost_at is not None
    assert lost.signed_out_at == lost.lost_at
    assert (new.lost_at, new.signed_out_at) == (None, None)
    now = clock.now()
    assert not signed_in_person(identity_id=lost.id, signed_in_at=now, now=now)
    assert signed_in_person(identity_id=new.id, signed_in_at=since, now=now)


def test_one_that_was_found_signs_in_anew_and_sees_what_is_his(
    mall: Mall, bob: Phone, anew: Phone
) -> None:
    number = ordered(bob, mall)
    report_lost(*members())
    assert bob.follow(bob.get("/orders")).status_code == 409
    with transaction() as session:
        claim_id = session.scalars(select(MemberClaim.id)).one()
        asked = ask_to_lift(
            claim_id, kind=ClaimKind.FOUND, reason="x", actor="staff:1", now=clock.now()
        )
        decide_claim(
            undecided_claim(asked.id),
            verdict=ClaimVerdict.APPROVED,
            note="",
            actor="staff:2",
            now=clock.now(),
        )
    assert bob.get("/orders").status_code == 302  # sessions from before stay over
    bob.sign_in()
    for phone in (bob, anew):
        assert number in phone.get("/orders").text


def test_neither_does_a_mini_program_let_it_in(
    mall: Mall, bob: Phone, bobs: Program, anew: Phone
) -> None:
    """One that never knew it is told by the union id; nobody is noted."""
    assert mall
    assert bob
    assert anew
    bobs.sign_in()
    with transaction() as session:
        mini = session.scalars(select(Identity).where(Identity.appid == APPID)).one()
        session.execute(update(Identity).where(Identity.id == 1).values(unionid=mini.unionid))
        erase_identity(identity_id=mini.id)
    report_lost(*members())
    before = people()
    bobs.session = ""
    assert refusal(bobs.sign_in()) == (409, "wechat_lost")
    assert bobs.get("/api/orders").status_code == 401
    assert people() == before


def test_what_is_learnt_later_joins_it_with_nobody(
    mall: Mall, bob: Phone, bobs: Program, anew: Phone
) -> None:
    """A mini-program knew it as somebody else; the union id that tells who it is opens nothing."""
    number = ordered(bob, mall)
    bobs.sign_in()
    report_lost(*members())
    now = clock.now()
    with transaction() as session:
        mini = session.scalars(select(Identity).where(Identity.appid == APPID)).one()
        mini_id, unionid = mini.id, mini.unionid
        session.execute(update(Identity).where(Identity.id == 1).values(is_followed=True))
        note_profile(identity_id=1, unionid=unionid, subscribe_scene=None)
        for identity_id in (1, mini_id):
            merge_same_person(identity_id=identity_id, now=now)
    assert number not in bobs.get("/api/orders").text
    assert bobs.get("/api/orders").get_json()["orders"] == []
    assert refusal(bobs.sign_in()) == (409, "wechat_lost")
    assert number in anew.get("/orders").text
