"""Follow and unfollow: the newest event counts, in whatever order and however often they come."""

from datetime import datetime
from itertools import permutations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from members.models import FollowEvent, Identity
from members.operations import (
    ensure_identity,
    follow,
    found_unfollowed,
    note_profile,
    scan,
    seen,
    unfollow,
)
from members.queries import appid_of, identity_by_id, identity_of
from tests.members.cast import BOB, CITY, NOON, PROVINCE, SECOND, key
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound

pytestmark = pytest.mark.usefixtures("app")

Event = tuple[int, str, int]  # key, kind, second


def happen(event: Event, known_at: datetime = NOON) -> None:
    number, kind, second = event
    verb = {"follow": follow, "unfollow": unfollow}[kind]
    with transaction():
        verb(
            key=key(number),
            appid=CITY,
            openid=BOB,
            event_at=NOON + second * SECOND,
            known_at=known_at,
        )


def state() -> tuple[bool, datetime | None, datetime]:
    db.session.rollback()
    bob = db.session.scalars(select(Identity)).one()
    return bob.is_followed, bob.state_at, bob.seen_at


def forget() -> None:
    with transaction() as session:
        session.execute(delete(FollowEvent))
        session.execute(delete(Identity))


def test_follow_makes_an_identity_per_account() -> None:
    happen((1, "follow", 0))
    with transaction():
        follow(key=key(2), appid=PROVINCE, openid=BOB, event_at=NOON, known_at=NOON)

    first, second = db.session.scalars(select(Identity).order_by(Identity.id))
    assert (first.appid, second.appid) == (CITY, PROVINCE)
    assert first.is_followed
    assert identity_of(CITY, BOB) is first
    assert identity_of(CITY, "nobody") is None


def test_repeated_push_is_the_same_row() -> None:
    for _ in range(3):
        happen((1, "follow", 0), known_at=NOON + SECOND)

    event = db.session.scalars(select(FollowEvent)).one()
    assert (event.kind, event.event_at, event.known_at) == ("followed", NOON, NOON + SECOND)


def test_late_unfollow_does_not_undo_a_newer_follow() -> None:
    happen((1, "follow", 10))
    happen((2, "unfollow", 5))

    assert state() == (True, NOON + 10 * SECOND, NOON + 10 * SECOND)


def test_of_follow_and_unfollow_in_one_second_the_unfollow_stands() -> None:
    for order in permutations([(1, "follow", 0), (2, "unfollow", 0)]):
        forget()
        for event in order:
            happen(event)
        assert state() == (False, NOON, NOON)


def test_being_seen_says_nothing_about_following() -> None:
    with transaction():
        seen(appid=CITY, openid=BOB, event_at=NOON, known_at=NOON)

    assert state() == (False, None, NOON)


def test_scan_shows_a_follower_and_is_no_follow_event() -> None:
    with transaction():
        scan(appid=CITY, openid=BOB, event_at=NOON, known_at=NOON)

    assert state() == (True, NOON, NOON)
    assert not db.session.scalars(select(FollowEvent)).all()


def test_scene_of_the_newest_follow_is_kept() -> None:
    happen((1, "follow", 0))
    with transaction():
        follow(
            key=key(2),
            appid=CITY,
            openid=BOB,
            event_at=NOON + SECOND,
            known_at=NOON,
            scene="ADD_SCENE_QR_CODE",
        )

    assert db.session.scalars(select(Identity.subscribe_scene)).one() == "ADD_SCENE_QR_CODE"


def test_union_id_stays_when_a_later_answer_lacks_it() -> None:
    with transaction():
        first = ensure_identity(appid=CITY, openid=BOB, now=NOON, unionid="uBob")
        second = ensure_identity(appid=CITY, openid=BOB, now=NOON + SECOND)

    assert first == second
    assert db.session.scalars(select(Identity.unionid)).one() == "uBob"


def test_profile_of_a_follower_is_kept_and_of_nobody_else() -> None:
    happen((1, "follow", 0))
    bob = db.session.scalars(select(Identity.id)).one()
    with transaction():
        note_profile(identity_id=bob, unionid="uBob", subscribe_scene="ADD_SCENE_QR_CODE")
        note_profile(identity_id=bob, unionid=None, subscribe_scene=None)
    happen((2, "unfollow", 1))
    with transaction():
        note_profile(identity_id=bob, unionid="uLate", subscribe_scene=None)

    kept = identity_by_id(bob)
    assert (kept.unionid, kept.subscribe_scene) == ("uBob", "ADD_SCENE_QR_CODE")
    assert appid_of(bob) == CITY
    with pytest.raises(NotFound):
        identity_by_id(404)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_order_of_arrival_does_not_matter(app: Flask, data: st.DataObject) -> None:
    assert app.testing
    kinds = st.sampled_from(["follow", "unfollow"])
    told = data.draw(st.lists(st.tuples(kinds, st.integers(0, 3)), min_size=1, max_size=5))
    events = [(number, *event) for number, event in enumerate(told)]
    shuffled = data.draw(st.permutations(events + events[:2]))

    forget()
    for event in events:
        happen(event)
    in_order = state()
    forget()
    for event in shuffled:
        happen(event)

    assert state() == in_order


def find_unfollowed(second: float) -> None:
    """A call of ours, begun at this second, was refused because he does not follow."""
    with transaction():
        bob = db.session.scalars(select(Identity.id)).one()
        found_unfollowed(identity_id=bob, asked_at=NOON + second * SECOND)


def test_who_is_found_not_to_follow_has_left() -> None:
    happen((1, "follow", 0))
    find_unfollowed(9.5)

    assert state()[0] is False
    assert len(db.session.scalars(select(FollowEvent)).all()) == 1


@pytest.mark.parametrize("second", [9, 10, 11])
def test_no_finding_overwrites_what_was_told_of_that_second_or_later(second: int) -> None:
    happen((1, "follow", 0))
    happen((2, "follow", second))
    find_unfollowed(9.5)

    assert state()[0] is True
    assert state()[1] == NOON + second * SECOND


@pytest.mark.parametrize("second", [9, 10])
def test_a_follow_that_becomes_known_after_the_finding_counts(second: int) -> None:
    happen((1, "follow", 0))
    find_unfollowed(9.5)
    happen((2, "follow", second))

    assert state()[0] is True


def test_an_older_follow_that_becomes_known_after_the_finding_does_not_count() -> None:
    with transaction():
        seen(appid=CITY, openid=BOB, event_at=NOON, known_at=NOON)
    find_unfollowed(9.5)
    happen((1, "follow", 8))

    assert state()[0] is False
