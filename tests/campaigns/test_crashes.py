"""Senders that die anywhere, answers that are lost: nobody twice, everyone missing is listed."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import pytest
import time_machine

from campaigns.models import CampaignStatus
from campaigns.operations import pause, resume
from flows.campaign import chunks
from flows.campaign.running import AFTER_SEND, BEFORE_MARK, BEFORE_SEND, chase, start_lanes
from tests.campaigns.cast import (
    NOON,
    Cast,
    agreed,
    approved,
    begin,
    crowd,
    followers,
    offer,
    people,
    state,
    work,
)
from tests.campaigns.platform import Platform
from wx_backend import clock, crash
from wx_backend.db import db, transaction

POINTS = (BEFORE_SEND, AFTER_SEND, BEFORE_MARK)
LEASE = timedelta(seconds=61)


@pytest.fixture(autouse=True)
def alive_again() -> Iterator[None]:
    yield
    crash.disarm()


def work_or_die() -> bool:
    """Work; whether the process lived."""
    try:
        work()
    except crash.Crashed:
        db.session.remove()
        return False
    return True


def begin_and_die(point: str) -> None:
    """The campaign begins, and its first sender dies at a point."""
    begin()
    crash.arm(point, crash.raise_crashed)
    assert not work_or_die()
    crash.disarm()


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_that_dies_is_followed_by_one_that_sends_nothing_twice(
    cast: Cast, platform: Platform, point: str
) -> None:
    crowd(5)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin_and_die(point)
        for _ in range(2):
            time.shift(LEASE)
            work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert {status for status, _, _ in people(campaign_id).values()} == {"sent"}
    assert platform.received == Counter({f"o{n:05d}": 1 for n in range(5)})


@pytest.mark.parametrize("point", POINTS)
def test_who_comes_back_after_the_window_leaves_it_at_unknown(
    cast: Cast, platform: Platform, point: str
) -> None:
    crowd(5)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin_and_die(point)
        before = dict(platform.received)
        time.shift(timedelta(minutes=11))
        work()

    assert platform.received == before
    assert set(people(campaign_id).values()) == {("unknown", "template", None)}
    assert state(campaign_id).status == CampaignStatus.DONE


def test_a_pause_holds_over_a_death_and_a_restart(cast: Cast, platform: Platform) -> None:
    crowd(5)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin_and_die(BEFORE_SEND)
        with transaction():
            assert pause(campaign_id, reason="等一等", staff_id=cast.reader, now=NOON)
        for _ in range(3):
            time.shift(LEASE)
            work()
        assert platform.calls == 0
        with transaction():
            start_lanes(campaign_id, resume(campaign_id, staff_id=cast.reader, now=clock.now()))
        work()

    assert set(platform.received.values()) == {1}
    assert len(platform.received) == 5


@pytest.mark.parametrize("point", POINTS)
def test_what_has_no_mark_is_never_sent_again_after_a_death(
    cast: Cast, platform: Platform, point: str
) -> None:
    for identity_id in followers(["Bob", "Dan"]):
        agreed(identity_id)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, offer())
        begin_and_die(point)
        before = platform.calls
        time.shift(LEASE)
        work()

    assert platform.calls == before
    assert {status for status, _, _ in people(campaign_id).values()} == {"unknown"}


def test_hundreds_through_deaths_and_lost_answers(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 % act without an answer, 5 % fail, 2 % are cut; senders die at every point at random."""
    crowd(200)
    chance = Random(11)  # noqa: S311 - a schedule to be played again
    platform.trouble = _unreliable(chance)
    monkeypatch.setattr(chunks, "MOST", 40)
    deaths = 0
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        for point in POINTS:
            crash.arm(point, lambda: crash.raise_crashed() if chance.random() < 0.25 else None)
        for _ in range(36):
            deaths += not work_or_die()
            time.shift(timedelta(seconds=31))
            with transaction():
                chase(now=clock.now())
        crash.disarm()
        for _ in range(12):
            time.shift(LEASE)
            work()

    stands = people(campaign_id)
    assert state(campaign_id).status == CampaignStatus.DONE
    assert deaths > 5
    assert max(platform.received.values()) == 1
    missing = {openid for openid in stands if not platform.received[openid]}
    unknown = {openid for openid, (status, _, _) in stands.items() if status == "unknown"}
    assert missing <= unknown
    assert {status for status, _, _ in stands.values()} <= {"sent", "unknown"}
    assert len(platform.received) > 150


def _unreliable(chance: Random) -> Callable[[str], str | None]:
    def trouble(_openid: str) -> str | None:
        drawn = chance.random()
        return "lost" if drawn < 0.07 else "refused" if drawn < 0.12 else None

    return trouble
