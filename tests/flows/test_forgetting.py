"""Leaving, closing an account, asking to be forgotten: what goes and what stays."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flows.following import forget_identity, forget_member
from flows.sealed import vault
from members.consents import Answer, free_consents, record_consents
from members.joining import join_member
from members.models import Identity, Member
from members.operations import ensure_identity, follow, unfollow
from members.phone_joining import prove_phone
from orders.cart import Choice, Owner, count_lines, put_in_cart
from org.invites import bind_rep
from org.queries import bound_rep, member_of_rep, rep_of_member
from org.reps import disable_rep
from templates_msg.operations import queue_message
from tests.catalog.shelf import put_on_shelf
from tests.jobs import run_jobs
from tests.org.cast import hire, plant
from tests.templates_msg.cast import BOB, CITY, NOON, bob, draft, message
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.outbox import defer

NEWS = "template-news"
HOUR = timedelta(hours=1)


@pytest.fixture
def identity_id(app: Flask) -> int:
    assert app.testing
    return bob()


def agree(identity_id: int, hours: int) -> None:
    at = NOON + hours * HOUR
    record_consents(
        push_key=hours.to_bytes(16, "big"),
        identity_id=identity_id,
        answers=[Answer(NEWS, True)],
        event_at=at,
        known_at=at,
    )


def written(identity_id: int, key: str, hours: int) -> int:
    return queue_message(draft(identity_id, key), now=NOON + hours * HOUR)


def test_who_left_and_returned_before_the_work_keeps_the_new(identity_id: int) -> None:
    left = NOON + 2 * HOUR
    with transaction():
        agree(identity_id, 1)
        before = written(identity_id, "before", 1)
        unfollow(key=b"u" * 16, appid=CITY, openid=BOB, event_at=left, known_at=left)
        follow(key=b"f" * 16, appid=CITY, openid=BOB, event_at=left + HOUR, known_at=left + HOUR)
        agree(identity_id, 4)
        after = written(identity_id, "after", 4)
        defer(forget_identity, identity_id=identity_id, for_good=False, until=left.isoformat())
    run_jobs()

    assert free_consents(identity_id, NEWS) == 1
    assert message(before).content == {}
    assert message(after).content != {}


def test_closed_account_is_forgotten_for_good(identity_id: int) -> None:
    with transaction():
        agree(identity_id, 1)
        note = queue_message(draft(identity_id), now=clock.now())
        defer(forget_identity, identity_id=identity_id, for_good=True)
    run_jobs()

    db.session.rollback()
    assert db.session.get_one(Identity, identity_id).openid is None
    assert free_consents(identity_id, NEWS) == 0
    assert message(note).content == {}


@pytest.mark.parametrize("is_known_elsewhere", [True, False])
def test_who_closes_his_last_account_is_forgotten_whole(
    identity_id: int, is_known_elsewhere: bool
) -> None:
    choice = Choice(put_on_shelf().phone_id, 1, 199_900, None, "press")
    with transaction():
        ensure_identity(appid=CITY, openid=BOB, unionid="uBob", now=NOON)
        member_id = join_member(identity_id=identity_id, now=NOON)
        if is_known_elsewhere:
            other = ensure_identity(appid="wxOther", openid="oOther", unionid="uBob", now=NOON)
            join_member(identity_id=other, now=NOON)
        prove_phone(member_id=member_id, phone="13800138000", vault=vault(), now=NOON)
        put_in_cart(owner=Owner(identity_id=identity_id), choice=choice, now=NOON)
        for _ in range(2):
            defer(forget_identity, identity_id=identity_id, for_good=True)
    run_jobs()

    db.session.rollback()
    member = db.session.get_one(Member, member_id)
    assert (member.phone is not None) == (member.erased_at is None) == is_known_elsewhere
    assert count_lines(Owner(identity_id=identity_id)) == 0


def test_forgotten_person_is_no_rep_and_has_no_name(identity_id: int) -> None:
    alice = hire(plant().hall)
    with transaction():
        member_id = join_member(identity_id=identity_id, now=NOON)
        bind_rep(rep_id=alice, member_id=member_id, now=NOON)
        disable_rep(rep_id=alice)
        note = written(identity_id, "n", 0)
    assert (rep_of_member(member_id), bound_rep(member_id)) == (None, alice)
    with transaction():
        forget_member(member_id=member_id, now=NOON + HOUR)

    assert member_of_rep(alice) is None
    assert message(note).content == {}
    assert db.session.scalars(select(Identity.openid)).one() is None
    assert db.session.get_one(Member, member_id).erased_at == NOON + HOUR
