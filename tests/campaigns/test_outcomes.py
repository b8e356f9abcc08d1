"""What the platform says of a message is so for the person too, whenever it says so."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaigns.models import Recipient
from campaigns.queries import recent_counts
from flows.campaign.outcomes import STANDS, note_outcome, settle_unknown
from flows.campaign.report import report
from templates_msg.models import Message, MessageStatus
from tests.campaigns.cast import (
    CITY,
    NOON,
    Cast,
    agreed,
    approved,
    begin,
    counts_agree,
    crowd,
    followers,
    offer,
    people,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.counting import questions
from tests.racing import race
from wx_backend.db import db, retried

MINUTE = timedelta(minutes=1)
SAID = (
    ("success", "sent", MessageStatus.DELIVERED),
    ("failed:user block", "sent", MessageStatus.BLOCKED),
    ("failed: system failed", "failed", MessageStatus.FAILED),
)


def told(msgid: int, status: str, identity_id: int, minutes: int = 1) -> None:
    """The platform's event about a message."""
    retried(
        lambda: note_outcome(
            appid=CITY,
            msgid=str(msgid),
            status=status,
            event_at=NOON + minutes * MINUTE,
            identity_id=identity_id,
        )
    )


def row_of(identity_id: int) -> Recipient:
    db.session.rollback()
    return db.session.scalars(select(Recipient).filter_by(identity_id=identity_id)).one()


@pytest.mark.parametrize(("said", "stands", "message"), SAID)
def test_who_was_unknown_stands_where_the_outcome_says_that_can_only_be_his(
    cast: Cast, platform: Platform, said: str, stands: str, message: MessageStatus
) -> None:
    bob, dan = followers(["Bob", "Dan"])
    for identity_id in (bob, dan):
        agreed(identity_id)
    platform.trouble = {"oBob": "lost", "oDan": "lost"}.get
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, offer())
        begin()
        work()
    assert {status for status, _, _ in people(campaign_id).values()} == {"unknown"}
    told(1_000, said, bob)
    assert people(campaign_id)["oBob"][0] == "unknown", "nobody knows yet whose it is"

    assert retried(lambda: settle_unknown(now=NOON + 9 * MINUTE)) == 1

    assert people(campaign_id) == {
        "oBob": (stands, "subscription", None),
        "oDan": ("unknown", "subscription", None),
    }
    assert counts_agree(campaign_id)
    found = report(state(campaign_id))
    assert found is not None
    assert found.messages == {message: 1, "unknown": 1}
    assert found.written == (2 if stands == "sent" else 1)


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize(("said", "stands", "message"), SAID)
def test_early_or_late_a_word_means_the_same(
    *, cast: Cast, platform: Platform, said: str, stands: str, message: str, is_early: bool
) -> None:
    (bob,) = crowd(1)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        if is_early:
            told(1_000, said, bob)
        begin()
        work()
        if not is_early:
            told(1_000, said, bob)
        told(1_000, "success", bob, minutes=2)

    assert platform.calls == 1
    row = row_of(bob)
    assert (row.status, row.way, row.error) == (
        stands,
        "template",
        said if stands == "failed" else None,
    )
    assert db.session.scalars(select(Message.status)).all() == [message], "the first word stands"
    assert counts_agree(campaign_id)
    counted = recent_counts([bob], since=NOON - MINUTE, besides=0)
    assert counted == ({bob: 1} if stands == "sent" else {}), "what nobody got fills no cap"


def test_a_message_that_arrived_as_marked_costs_no_look_at_the_person(
    cast: Cast, platform: Platform
) -> None:
    (bob,) = crowd(1)
    with time_machine.travel(NOON, tick=False):
        approved(cast)
        begin()
        work()
    assert platform.calls == 1
    db.session.rollback()
    with questions() as asked:
        told(1_000, "success", bob)
    assert not [each for each in asked if "campaign_recipient" in each]


def test_words_that_come_while_the_sender_marks_are_all_taken_over(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    ids = crowd(24)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        db.session.rollback()

        def act(n: int) -> None:
            if n == 0:
                work()
                return
            for number in range(24):
                msgid, failed = 1_000 + number, number % 3 == 0
                told(msgid, "failed:freq limit" if failed else "success", ids[0])

        race(app, act, times=3)
    assert platform.calls == 24
    rows = db.session.execute(
        select(Recipient.status, Message.status)
        .join(Message, Message.id == Recipient.message_id)
        .where(Recipient.campaign_id == campaign_id)
    ).all()
    assert len(rows) == 24
    assert {(status, STANDS[MessageStatus(message)]) for status, message in rows} == {
        ("sent", "sent"),
        ("failed", "failed"),
    }
    assert sum(status == "failed" for status, _ in rows) == 8


def test_who_is_on_his_way_again_is_left_to_his_sender(cast: Cast, platform: Platform) -> None:
    """A template message without an answer is asked about again; what was told meanwhile is found then."""
    (bob,) = crowd(1)
    platform.trouble = lambda _openid: "lost"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        assert people(campaign_id)["o00000"][0] == "sending"
        told(1_000, "success", bob)
        time.shift(9 * MINUTE)
        assert retried(lambda: settle_unknown(now=NOON + 9 * MINUTE)) == 1
        assert people(campaign_id)["o00000"][0] == "sending"
        work()

    assert people(campaign_id)["o00000"] == ("sent", "template", None)
    assert platform.received == {"o00000": 1}
