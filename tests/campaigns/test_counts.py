"""How many stand where is kept as it goes: what a page says is what counting finds, and costs no count."""

import random
import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select, update

from campaigns import operations
from campaigns.counts import GroupDelta, put_right
from campaigns.models import CampaignStatus, Recipient, RecipientStatus
from campaigns.operations import locked_campaign
from campaigns.recipients import Mark, mark, note_breaker, opt_out
from flows.campaign import chunks
from flows.campaign.desk import campaign_file
from flows.campaign.outcomes import note_outcome
from flows.campaign.people import Asked, count_people_shown, people_shown
from flows.campaign.running import start_lanes
from templates_msg.models import Message
from tests.campaigns.cast import (
    CITY,
    NOON,
    Cast,
    approved,
    begin,
    counts_agree,
    crowd,
    followers,
    one_job,
    people,
    plan,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.counting import questions
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db, retried, transaction

TROUBLES = ("lost", "refused", 45011, 40003, 43101, None, None, None)
SAID = ("success", "failed:user block", "failed:freq limit")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_people_the_counts_are_theirs(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a choice of steps
    monkeypatch.setattr(chunks, "MOST", 7)
    ids = crowd(60)
    followers(["Stranger", "Other"])
    platform.trouble = lambda _openid: chance.choice(TROUBLES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(control_bp=1_000))
        begin()
        for _ in range(40):
            match chance.choice(("send", "send", "send", "wait", "pause", "out", "told", "told")):
                case "send":
                    one_job()
                case "wait":
                    time.shift(timedelta(seconds=chance.choice((5, 61, 500))))
                case "pause":
                    _paused_and_resumed(campaign_id, cast)
                case "out":
                    with transaction():
                        opt_out(identity_id=chance.choice(ids), now=clock.now())
                case _:
                    _told(chance)
            assert counts_agree(campaign_id)
    assert platform.received


def _paused_and_resumed(campaign_id: int, cast: Cast) -> None:
    with transaction():
        reason = "等一等"
        operations.pause(campaign_id, reason=reason, staff_id=cast.reader, now=clock.now())
    if state(campaign_id).status == CampaignStatus.PAUSED:
        with transaction():
            run = operations.resume(campaign_id, staff_id=cast.reader, now=clock.now())
            start_lanes(campaign_id, run)


def _told(chance: random.Random) -> None:
    """Of some message that was taken."""
    db.session.rollback()
    taken = db.session.execute(
        select(Message.msgid, Message.identity_id).where(Message.msgid.is_not(None))
    ).all()
    if taken:
        msgid, identity_id = chance.choice(taken)
        said, at = chance.choice(SAID), clock.now()
        retried(
            lambda: note_outcome(
                appid=CITY, msgid=str(msgid), status=said, event_at=at, identity_id=identity_id
            )
        )


def test_the_page_of_a_running_campaign_looks_at_nobody(cast: Cast, platform: Platform) -> None:
    crowd(12)
    with time_machine.travel(NOON, tick=False), pytest.MonkeyPatch.context() as small:
        small.setattr(chunks, "MOST", 4)
        campaign_id = approved(cast)
        begin()
        one_job()
        number, node_id = state(campaign_id).number, cast.tree.group
        with questions() as asked:
            run = campaign_file(number, node_id, now=NOON).dry_run
            listed = count_people_shown(Asked(number, node_id, status="sent"))

    assert not [each for each in asked if "campaign_recipient" in each]
    assert (run.total, run.written, run.open, run.percent, listed) == (12, 4, 8, 33, 4)
    assert platform.calls == 4


@pytest.mark.parametrize("status", ["", "sent", "left_out"])
@pytest.mark.parametrize("reason", ["", "no_event"])
def test_as_many_are_counted_as_are_listed(
    *, cast: Cast, platform: Platform, status: str, reason: str
) -> None:
    crowd(3)
    followers(["Stranger", "Other"])
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        work()
    assert platform.calls == 3
    number, node_id = state(campaign_id).number, cast.tree.group
    asked = Asked(number, node_id, status=status, reason=reason)
    listed = people_shown(asked, limit=100)
    assert count_people_shown(asked) == len(listed)
    assert (
        len(listed)
        == {
            ("", ""): 5,
            ("sent", ""): 3,
            ("left_out", ""): 2,
            ("", "no_event"): 2,
            ("sent", "no_event"): 0,
            ("left_out", "no_event"): 2,
        }[status, reason]
    )


def test_what_an_older_version_did_without_a_word_is_put_right(
    cast: Cast, platform: Platform
) -> None:
    crowd(6)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        with transaction() as session:
            session.execute(delete(GroupDelta).where(GroupDelta.status == "waiting"))
            session.execute(
                update(Recipient).where(Recipient.variant == 0).values(way="subscription")
            )
        assert not counts_agree(campaign_id)
        begin()
        assert counts_agree(campaign_id)
        work()
    assert platform.calls == 6
    assert {status for status, _, _ in people(campaign_id).values()} == {"sent"}


def test_putting_right_beside_a_sender_counts_nobody_twice(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(60)
    monkeypatch.setattr(chunks, "MOST", 5)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        db.session.rollback()

        def right() -> None:
            locked_campaign(campaign_id)
            put_right(campaign_id)

        def act(n: int) -> None:
            if n == 0:
                work()
                return
            for _ in range(20):
                retried(right)

        race(app, act, times=2)
    assert platform.calls == 60
    assert counts_agree(campaign_id)


def test_an_edit_leaves_nobody_counted(cast: Cast) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        with transaction():
            operations.edit_campaign(campaign_id, plan(), staff_id=cast.writer, now=NOON)
    assert counts_agree(campaign_id)
    assert db.session.scalars(select(GroupDelta)).all() == []


def test_two_lanes_that_mark_at_the_same_moment_do_not_wait_for_each_other(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    """Each has counted people of the campaign by then, and goes on to lock it: on PostgreSQL a deadlock once."""
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
    ids = list(db.session.scalars(select(Recipient.id)))
    is_sqlite = db.session.get_bind().dialect.name == "sqlite"  # there one comes after the other
    db.session.rollback()
    both = threading.Barrier(1 if is_sqlite else 2)

    def lane(number: int) -> None:
        with transaction():
            mark(campaign_id, [Mark(id=ids[number], status=RecipientStatus.SENT, due_at=NOON)])
            both.wait(timeout=60)
            note_breaker(locked_campaign(campaign_id), last_error="", equal_errors=0)

    race(app, lane, times=2)
    assert counts_agree(campaign_id)
    assert platform.calls == 0
