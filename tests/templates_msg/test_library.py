"""The platform's templates as we keep them, and sends that find their outcome later."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from members.operations import ensure_identity
from templates_msg.library import Listed, library_of, note_library, usable_template
from templates_msg.models import MessageKind, MessageStatus
from templates_msg.operations import mark_sent, mark_unknown, queue_message, start_sending
from templates_msg.outcomes import TOLD_WITHIN, give_up_sending, record_outcome, settle_unknown
from templates_msg.rules import BadField, check_filled, lines_of
from tests.templates_msg.cast import CITY, MINUTE, NOON, bob, draft, message
from wx_backend.db import retried, transaction
from wx_backend.errors import NotFound

PAID = "订单编号：{{character_string1.DATA}}\n商品：{{thing2.DATA}}\n金额: {{amount3.DATA}}"


def test_what_the_platform_lists_no_more_cannot_be_used(app: Flask) -> None:
    assert app.testing
    with transaction():
        for listed in (
            [Listed("T1", "旧", PAID), Listed("T2", "留", PAID)],
            [Listed("T2", "新", PAID)],
        ):
            note_library(appid=CITY, kind=MessageKind.TEMPLATE, listed=listed, now=NOON)
        note_library(appid=CITY, kind=MessageKind.SUBSCRIPTION, listed=[], now=NOON)

    assert [(each.title, each.is_usable) for each in library_of(CITY)] == [
        ("新", True),
        ("旧", False),
    ]
    assert usable_template(CITY, "T2").content == PAID
    with pytest.raises(NotFound):
        usable_template(CITY, "T1")


def test_a_template_is_shown_line_by_line_as_the_platform_shows_it() -> None:
    lines = lines_of(PAID, {"thing2": "手机"})

    assert [(line.label, line.key, line.value) for line in lines] == [
        ("订单编号", "character_string1", ""),
        ("商品", "thing2", "手机"),
        ("金额", "amount3", ""),
    ]
    assert all(line.hint for line in lines)


def test_every_field_of_a_template_has_to_be_filled() -> None:
    filled = {"character_string1": "OD1", "thing2": "手机", "amount3": "12元"}
    check_filled(PAID, filled)
    with pytest.raises(BadField) as refusal:
        check_filled(PAID, {**filled, "thing2": "", "amount3": "很多"})

    assert set(refusal.value.details) == {"thing2", "amount3"}


def unanswered(identity_id: int, key: str, at: datetime = NOON) -> int:
    """A send whose answer never came."""
    with transaction():
        message_id = queue_message(draft(identity_id, key), now=at)
        start_sending(message_id=message_id, now=at)
        mark_unknown(message_id=message_id, error="timeout")
    return message_id


def told(msgid: str, identity_id: int, minutes: int = 0) -> None:
    with transaction():
        record_outcome(
            appid=CITY,
            msgid=msgid,
            status="success",
            event_at=NOON + minutes * MINUTE,
            identity_id=identity_id,
        )


def settled(after: timedelta = 9 * MINUTE, limit: int = 500) -> int:
    return len(retried(lambda: settle_unknown(now=NOON + after, limit=limit)))


def somebody(name: str) -> int:
    with transaction():
        return ensure_identity(appid=CITY, openid=f"o{name:0>27}", now=NOON)


def test_an_unanswered_send_is_settled_by_the_only_outcome_that_can_be_its(app: Flask) -> None:
    assert app.testing
    identity_id = bob()
    message_id = unanswered(identity_id, "a")
    told("M7", identity_id, minutes=1)

    assert settled(after=7 * MINUTE) == 0, "it may still be repeated"
    assert (settled(), settled()) == (1, 0)
    assert (message(message_id).status, message(message_id).msgid) == (
        MessageStatus.DELIVERED,
        "M7",
    )


def test_what_nobody_goes_on_sending_is_unknown_after_an_hour(app: Flask) -> None:
    """Whoever comes back after all and was told its number says so as ever."""
    assert app.testing
    identity_id = bob()
    with transaction():
        sending = queue_message(draft(identity_id, "a"), now=NOON)
        waiting = queue_message(draft(identity_id, "b"), now=NOON)
        start_sending(message_id=sending, now=NOON)

    def given_up(minutes: int) -> int:
        return retried(lambda: give_up_sending(now=NOON + minutes * MINUTE))

    assert [given_up(minutes) for minutes in (59, 60, 61)] == [0, 1, 0]
    assert message(sending).status == MessageStatus.UNKNOWN
    assert message(waiting).status == MessageStatus.QUEUED
    retried(lambda: mark_sent(message_id=sending, msgid="M7", now=NOON + 62 * MINUTE))
    assert (message(sending).status, message(sending).msgid) == (MessageStatus.SENT, "M7")


def test_where_two_could_be_meant_nothing_is_guessed(app: Flask) -> None:
    assert app.testing
    identity_id = bob()
    ids = [unanswered(identity_id, key) for key in "ab"]
    told("M7", identity_id)
    told("M8", identity_id, minutes=30)

    assert settled() == 0
    assert {message(each).status for each in ids} == {MessageStatus.UNKNOWN}


def test_what_cannot_be_settled_holds_up_nobody_behind_it(app: Flask) -> None:
    """More than are taken at once, before one: never told of, told of too late, or one of two."""
    assert app.testing
    for n in range(4):
        unanswered(somebody(f"silent{n}"), f"silent{n}")
        late = somebody(f"late{n}")
        unanswered(late, f"late{n}")
        told(f"L{n}", late, minutes=15)
        twice = somebody(f"twice{n}")
        for each in "ab":
            unanswered(twice, f"twice{n}{each}")
        told(f"T{n}", twice)
        doubly = somebody(f"doubly{n}")
        unanswered(doubly, f"doubly{n}")
        for each in "ab":
            told(f"D{n}{each}", doubly)
    identity_id = bob()
    message_id = unanswered(identity_id, "last")
    told("M7", identity_id)

    assert (settled(limit=3), settled(limit=3)) == (1, 0)
    assert message(message_id).msgid == "M7"


def test_an_outcome_between_two_sends_is_nobodys(app: Flask) -> None:
    """Told ten minutes after the first, to the second; and a second before the second began, rounded."""
    assert app.testing
    identity_id = bob()
    sends = [NOON, NOON + TOLD_WITHIN + timedelta(seconds=1)]
    ids = [unanswered(identity_id, f"at {at}", at) for at in sends]
    told("M7", identity_id, minutes=10)

    assert settled(after=timedelta(hours=1)) == 0
    assert {message(each).status for each in ids} == {MessageStatus.UNKNOWN}


@pytest.mark.parametrize(("seconds", "count"), [(-3, 0), (-2, 1), (0, 1), (600, 1), (601, 0)])
def test_an_outcome_fits_in_the_minutes_after_its_send(
    app: Flask, seconds: int, count: int
) -> None:
    assert app.testing
    identity_id = bob()
    unanswered(identity_id, "a", NOON - timedelta(seconds=seconds))
    told("M7", identity_id)

    assert settled(after=timedelta(hours=1)) == count
