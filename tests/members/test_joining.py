"""Who is whom: joining, merging by what is proven, and taking it back."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from members.erasure import erase_member
from members.joining import join_member, merge_same_person, undo_link
from members.models import Identity, IdentityLink, LinkKind, Member
from members.operations import ensure_identity
from members.phone_joining import (
    PROOF_COUNTS_FOR,
    MemberErased,
    join_by_phone,
    part_from_phones,
    prove_phone,
)
from members.phones import BadPhone
from members.queries import (
    member_by_number,
    member_ids_of,
    member_of,
    members_by_phone,
    subjects_of,
    subjects_of_identity,
)
from members.vault import Vault, member_phone
from members.visitors import link_visitor, new_visitor
from tests.jobs import run_jobs
from tests.members.cast import ALICE, BOB, CITY, NOON, PROVINCE, SECOND
from tests.racing import race
from wx_backend.config import Config
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound

pytestmark = pytest.mark.usefixtures("app")

PHONE = "13800138000"


@pytest.fixture
def vault(config: Config) -> Vault:
    return Vault.of(config.privacy)


def identity(appid: str, openid: str, unionid: str | None = None, now: datetime = NOON) -> int:
    return ensure_identity(appid=appid, openid=openid, unionid=unionid, now=now)


def join(appid: str, openid: str, unionid: str | None = None) -> tuple[int, int]:
    """Identity and member after a sign-in."""
    identity_id = identity(appid, openid, unionid)
    return identity_id, join_member(identity_id=identity_id, now=NOON)


def prove(member_id: int, vault: Vault, phone: str = PHONE, *, now: datetime = NOON) -> None:
    """A member proves a phone, and nobody has rights."""
    prove_phone(member_id=member_id, phone=phone, vault=vault, now=now)
    join_by_phone(
        member_id=member_id, has_rights=lambda _: False, has_things=lambda _: False, now=now
    )


def newest_link(identity_id: int) -> int:
    query = select(IdentityLink.id).where(IdentityLink.identity_id == identity_id)
    return db.session.scalars(query.order_by(IdentityLink.id.desc())).first() or 0


def test_first_sign_in_makes_a_member_with_a_number() -> None:
    with transaction():
        _, member_id = join(CITY, BOB)
        _, again = join(CITY, BOB)

    assert member_id == again
    member = db.session.get_one(Member, member_id)
    assert member.number.startswith("MB260302")
    assert member_by_number(member.number) is member


def test_one_union_id_is_one_person() -> None:
    with transaction():
        first, bob = join(CITY, BOB, "uBob")
        second, same = join(PROVINCE, "oOther", "uBob")
        _, alice = join(CITY, ALICE, "uAlice")

    assert bob == same != alice
    assert subjects_of(bob).identity_ids == {first, second}


def test_union_id_learnt_late_merges_at_the_next_sign_in() -> None:
    with transaction():
        _, bob = join(CITY, BOB, "uBob")
        second, stranger = join(PROVINCE, "oOther")
    with transaction():
        _, same = join(PROVINCE, "oOther", "uBob")

    assert stranger != bob == same
    assert member_ids_of(bob) == {bob, stranger}
    assert member_of(second) == bob


def test_proven_phone_merges_into_the_older_member(vault: Vault) -> None:
    with transaction():
        first, bob = join(CITY, BOB)
        second, newer = join(PROVINCE, "oOther")
        prove(bob, vault)
        prove(newer, vault, "+86 138-0013-8000", now=NOON + PROOF_COUNTS_FOR - SECOND)

    assert subjects_of(bob).identity_ids == {first, second}
    assert members_by_phone(vault.index(PHONE)) == {bob}


def test_a_number_that_was_handed_out_again_joins_nobody(vault: Vault) -> None:
    later = NOON + PROOF_COUNTS_FOR
    with transaction():
        first, bob = join(CITY, BOB)
        second, newer = join(PROVINCE, "oOther")
        prove(bob, vault)
        prove(newer, vault, now=later)
        assert join_member(identity_id=second, now=later) == newer
        prove(newer, vault, "13900139000", now=later)
        prove(newer, vault, now=later)

    assert subjects_of(bob).identity_ids == {first}
    assert subjects_of(newer).identity_ids == {second}


@pytest.mark.parametrize("is_older", [True, False])
def test_who_has_rights_is_joined_with_nobody_by_a_phone(vault: Vault, is_older: bool) -> None:
    with transaction():
        people = [join(CITY, BOB)[1], join(PROVINCE, "oOther")[1], join("wxThird", "oThird")[1]]
        rep, *others = people if is_older else reversed(people)
        for each in (rep, *others, rep):
            prove_phone(member_id=each, phone=PHONE, vault=vault, now=NOON)
            join_by_phone(
                member_id=each,
                has_rights=lambda ids: rep in ids,
                has_things=lambda _: False,
                now=NOON,
            )

    assert member_ids_of(rep) == {rep}
    assert member_ids_of(min(others)) == {*others}


@pytest.mark.parametrize("is_older", [True, False])
def test_who_is_to_have_rights_parts_from_whom_a_phone_joined_to_him(
    vault: Vault, is_older: bool
) -> None:
    """Also from the stranger's second account, which came by his union id and not by the phone."""
    with transaction():
        first, bob = join(CITY, BOB, "uBob")
        second, newer = join(PROVINCE, "oOther", "uOther")
        for each in (bob, newer):
            prove(each, vault)
        third, _ = join("wxThird", "oThird", "uOther")
        fourth, _ = join("wxThird", "oFourth", "uBob")
    assert {member_of(each) for each in (first, second, third, fourth)} == {bob}
    with transaction():
        for _ in range(2):
            kept = part_from_phones(identity_id=first if is_older else third, now=NOON + SECOND)
        for each in (first, second, third, fourth):
            merge_same_person(identity_id=each, now=NOON + 2 * SECOND)

    assert kept == (bob if is_older else newer)
    assert subjects_of(bob).identity_ids == {first, fourth}
    assert subjects_of(newer).identity_ids == {second, third}
    assert not member_ids_of(bob) & member_ids_of(newer)


def test_third_account_finds_the_person_through_a_merged_member(vault: Vault) -> None:
    with transaction():
        _, bob = join(CITY, BOB, "uBob")
        second, newer = join(PROVINCE, "oOther")
        prove(newer, vault)
        identity(PROVINCE, "oOther", "uBob")
        merge_same_person(identity_id=second, now=NOON)
        third, _ = join("wxThird", "oThird")
        prove(member_of(third) or 0, vault)

    assert member_of(third) == bob
    assert len(member_ids_of(bob)) == 3


def test_undone_merge_brings_back_both_and_is_not_made_again(vault: Vault) -> None:
    with transaction():
        _, bob = join(CITY, BOB)
        second, newer = join(PROVINCE, "oOther")
        prove(bob, vault)
        prove(newer, vault)
    with transaction():
        undo_link(link_id=newest_link(second), now=NOON + SECOND)
        undo_link(link_id=newest_link(second), now=NOON + 2 * SECOND)
    with transaction():
        assert join_member(identity_id=second, now=NOON) == newer
        prove(newer, vault)
    run_jobs()

    assert member_of(second) == newer
    assert member_ids_of(newer) == {newer}
    assert member_ids_of(bob) == {bob}


def test_merge_rewrites_no_link() -> None:
    with transaction():
        join(CITY, BOB, "uBob")
        join(PROVINCE, "oOther")
        before = db.session.execute(select(IdentityLink.id, IdentityLink.member_id)).all()
        join(PROVINCE, "oOther", "uBob")

    after = db.session.execute(select(IdentityLink.id, IdentityLink.member_id)).all()
    assert set(before) < set(after)


def test_two_who_join_at_one_moment_become_one_person(app: Flask) -> None:
    race(app, lambda n: retried(lambda: join(f"wx{n}", f"oBob{n}", "uBob")), times=4)
    run_jobs()

    db.session.rollback()
    assert len(set(db.session.scalars(select(Identity.member_id)))) == 1


def test_merges_from_all_sides_at_one_moment_wait_for_each_other(app: Flask) -> None:
    with transaction():
        ids = [join(f"wx{n}", f"oBob{n}")[0] for n in range(6)]
    with transaction():
        for n in range(6):
            identity(f"wx{n}", f"oBob{n}", "uBob")

    def merge(number: int) -> int:
        with transaction():
            return merge_same_person(identity_id=ids[number], now=NOON)

    race(app, merge, times=6)

    db.session.rollback()
    assert len(set(db.session.scalars(select(Identity.member_id)))) == 1


def test_unknown_ids_are_refused(vault: Vault) -> None:
    with transaction():
        for refused in (
            lambda: join_member(identity_id=404, now=NOON),
            lambda: undo_link(link_id=404, now=NOON),
            lambda: erase_member(member_id=404, now=NOON),
        ):
            with pytest.raises(NotFound):
                refused()
        with pytest.raises(NotFound):
            prove_phone(member_id=404, phone=PHONE, vault=vault, now=NOON)


def test_identity_that_never_joined_cannot_be_merged() -> None:
    with transaction():
        identity_id = identity(CITY, BOB)
        with pytest.raises(NotFound):
            merge_same_person(identity_id=identity_id, now=NOON)
        assert subjects_of_identity(identity_id).identity_ids == {identity_id}


def test_browser_of_a_person_counts_with_his_identities() -> None:
    with transaction():
        visitor_id, _ = new_visitor(now=NOON)
        identity_id, member_id = join(CITY, BOB)
        link_visitor(visitor_id=visitor_id, identity_id=identity_id, kind=LinkKind.OAUTH, now=NOON)

    subjects = subjects_of(member_id)
    assert subjects.visitor_ids == {visitor_id}
    assert [(link.kind, link.linked_at) for link in subjects.visitors] == [("oauth", NOON)]
    assert subjects_of_identity(identity_id) == subjects


def test_phone_is_stored_sealed_and_read_back(vault: Vault) -> None:
    with transaction():
        _, bob = join(CITY, BOB)
        with pytest.raises(BadPhone):
            prove_phone(member_id=bob, phone="12345", vault=vault, now=NOON)
        prove_phone(member_id=bob, phone=PHONE, vault=vault, now=NOON)

    member = db.session.get_one(Member, bob)
    assert member.phone is not None
    assert vault.open(member.phone, place=member_phone(bob)) == PHONE
    assert member.phone_proven_at == NOON


def test_erased_member_proves_no_phone(vault: Vault) -> None:
    with transaction():
        _, bob = join(CITY, BOB)
        erase_member(member_id=bob, now=NOON)
        with pytest.raises(MemberErased):
            prove_phone(member_id=bob, phone=PHONE, vault=vault, now=NOON)
