"""Running a campaign: everybody once, whatever the platform answers and whoever changes his mind."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaigns.models import CampaignStatus, Recipient
from campaigns.recipients import opt_out
from flows.campaign import chunks
from flows.campaign.running import begin_due, start_lanes
from members.models import Identity
from members.operations import unfollow
from referral.models import Share
from templates_msg.models import Message, MessageStatus
from templates_msg.outcomes import record_outcome
from tests.campaigns.cast import (
    CITY,
    NOON,
    Cast,
    agreed,
    approved,
    begin,
    brought,
    control_is_the_lots,
    crowd,
    followers,
    frozen,
    offer,
    one_job,
    paid,
    people,
    plan,
    stands,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.outbox import Job


def test_everybody_with_a_reason_is_written_to_once_by_his_own_reps_link(
    cast: Cast, platform: Platform
) -> None:
    bob, carl = crowd(2)
    followers(["Stranger"])
    brought(bob, cast.alice_id)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        assert begin() == 1
        work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert people(campaign_id) == {
        "o00000": ("sent", "template", None),
        "o00001": ("sent", "template", None),
        "oStranger": ("left_out", None, "no_event"),
    }
    assert platform.received == {"o00000": 1, "o00001": 1}
    said = {each["touser"]: each["data"]["thing2"]["value"] for each in platform.bodies}
    assert said == {"o00000": "爱丽丝提醒您领取发票", "o00001": "城市营业厅提醒您领取发票"}
    shares = db.session.scalars(select(Share).where(Share.subject == "campaign")).all()
    assert {(each.root_rep_id, each.is_push) for each in shares} == {
        (cast.alice_id, True),
        (None, True),
    }
    assert len({each["url"] for each in platform.bodies}) == 2
    assert carl != bob


def test_started_twice_and_by_two_clocks_it_is_one_run(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    crowd(30)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        started = race(app, lambda _: retried(lambda: begin_due(now=NOON)), times=6)
        with transaction():
            start_lanes(campaign_id, 1)
        work()

    assert sum(started) == 1
    assert set(platform.received.values()) == {1}
    assert len(platform.received) == 30


def test_no_answer_is_asked_again_under_the_same_mark_and_held_in_the_end(
    cast: Cast, platform: Platform
) -> None:
    crowd(6)
    platform.trouble = {"o00000": "lost", "o00001": "refused"}.get
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert stands(campaign_id) == {"sent": 4, "sending": 2}
        for _ in range(20):
            time.shift(timedelta(seconds=31))
            work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert stands(campaign_id) == {"sent": 4, "unknown": 2}
    assert platform.received["o00000"] == 1
    assert platform.received["o00001"] == 0


def test_an_answer_within_minutes_settles_what_got_none_before(
    cast: Cast, platform: Platform
) -> None:
    crowd(3)
    platform.trouble = lambda openid: "lost" if openid == "o00000" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        platform.trouble = lambda _openid: None
        time.shift(timedelta(seconds=31))
        work()

    assert stands(campaign_id) == {"sent": 3}
    assert set(platform.received.values()) == {1}


def test_whoever_got_no_answer_is_asked_about_before_the_others_have_their_turn(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a long send a repeat at the end would come after the eight minutes, and so never."""
    crowd(12)
    monkeypatch.setattr(chunks, "MOST", 4)
    platform.trouble = lambda openid: "lost" if openid == "o00000" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        one_job()
        assert people(campaign_id)["o00000"][0] == "sending"
        platform.trouble = lambda _openid: None
        time.shift(timedelta(seconds=31))
        one_job()

    assert people(campaign_id)["o00000"][0] == "sent"
    assert stands(campaign_id)["waiting"] == 5
    assert set(platform.received.values()) == {1}


@pytest.mark.parametrize("code", [45009, 45011, -1])
def test_what_may_have_arrived_is_not_new_again_when_its_repeat_is_refused_or_not_begun(
    cast: Cast, platform: Platform, code: int
) -> None:
    """More repeats are due than are sent at once, so some never get their turn that day."""
    crowd(90)
    platform.trouble = lambda openid: "lost" if int(openid[1:]) % 2 else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert stands(campaign_id) == {"sent": 45, "sending": 45}
        platform.trouble = lambda _openid: code
        time.shift(timedelta(seconds=31))
        work()
        assert stands(campaign_id) == {"sent": 45, "sending": 45}
        platform.trouble = lambda _openid: None
        time.move_to(NOON + timedelta(days=1))
        begin()
        work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert stands(campaign_id) == {"sent": 45, "unknown": 45}
    assert set(platform.received.values()) == {1}
    assert len(platform.received) == 90


def test_a_notice_without_an_answer_is_never_sent_again(cast: Cast, platform: Platform) -> None:
    for identity_id in followers(["Bob", "Dan"]):
        agreed(identity_id)
    platform.trouble = lambda openid: "refused" if openid == "oBob" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, offer())
        begin()
        work()
        time.shift(timedelta(minutes=20))
        work()

    assert people(campaign_id)["oBob"][0] == "unknown"
    assert platform.calls == 2


def test_an_outcome_that_comes_before_our_mark_is_the_messages(
    cast: Cast, platform: Platform
) -> None:
    (bob,) = crowd(1)
    with transaction():
        record_outcome(
            appid=CITY, msgid="1000", status="failed:user block", event_at=NOON, identity_id=bob
        )
    with time_machine.travel(NOON, tick=False):
        approved(cast)
        begin()
        work()

    assert platform.calls == 1
    message = db.session.scalars(select(Message)).one()
    assert (message.status, message.msgid) == (MessageStatus.BLOCKED, "1000")


def test_a_fault_of_ours_with_one_letter_is_the_outcome_of_that_letter_only(
    cast: Cast, platform: Platform
) -> None:
    crowd(5)

    def trouble(openid: str) -> None:
        if openid == "o00002":
            raise ZeroDivisionError

    platform.trouble = trouble
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert stands(campaign_id) == {"sent": 4, "sending": 1}
        platform.trouble = lambda _openid: None
        time.shift(timedelta(seconds=31))
        work()

    assert stands(campaign_id) == {"sent": 5}
    assert set(platform.received.values()) == {1}


def test_who_opts_out_or_leaves_during_the_run_is_left_out(cast: Cast, platform: Platform) -> None:
    bob, _, _ = crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        with transaction():
            opt_out(identity_id=bob, now=NOON)
            unfollow(key=b"u" * 16, appid=CITY, openid="o00001", event_at=NOON, known_at=NOON)
        begin()
        work()

    assert people(campaign_id)["o00000"] == ("left_out", None, "opted_out")
    assert people(campaign_id)["o00001"] == ("left_out", None, "not_following")
    assert platform.received == {"o00002": 1}


def test_the_frequency_cap_holds_over_all_campaigns(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    crowd(8)
    with time_machine.travel(NOON, tick=False):
        campaigns = [approved(cast, plan(name=f"第{n}场", cap_messages=2)) for n in range(4)]
        assert begin() == 4
        ids = db.session.scalars(select(Job.id).where(Job.name == "campaign.send")).all()
        db.session.rollback()
        race(app, lambda _: work(), times=len(ids))

    assert set(platform.received.values()) == {2}
    left = [stands(each)["left_out"] for each in campaigns]
    assert sum(left) == 16


def test_a_control_group_is_frozen_and_never_written_to(cast: Cast, platform: Platform) -> None:
    crowd(60)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, plan(control_bp=5_000))
        begin()
        work()

    counts = stands(campaign_id)
    assert control_is_the_lots(campaign_id)
    assert 15 <= counts["control"] <= 45
    assert counts["sent"] == len(platform.received) == 60 - counts["control"]


def test_one_person_under_two_identities_is_one_recipient(cast: Cast, platform: Platform) -> None:
    assert platform.calls == 0
    bob, twin = followers(["Bob", "Twin"])
    paid(bob)
    with transaction():
        member_id = db.session.get_one(Identity, bob).member_id
        db.session.get_one(Identity, twin).member_id = member_id
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast)

    db.session.rollback()
    rows = db.session.scalars(select(Recipient).where(Recipient.campaign_id == campaign_id)).all()
    assert [row.identity_id for row in rows] == [bob]


@pytest.mark.parametrize(("trouble", "received"), [("refused", 0), ("lost", 1)])
def test_a_message_in_doubt_is_not_repeated_to_who_opted_out_meanwhile(
    cast: Cast, platform: Platform, trouble: str, received: int
) -> None:
    first, _ = crowd(2)
    platform.trouble = lambda openid: trouble if openid == "o00000" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        with transaction():
            opt_out(identity_id=first, now=NOON)
        platform.trouble = lambda _openid: None
        for _ in range(4):
            time.shift(timedelta(minutes=2))
            work()

    assert platform.received["o00000"] == received
    assert platform.received["o00001"] == 1
    assert people(campaign_id)["o00000"][0] == "unknown"
    assert state(campaign_id).status == CampaignStatus.DONE
