"""A push is stored once before it is answered; what could not be stored is never called stored."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flows.arrival.plan import Arrival
from handlers.messages import Messages
from members.models import FollowEvent, Identity
from referral.models import Touch
from tests.handlers.conftest import Count, Desk, desk_of, is_taken
from tests.handlers.outages import HANGS_UP, Outage, table_locked
from tests.handlers.platform import NOON, Platform, event, follow, scan
from tests.handlers.platform import text as said
from tests.limits import within
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push


@pytest.mark.usefixtures("alice")
def test_a_follow_leaves_push_identity_follow_and_touch(
    desk: Desk, city: Platform, alice: int, count: Count
) -> None:
    desk(city.safe(follow()))

    assert count(Push) == count(Identity) == count(FollowEvent) == 1
    touch = db.session.scalars(select(Touch)).one()
    assert (touch.kind, touch.share_id, touch.event_at) == (
        *("subscribe", alice),
        clock.from_unix(NOON),
    )


def test_a_repeat_gets_the_first_reply_in_a_new_envelope(
    desk: Desk, city: Platform, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk(city.safe(follow()))
    monkeypatch.setattr(Messages, "_arrival", _says_something_else())
    repeats = [desk(city.safe(follow())) for _ in range(3)]

    assert {str(city.opened(each.data)) for each in repeats} == {str(city.opened(first.data))}
    assert len({each.data for each in repeats}) == 3
    assert count(Push) == count(FollowEvent) == 1


def _says_something_else() -> Callable[..., Awaitable[Arrival]]:
    arrival = Messages._arrival

    async def other(*given: Any) -> Arrival:
        return replace(await arrival(*given), reply="<xml>something else</xml>")

    return other


def test_a_repeat_in_the_other_format_is_the_same_push_and_gets_no_reply_in_the_wrong_one(
    desk: Desk, city: Platform, count: Count
) -> None:
    assert desk(city.safe(follow())).data
    assert desk(city.safe(follow(), form="json")).data == b""

    assert count(Push) == 1


@pytest.mark.usefixtures("alice")
def test_different_events_of_one_second_are_all_kept(
    desk: Desk, city: Platform, count: Count
) -> None:
    for each in (follow(), scan(), scan("bob"), event("unsubscribe"), said(number=1)):
        assert desk(city.safe(each)).status_code == 200
    desk(city.safe(said(number=2)))

    assert count(Push) == 6
    assert count(Touch) == 3


def test_the_same_event_at_two_accounts_is_two(
    desk: Desk, city: Platform, plain: Platform, count: Count
) -> None:
    desk(city.safe(follow()))
    desk(plain.safe(follow()), account="plain")

    assert count(Push) == count(Identity) == 2


@pytest.mark.limits
def test_without_the_database_the_platform_is_asked_to_come_again(
    app: Flask, city: Platform, outage: Outage, count: Count
) -> None:
    desk = desk_of(app)
    assert is_taken(desk, city.safe(said(number=1)))
    with outage():
        answers = [
            within(HANGS_UP, lambda: desk(city.safe(said(number=2)))),
            within(HANGS_UP, lambda: desk(city.safe(follow()))),
        ]
        assert {(each.status_code, each.data) for each in answers} == {(503, b"try again")}

    assert is_taken(desk, city.safe(said(number=2)))
    assert is_taken(desk, city.safe(follow()))
    assert count(Push) == 3


@pytest.mark.limits
def test_a_database_nobody_reads_yet_is_no_way_to_lose_a_push(
    app: Flask, config: Config, city: Platform, outage: Outage
) -> None:
    """The first push of a process comes while the database is away."""
    assert config
    with outage():
        assert desk_of(app)(city.safe(follow())).status_code == 503
    assert is_taken(desk_of(app), city.safe(follow()))


@pytest.mark.limits
def test_a_locked_table_is_waited_for_less_long_than_the_platform_waits(
    app: Flask, config: Config, city: Platform
) -> None:
    holding = table_locked(config, "push")
    desk = desk_of(app)
    with holding:
        assert within(HANGS_UP, lambda: desk(city.safe(scan()))).status_code == 503

    assert is_taken(desk, city.safe(scan()))
