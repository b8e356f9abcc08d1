"""The life of a message, step by step."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from templates_msg.models import Message, MessageKind, MessageStatus, Quiet
from templates_msg.operations import (
    erase_texts,
    mark_failed,
    mark_sent,
    mark_unknown,
    put_back,
    queue_message,
    set_template,
    start_sending,
)
from templates_msg.outcomes import record_outcome
from templates_msg.queries import count_messages, stands_of, template_for
from templates_msg.rules import BadField
from tests.racing import race
from tests.templates_msg.cast import CITY, MINUTE, NOON, bob, draft, message
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound

Status = MessageStatus


@pytest.fixture
def identity_id(app: Flask) -> int:
    assert app.testing
    return bob()


@pytest.fixture
def queued(identity_id: int) -> int:
    with transaction():
        return queue_message(draft(identity_id), now=NOON)


def start(message_id: int, minutes: int = 0) -> bool:
    now = NOON + minutes * MINUTE
    return retried(lambda: start_sending(message_id=message_id, now=now)) is not None


def sent(message_id: int, msgid: str = "M1") -> None:
    retried(lambda: mark_sent(message_id=message_id, msgid=msgid, now=NOON))


def told(status: str, msgid: str = "M1") -> None:
    retried(lambda: record_outcome(appid=CITY, msgid=msgid, status=status, event_at=NOON))


def test_one_reason_is_one_message(identity_id: int, queued: int) -> None:
    with transaction():
        again = queue_message(draft(identity_id), now=NOON + MINUTE)
        other = queue_message(draft(identity_id, "order_paid:OD2"), now=NOON + MINUTE)

    assert again == queued != other
    assert message(queued).created_at == NOON
    assert set(db.session.scalars(select(Message.id))) == {queued, other}


def test_one_reason_at_one_moment_is_one_message(app: Flask, identity_id: int) -> None:
    ids = race(app, lambda _: retried(lambda: queue_message(draft(identity_id), now=NOON)), times=6)

    assert len(set(ids)) == 1
    assert db.session.scalar(select(func.count(Message.id))) == 1


def test_message_the_platform_would_refuse_is_not_queued(identity_id: int) -> None:
    with transaction(), pytest.raises(BadField):
        queue_message(draft(identity_id, content={"data": {"thing1": ""}}), now=NOON)


def test_message_is_sent_once(queued: int) -> None:
    assert start(queued)
    sent(queued)

    assert not start(queued)
    assert (message(queued).status, message(queued).msgid) == (Status.SENT, "M1")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("success", Status.DELIVERED),
        ("failed:user block", Status.BLOCKED),
        ("failed:system failed", Status.FAILED),
        ("failed:something new", Status.FAILED),
    ],
)
@pytest.mark.parametrize("comes_first", [False, True])
def test_platform_settles_a_message_early_or_late(
    queued: int, said: str, status: Status, comes_first: bool
) -> None:
    start(queued)
    if comes_first:
        told(said)
    sent(queued)
    if not comes_first:
        told(said)

    settled = message(queued)
    assert (settled.status, settled.msgid, settled.outcome_at) == (status, "M1", NOON)
    assert settled.error == (None if status is Status.DELIVERED else said)


def test_send_and_outcome_at_one_moment_find_each_other(app: Flask, identity_id: int) -> None:
    with transaction():
        ids = [queue_message(draft(identity_id, f"k{n}"), now=NOON) for n in range(6)]
    for each in ids:
        start(each)

    def meet(number: int) -> None:
        at, is_event = divmod(number, 2)
        told("success", f"M{at}") if is_event else sent(ids[at], f"M{at}")

    race(app, meet, times=12)

    assert {message(each).status for each in ids} == {Status.DELIVERED}


def test_repeated_outcome_changes_nothing(queued: int) -> None:
    start(queued)
    sent(queued)
    told("success")
    told("failed:user block")

    assert message(queued).status == Status.DELIVERED


def test_send_without_answer_is_repeated_within_minutes_only(queued: int) -> None:
    start(queued)
    retried(lambda: mark_unknown(message_id=queued, error="timeout"))
    assert start(queued, minutes=7)
    retried(lambda: mark_unknown(message_id=queued, error="timeout"))

    assert not start(queued, minutes=8)
    assert message(queued).status == Status.UNKNOWN


def test_send_cut_off_by_a_crash_counts_as_unanswered(queued: int) -> None:
    start(queued)

    assert start(queued, minutes=1)
    assert not start(queued, minutes=9)
    assert message(queued).status == Status.UNKNOWN


@pytest.mark.parametrize("kind", [MessageKind.SUBSCRIPTION, MessageKind.CUSTOMER_SERVICE])
def test_what_the_platform_cannot_recognise_is_never_repeated(
    identity_id: int, kind: MessageKind
) -> None:
    content = {"data": {"thing1": "x"}, "text": "x"}
    with transaction():
        message_id = queue_message(draft(identity_id, kind=kind, content=content), now=NOON)
    start(message_id)

    assert not start(message_id)
    assert message(message_id).status == Status.UNKNOWN


def test_message_refused_for_now_waits_with_a_new_window(queued: int) -> None:
    start(queued)
    retried(lambda: put_back(message_id=queued, error="45011"))
    assert message(queued).status == Status.QUEUED

    assert start(queued, minutes=20)
    assert start(queued, minutes=21)


def test_message_refused_for_good_is_over(queued: int) -> None:
    start(queued)
    retried(lambda: mark_failed(message_id=queued, error="40003 " + "x" * 500))

    assert not start(queued)
    assert (message(queued).status, len(message(queued).error or "")) == (Status.FAILED, 200)


def test_only_one_sender_takes_a_settled_message(queued: int) -> None:
    start(queued)
    sent(queued)
    retried(lambda: mark_failed(message_id=queued, error="late"))

    assert message(queued).status == Status.SENT
    with pytest.raises(NotFound):
        start(404)


def test_erased_texts_are_gone_and_unsent_ones_stay_unsent(identity_id: int, queued: int) -> None:
    with transaction():
        delivered = queue_message(draft(identity_id, "old"), now=NOON)
    start(delivered)
    sent(delivered)
    with transaction():
        erase_texts(identity_id=identity_id, until=NOON)
        later = queue_message(draft(identity_id, "new"), now=NOON + MINUTE)

    assert (message(queued).status, message(queued).content) == (Status.FAILED, {})
    assert (message(delivered).status, message(delivered).content) == (Status.SENT, {})
    assert message(later).content != {}


def test_account_has_one_template_for_a_purpose(identity_id: int) -> None:
    assert identity_id
    fields = {"item": "thing1", "amount": "amount2"}
    with transaction():
        for template_id in ("OLD", "NEW"):
            set_template(appid=CITY, purpose="paid", template_id=template_id, fields=fields)

    found = template_for(CITY, "paid")
    assert found is not None
    assert found.template_id == "NEW"
    assert found.data({"item": "x", "unused": "y"}) == {"thing1": "x"}
    assert template_for(CITY, "other") is None


@pytest.mark.parametrize(
    ("kind", "msgid", "stand"),
    [
        (MessageKind.TEMPLATE, "M1", Status.SENT),
        (MessageKind.SUBSCRIPTION, "M1", Status.SENT),
        (MessageKind.SUBSCRIPTION, None, Quiet.NUMBERLESS),
        (MessageKind.CUSTOMER_SERVICE, None, Quiet.NEVER_TOLD),
    ],
)
def test_of_what_was_taken_it_is_said_whether_more_will_be_told(
    identity_id: int, kind: MessageKind, msgid: str | None, stand: str
) -> None:
    is_text = kind is MessageKind.CUSTOMER_SERVICE
    content = {"text": "您好"} if is_text else {"data": {"thing1": "手机一台"}}
    with transaction():
        ids = [
            queue_message(draft(identity_id, key, kind=kind, content=content), now=NOON)
            for key in ("taken", "refused")
        ]
    for each in ids:
        start(each)
    retried(lambda: mark_sent(message_id=ids[0], msgid=msgid, now=NOON))
    retried(lambda: mark_failed(message_id=ids[1], error="40003 invalid openid"))

    assert [message(each).stand for each in ids] == [stand, Status.FAILED]
    assert stands_of(ids) == {ids[0]: stand, ids[1]: Status.FAILED}
    assert count_messages(select(Message.id)) == {stand: 1, Status.FAILED: 1}
