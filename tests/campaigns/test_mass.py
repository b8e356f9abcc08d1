"""Mass sends: each call once whatever happens, four a month, totals that come back, whose link it is."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask

from campaigns import operations
from campaigns.articles import EnteredBefore
from campaigns.mass_models import PartStatus
from campaigns.mass_queries import Totals, totals_of
from campaigns.models import CampaignStatus
from campaigns.recipients import opt_out
from flows.campaign import mass
from flows.campaign.mass_call import AFTER_SEND, BEFORE_SEND
from flows.campaign.running import begin_due, start_lanes
from members.operations import unfollow
from tests.campaigns.cast import (
    CITY,
    DAY,
    NOON,
    Cast,
    approved,
    article,
    begin,
    control_is_the_lots,
    followers,
    people,
    state,
    work,
)
from tests.campaigns.mass_calls import (
    MINUTE,
    NAMES,
    all_ended,
    ended,
    entered_by_hand,
    parts,
    stands,
)
from tests.campaigns.platform import Platform
from tests.racing import race
from wx_backend import clock, crash
from wx_backend.db import db, retried, transaction


@pytest.fixture(autouse=True)
def alive_again() -> Iterator[None]:
    yield
    crash.disarm()


@pytest.fixture
def three_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mass, "PEOPLE", 3)


@pytest.mark.usefixtures("three_a_call")
def test_everybody_who_follows_gets_the_same_article_once_under_marks_of_its_own(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        assert begin() == 1
        work()
        assert stands(campaign_id) == {"sending": 7}, "nobody knows yet whether it went out"
        all_ended()
        time.shift(MINUTE)
        work()

    number = state(campaign_id).number
    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})
    assert [len(each["touser"]) for each in platform.bodies] == [3, 2, 2], "nobody is left alone"
    assert [each["clientmsgid"] for each in platform.bodies] == [f"{number}-{n}" for n in (1, 2, 3)]
    assert [each["mpnews"]["media_id"] for each in platform.bodies] == [
        "COPY-1",
        "COPY-2",
        "COPY-3",
    ]
    links = {each["content_source_url"] for each in platform.drafts}
    assert len(links) == 1
    assert "/s/" in links.pop()
    assert state(campaign_id).status == CampaignStatus.DONE
    assert stands(campaign_id) == {"sent": 7}
    assert totals_of(campaign_id) == Totals(total=7, filtered=7, sent=7, failed=0)


def test_no_answer_is_settled_by_the_number_of_the_first_call(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: "lost"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        assert parts() == [(PartStatus.OPEN, None, 7)]
        time.shift(timedelta(seconds=62))
        work()
        assert parts() == [(PartStatus.ACCEPTED, "9000000000000000000", 7)]
        all_ended()
        time.shift(MINUTE)
        work()

    assert set(platform.received.values()) == {1}
    assert stands(campaign_id) == {"sent": 7}


@pytest.mark.parametrize("code", [45066, 45011, -1])
def test_refused_for_now_is_called_again_a_minute_later_under_the_same_mark(
    cast: Cast, platform: Platform, code: int
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: code
    with time_machine.travel(NOON, tick=False) as time:
        approved(cast, article())
        begin()
        work()
        assert platform.calls == 1
        time.shift(timedelta(seconds=30))
        work()
        assert platform.calls == 1
        platform.trouble = lambda _client_id: None
        time.shift(timedelta(seconds=62))
        work()

    assert platform.calls == 2
    assert set(platform.received.values()) == {1}
    assert len(platform.drafts) == 1


def test_after_a_day_without_an_answer_it_stays_unknown_and_is_never_sent_again(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: "refused"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        platform.trouble = lambda _client_id: None
        time.shift(timedelta(hours=23, minutes=1))
        work()

    assert platform.received == {}
    assert parts() == [(PartStatus.UNKNOWN, None, 7)]
    assert stands(campaign_id) == {"unknown": 7}
    assert state(campaign_id).status == CampaignStatus.DONE


@pytest.mark.usefixtures("three_a_call")
@pytest.mark.parametrize("point", [BEFORE_SEND, AFTER_SEND])
def test_a_sender_that_dies_is_followed_by_one_that_sends_no_part_twice(
    cast: Cast, platform: Platform, point: str
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        crash.arm(point, crash.raise_crashed)
        with pytest.raises(crash.Crashed):
            work()
        db.session.remove()
        crash.disarm()
        for _ in range(4):
            time.shift(timedelta(seconds=62))
            work()
        all_ended()
        time.shift(MINUTE)
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})
    assert stands(campaign_id) == {"sent": 7}
    assert state(campaign_id).status == CampaignStatus.DONE


@pytest.mark.usefixtures("three_a_call")
def test_started_twice_and_by_two_clocks_each_part_goes_out_once(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        started = race(app, lambda _: retried(lambda: begin_due(now=NOON)), times=4)
        with transaction():
            start_lanes(campaign_id, 1)
        race(app, lambda _: work(), times=3)

    assert sum(started) == 1
    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})


def test_refused_for_good_pauses_and_the_people_wait_for_the_next_attempt(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: 40007
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
        work()
        paused = state(campaign_id)
        assert (paused.status, paused.resume_at) == (CampaignStatus.PAUSED, None)
        assert "40007" in paused.pause_reason
        assert stands(campaign_id) == {"waiting": 7}
        platform.trouble = lambda _client_id: None
        with transaction():
            run = operations.resume(campaign_id, staff_id=cast.reader, now=NOON)
            start_lanes(campaign_id, run)
        work()

    assert [status for status, _, _ in parts()] == [PartStatus.REFUSED, PartStatus.ACCEPTED]
    assert set(platform.received.values()) == {1}


def test_a_pause_before_its_turn_sends_nothing(cast: Cast, platform: Platform) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        with transaction():
            operations.pause(campaign_id, reason="等一等", staff_id=cast.reader, now=NOON)
        time.shift(10 * MINUTE)
        work()

    assert platform.calls == 0
    assert stands(campaign_id) == {"waiting": 7}


def test_at_night_nothing_goes_out(cast: Cast, platform: Platform) -> None:
    followers(NAMES)
    with time_machine.travel(NOON.replace(hour=22), tick=False) as time:
        approved(cast, article())
        begin()
        work()
        assert platform.calls == 0
        time.shift(timedelta(hours=11, minutes=1))
        work()

    assert len(platform.received) == 7


def test_the_days_calls_end_and_the_next_day_goes_on(cast: Cast, platform: Platform) -> None:
    followers(NAMES)
    platform.limit, platform.left = 100, 0
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        assert state(campaign_id).resume_at is not None
        platform.left = 100
        time.move_to(NOON + DAY)
        begin()
        work()

    assert len(platform.received) == 7


@pytest.mark.parametrize("status", ["err(40001)", "err(40002)"])
def test_without_the_administrators_yes_nobody_counts_as_written_to(
    cast: Cast, platform: Platform, status: str
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        ended(parts()[0][1], status=status, sent=0)
        time.shift(MINUTE)
        work()

    assert platform.calls == 1
    assert stands(campaign_id) == {"failed": 7}
    assert parts()[0][0] == PartStatus.FAILED


def test_an_end_that_is_told_before_our_mark_is_the_parts(cast: Cast, platform: Platform) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        ended("9000000000000000000", sent=7)
        campaign_id = approved(cast, article())
        begin()
        work()

    assert platform.calls == 1
    assert parts()[0][0] == PartStatus.FINISHED
    assert stands(campaign_id) == {"sent": 7}
    assert totals_of(campaign_id).sent == 7


@pytest.mark.parametrize(
    ("told", "status"),
    [("SEND_SUCCESS", PartStatus.FINISHED), ("SEND_FAIL", PartStatus.FAILED)],
)
def test_an_end_nobody_told_is_asked_for_after_the_administrators_half_hour(
    cast: Cast, platform: Platform, told: str, status: PartStatus
) -> None:
    followers(NAMES)
    platform.mass_states["9000000000000000000"] = "SENDING"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        time.shift(36 * MINUTE)
        work()
        assert parts()[0][0] == PartStatus.ACCEPTED
        platform.mass_states["9000000000000000000"] = told
        time.shift(11 * MINUTE)
        work()
        time.shift(MINUTE)
        work()

    assert platform.calls == 1
    assert parts()[0][0] == status
    assert state(campaign_id).status == CampaignStatus.DONE


def test_four_a_month_over_all_channels_sends_by_hand_included(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    with transaction():
        for day in (1, 2):
            entered_by_hand(cast, date(2026, 3, day))
    with transaction(), pytest.raises(EnteredBefore):
        entered_by_hand(cast, date(2026, 3, 2))
    with time_machine.travel(NOON, tick=False) as time:
        for _ in range(3):
            last = approved(cast, article(cap_messages=100))
            begin()
            work()
        assert set(people(last).values()) == {("left_out", None, "monthly")}
        assert set(platform.received.values()) == {2}
        time.move_to(NOON + 31 * DAY)
        next_month = approved(cast, article(cap_messages=100), now=clock.now())
        begin()
        work()

    assert stands(next_month) == {"sending": 7}


def test_who_left_or_opted_out_since_the_freezing_gets_nothing(
    cast: Cast, platform: Platform
) -> None:
    first, *_ = followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        with transaction():
            opt_out(identity_id=first, now=NOON)
            unfollow(key=b"u" * 16, appid=CITY, openid="o00001", event_at=NOON, known_at=NOON)
        begin()
        work()

    assert people(campaign_id)["o00000"] == ("left_out", None, "opted_out")
    assert people(campaign_id)["o00001"] == ("left_out", None, "not_following")
    assert len(platform.received) == 5


def test_one_person_alone_is_left_out_since_no_call_takes_him(
    cast: Cast, platform: Platform
) -> None:
    followers(["Bob"])
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
        work()

    assert platform.calls == 0
    assert people(campaign_id) == {"oBob": ("left_out", None, "alone")}
    assert state(campaign_id).status == CampaignStatus.DONE


def test_a_control_group_gets_nothing_by_mass_either(cast: Cast, platform: Platform) -> None:
    followers([f"{n:05d}" for n in range(60)])
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article(control_bp=5_000))
        begin()
        work()

    counts = stands(campaign_id)
    assert control_is_the_lots(campaign_id)
    assert 15 <= counts["control"] <= 45
    assert len(platform.received) == 60 - counts["control"]
