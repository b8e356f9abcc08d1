"""A campaign that is held: paused, stopped, out of calls, broken off, at night; and how it goes on."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from campaigns import operations
from campaigns.models import CampaignStatus
from flows.campaign import chunks, posting, running
from flows.campaign.outcomes import note_outcome, settle_unknown
from flows.campaign.running import chase, start_lanes
from flows.campaign.stopped import settle_stopped
from flows.campaign.waiting import waits
from templates_msg.library import note_library
from templates_msg.models import Message, MessageKind, MessageStatus
from tests.campaigns.cast import (
    CITY,
    NOON,
    Cast,
    approved,
    begin,
    crowd,
    one_job,
    people,
    plan,
    stands,
    state,
    work,
)
from tests.campaigns.platform import Platform
from wx_backend import clock
from wx_backend.claims import WorkStatus
from wx_backend.db import db, retried, transaction
from wx_backend.outbox import Job
from wx_backend.stops import Line, lift, stop

MINUTE = timedelta(minutes=1)


def test_a_pause_sends_nothing_more_and_a_resume_goes_on(cast: Cast, platform: Platform) -> None:
    crowd(30)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(rate_per_second=20))
        begin()
        with pytest.MonkeyPatch.context() as small:
            small.setattr(chunks, "SECONDS", 0.5)
            one_job()
        before = platform.calls
        assert 0 < before <= 10
        with transaction():
            assert operations.pause(campaign_id, reason="等一等", staff_id=cast.reader, now=NOON)
        time.shift(10 * MINUTE)
        work()
        assert platform.calls == before
        with transaction():
            run = operations.resume(campaign_id, staff_id=cast.reader, now=clock.now())
            start_lanes(campaign_id, run)
        for _ in range(3):
            work()
            time.shift(timedelta(seconds=5))

    assert state(campaign_id).status == CampaignStatus.DONE
    assert len(platform.received) == 30
    assert set(platform.received.values()) == {1}


def test_what_is_stopped_stays_stopped(cast: Cast, platform: Platform) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        with transaction():
            operations.stop(campaign_id, reason="算错了", staff_id=cast.reader, now=NOON)
        work()
        time.shift(timedelta(days=1))
        assert begin() == 0
        work()

    assert platform.calls == 0
    with transaction(), pytest.raises(operations.WrongState):
        operations.resume(campaign_id, staff_id=cast.reader, now=NOON)


def test_who_had_no_answer_when_it_was_stopped_is_unknown_until_it_is_told(
    cast: Cast, platform: Platform
) -> None:
    lost, _, _ = crowd(3)
    platform.trouble = lambda openid: "lost" if openid == "o00000" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        with transaction():
            operations.stop(campaign_id, reason="够了", staff_id=cast.reader, now=NOON)
        assert retried(lambda: settle_stopped(now=clock.now())) == 0, (
            "his sender may still mark him"
        )
        time.shift(3 * MINUTE)
        assert retried(lambda: settle_stopped(now=clock.now())) == 1
        assert retried(lambda: settle_stopped(now=clock.now())) == 0
        assert stands(campaign_id) == {"sent": 2, "unknown": 1}
        retried(
            lambda: note_outcome(
                appid=CITY, msgid="99", status="success", event_at=NOON + MINUTE, identity_id=lost
            )
        )
        time.shift(6 * MINUTE)
        assert retried(lambda: settle_unknown(now=clock.now())) == 1
        work()

    assert stands(campaign_id) == {"sent": 3}
    assert set(platform.received.values()) == {1}


def test_who_waits_for_an_answer_of_a_running_campaign_is_left_to_it(
    cast: Cast, platform: Platform
) -> None:
    crowd(2)
    platform.trouble = lambda _openid: "refused"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        time.shift(2 * MINUTE)
        assert retried(lambda: settle_stopped(now=clock.now())) == 0

    assert stands(campaign_id) == {"sending": 2}


def test_the_days_quota_ends_and_the_next_day_goes_on(cast: Cast, platform: Platform) -> None:
    crowd(12)
    platform.limit, platform.left = 20, 9
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert platform.calls == 5, "a fifth of the day's calls is kept for what people wait for"
        assert platform.left == 4
        paused = state(campaign_id)
        assert (paused.status, begin()) == (CampaignStatus.PAUSED, 0)
        platform.left = 20
        time.move_to(NOON + timedelta(days=1))
        assert begin() == 1
        work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert len(platform.received) == 12
    assert set(platform.received.values()) == {1}


def test_45009_in_the_middle_stops_at_once(cast: Cast, platform: Platform) -> None:
    crowd(40)
    platform.limit, platform.left = 100_000, 100_000
    platform.trouble = lambda _openid: 45009 if platform.calls > 10 else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(rate_per_second=100))
        begin()
        work()
        assert state(campaign_id).status == CampaignStatus.PAUSED
        assert platform.calls <= 10 + 32
        platform.trouble = lambda _openid: None
        time.move_to(NOON + timedelta(days=1))
        begin()
        work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert len(platform.received) == 40
    assert set(platform.received.values()) == {1}


@pytest.mark.parametrize(
    ("terms", "reason"), [({"cap_messages": 1}, "frequency"), ({"event_days": 2}, "no_event")]
)
def test_who_was_given_back_is_looked_at_again_before_he_is_written_to(
    cast: Cast, platform: Platform, terms: dict[str, int], reason: str
) -> None:
    crowd(3)
    platform.trouble = lambda _openid: 45009
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(**terms))
        begin()
        work()
        assert stands(campaign_id) == {"waiting": 3}
        platform.trouble = lambda _openid: None
        approved(cast, plan(name="别的活动"))
        begin()
        work()
        time.move_to(NOON + timedelta(days=2))
        begin()
        work()

    assert set(people(campaign_id).values()) == {("left_out", "template", reason)}
    assert set(platform.received.values()) == {1}
    given_up = select(Message.status).where(Message.error == reason)
    assert db.session.scalars(given_up).all() == [MessageStatus.FAILED] * 3


def test_who_cannot_tell_whether_to_go_on_stops_and_keeps_what_was_sent(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_database(*_: object) -> bool:
        raise ConnectionError

    crowd(90)
    monkeypatch.setattr(running, "may_send", no_database)
    monkeypatch.setattr(posting, "LOOK_EVERY_SECONDS", 0.05)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, plan(rate_per_second=200))
        begin()
        one_job()

    assert 0 < platform.calls < 90
    assert stands(campaign_id) == {"sent": platform.calls, "waiting": 90 - platform.calls}


def test_the_same_error_again_and_again_breaks_it_off(cast: Cast, platform: Platform) -> None:
    crowd(120)
    platform.trouble = lambda _openid: 47003
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        work()

    broken = state(campaign_id)
    assert (broken.status, broken.resume_at) == (CampaignStatus.PAUSED, None)
    assert "47003" in broken.pause_reason
    assert platform.calls <= 20 + 31
    assert stands(campaign_id)["waiting"] >= 120 - 51


@pytest.mark.parametrize("code", [40037, 43116])
def test_a_template_that_wechat_banned_or_dropped_breaks_it_off_at_once(
    cast: Cast, platform: Platform, code: int
) -> None:
    crowd(40)
    platform.trouble = lambda openid: code if openid >= "o00005" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(rate_per_second=100))
        begin()
        work()
        broken = state(campaign_id)
        assert (broken.status, broken.resume_at) == (CampaignStatus.PAUSED, None)
        assert str(code) in broken.pause_reason
        (waits_for,) = waits([broken], now=clock.now()).values()
        assert waits_for.error == str(code), "whoever looks is told what WeChat meant"
        refused, left = stands(campaign_id).get("failed", 0), stands(campaign_id)["waiting"]
        assert 0 < refused < 20
        assert left == 40 - 5 - refused
        time.move_to(NOON + timedelta(days=1))
        assert begin() == 0, "a person must look"
        work()
        assert platform.calls == 5 + refused
        platform.trouble = lambda _openid: None
        with transaction():
            run = operations.resume(campaign_id, staff_id=cast.reader, now=clock.now())
            start_lanes(campaign_id, run)
        work()

    assert stands(campaign_id) == {"sent": 40 - refused, "failed": refused}
    assert set(platform.received.values()) == {1}


def test_a_template_that_is_gone_pauses_before_anybody_is_left_out(
    cast: Cast, platform: Platform
) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        with transaction():
            note_library(appid=CITY, kind=MessageKind.TEMPLATE, listed=[], now=NOON)
        begin()
        work()

    paused = state(campaign_id)
    assert (paused.status, paused.resume_at, platform.calls) == (CampaignStatus.PAUSED, None, 0)
    assert stands(campaign_id) == {"waiting": 2}


def test_a_person_may_keep_it_from_going_on_by_itself(cast: Cast, platform: Platform) -> None:
    crowd(3)
    platform.left = 0
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert state(campaign_id).resume_at is not None
        with transaction():
            assert operations.pause(campaign_id, reason="不发了", staff_id=cast.reader, now=NOON)
        time.move_to(NOON + timedelta(days=2))
        assert begin() == 0

    assert state(campaign_id).status == CampaignStatus.PAUSED


def test_stopped_messages_hold_campaigns_too(cast: Cast, platform: Platform) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        approved(cast)
        with transaction():
            stop(line=Line.MESSAGES, reason="演练", by="system", now=NOON)
        begin()
        work()
        assert platform.calls == 0
        with transaction():
            lift(line=Line.MESSAGES, by="system", now=NOON)
        work()

    assert len(platform.received) == 2


def test_at_night_nobody_is_written_to(cast: Cast, platform: Platform) -> None:
    crowd(2)
    with time_machine.travel(NOON.replace(hour=21), tick=False) as time:
        approved(cast)
        begin()
        work()
        time.shift(timedelta(hours=11, minutes=59))
        work()
        assert platform.calls == 0
        time.shift(2 * MINUTE)
        work()

    assert len(platform.received) == 2


def test_it_waits_for_its_hour(cast: Cast, platform: Platform) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(starts_at=NOON + 90 * MINUTE))
        with transaction():
            assert operations.start(campaign_id, now=clock.now()) is None
        time.shift(89 * MINUTE)
        assert begin() == 0
        work()
        assert (platform.calls, state(campaign_id).status) == (0, CampaignStatus.SCHEDULED)
        time.shift(MINUTE)
        assert (begin(), begin()) == (1, 0)
        work()

    assert len(platform.received) == 2


def test_lanes_that_gave_up_are_brought_back_by_the_clock(cast: Cast, platform: Platform) -> None:
    """Whatever killed them twelve times: what is true of a campaign is in its rows, not in its jobs."""
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        with transaction() as session:
            session.execute(update(Job).values(status=WorkStatus.DEAD))
        work()
        assert (platform.calls, state(campaign_id).status) == (0, CampaignStatus.RUNNING)
        with transaction():
            assert chase(now=clock.now()) == 2
        work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert platform.received == {f"o{n:05d}": 1 for n in range(3)}
