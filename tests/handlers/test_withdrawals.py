"""What people take back at WeChat goes here too: pushes about a person whose sender is WeChat's push service."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flows.sealed import vault
from members.addresses import Address, book_of, save_address
from members.consents import Answer, free_consents, record_consents
from members.joining import join_member
from members.models import Identity, Member
from members.operations import ensure_identity
from members.phone_joining import prove_phone
from tests.handlers.conftest import Count, Desk
from tests.handlers.platform import BOB, NOON, Platform, event
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.outbox import Job

RunJobs = Callable[[], None]
SERVICE = "oWeChatsPushService000000000"
NEWS = "template-news"
BEFORE = clock.from_unix(NOON) - timedelta(hours=1)
AFTER = clock.from_unix(NOON) + timedelta(hours=1)
HOME = Address("鲍勃", "13800138000", "广东省 深圳市 南山区", "科技路 1 号")
WORK = Address("鲍勃", "13800138000", "广东省 深圳市 福田区", "深南大道 2 号")


@pytest.fixture
def bob(app: Flask, city: Platform) -> int:
    """Bob's member: he agreed to notices, proved his phone and keeps an address."""
    assert app.testing
    with transaction():
        identity_id = ensure_identity(appid=city.account.appid, openid=BOB, now=BEFORE)
        member_id = join_member(identity_id=identity_id, now=BEFORE)
        record_consents(
            push_key=b"agreed".ljust(16),
            identity_id=identity_id,
            answers=[Answer(NEWS, True)],
            event_at=BEFORE,
            known_at=BEFORE,
        )
        prove_phone(member_id=member_id, phone="13800138000", vault=vault(), now=BEFORE)
    keep(member_id, HOME, BEFORE)
    return member_id


def keep(member_id: int, address: Address, at: Any) -> None:
    with transaction():
        save_address(member_id=member_id, address=address, is_default=False, vault=vault(), now=at)


def told(city: Platform, name: str, **fields: Any) -> dict[str, Any]:
    """An event about Bob as WeChat sends it."""
    usual = {"OpenID": BOB, "AppID": city.account.appid}
    return event(name, openid=SERVICE, **usual | fields)


def kept(member_id: int) -> set[str]:
    """What is still known of Bob."""
    db.session.rollback()
    identity = db.session.scalars(select(Identity).where(Identity.member_id == member_id)).one()
    facts = {
        "openid": identity.openid is not None,
        "consent": free_consents(identity.id, NEWS) == 1,
        "phone": db.session.get_one(Member, member_id).phone is not None,
        "address": bool(book_of([member_id], vault())),
    }
    return {name for name, is_known in facts.items() if is_known}


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("8", {"openid", "consent", "address"}),
        ("2", {"openid", "consent", "phone"}),
        ("201", {"openid", "consent", "phone"}),
        ("8,2", {"openid", "consent"}),
        ("205", {"openid", "consent", "phone", "address"}),
        ("13", {"openid", "consent", "phone", "address"}),
        ("999", {"openid"}),
        ("", {"openid"}),
    ],
)
def test_what_is_taken_back_goes_and_nothing_else(
    *, desk: Desk, city: Platform, bob: int, run_jobs: RunJobs, code: str, left: set[str], form: str
) -> None:
    push = told(city, "user_authorization_revoke", RevokeInfo=code)
    assert desk(city.safe(push, form=form)).status_code == 200
    run_jobs()

    assert kept(bob) == left


def test_a_repeat_and_one_that_comes_late_take_nothing_given_since(
    desk: Desk, city: Platform, bob: int, run_jobs: RunJobs, count: Count
) -> None:
    push = told(city, "user_authorization_revoke", RevokeInfo="2")
    for _ in range(3):
        desk(city.safe(push))
    run_jobs()
    keep(bob, WORK, AFTER)
    desk(city.safe(push, form="json"))
    desk(city.safe({**push, "RevokeInfo": "201"}))
    run_jobs()

    assert count(Push) == 2
    assert [entry.address for entry in book_of([bob], vault())] == [WORK]


def test_who_closes_his_wechat_is_forgotten(
    desk: Desk, city: Platform, bob: int, run_jobs: RunJobs
) -> None:
    desk(city.safe(told(city, "user_authorization_cancellation")))
    run_jobs()

    assert kept(bob) == set()
    assert db.session.get_one(Member, bob).erased_at is not None


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("user_info_modified", {}),
        ("user_authorization_revoke", {"AppID": "wxSomebodyElses", "RevokeInfo": "8"}),
        ("user_authorization_cancellation", {"AppID": "wxSomebodyElses"}),
        ("user_authorization_cancellation", {"OpenID": "oNobody000000000000000000000"}),
        ("user_authorization_revoke", {"OpenID": "", "RevokeInfo": "8"}),
    ],
)
def test_nothing_is_forgotten_for_a_cleaned_profile_another_account_or_a_stranger(
    *,
    desk: Desk,
    city: Platform,
    bob: int,
    run_jobs: RunJobs,
    name: str,
    fields: dict[str, str],
) -> None:
    desk(city.safe(told(city, name, **fields)))
    run_jobs()

    assert kept(bob) == {"openid", "consent", "phone", "address"}
    assert db.session.scalars(select(Push.status)).all() == ["done"]
    assert not db.session.scalars(select(Job.id).where(Job.name.like("identity.%"))).all()


def test_the_push_service_is_nobody_here(
    desk: Desk, city: Platform, bob: int, run_jobs: RunJobs
) -> None:
    for name in ("info_modified", "authorization_revoke", "authorization_cancellation"):
        desk(city.safe(told(city, f"user_{name}", RevokeInfo="13")))
    run_jobs()

    assert bob
    db.session.rollback()
    assert db.session.scalars(select(Identity.openid)).all() == [None]
