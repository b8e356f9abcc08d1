"""Sending messages: one call each, and what becomes of every kind of answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from flows.campaign.outcomes import note_outcome, settle_unknown
from flows.messages import send_message, send_notice, send_subscription
from flows.poster import send_poster
from members.consents import Answer, free_consents, record_consents
from members.erasure import erase_identity
from members.models import Identity
from members.operations import follow
from templates_msg.models import Message, MessageKind, MessageStatus
from templates_msg.operations import set_template
from tests.jobs import run_jobs
from tests.templates_msg.cast import BOB, CITY, bob, draft, message
from tests.wechat.doubles import ScriptedTransport, json_of
from wx_backend import clock, crash, outbox
from wx_backend.db import db, retried, transaction
from wx_backend.errors import PlatformError
from wx_backend.outbox import defer
from wx_backend.stops import Line, lift, stop

TOKEN = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/template/send"
TAKEN = {"errcode": 0, "errmsg": "ok", "msgid": 200228332}
SILENCE = PlatformError(SEND, "timeout", permanent=False, unknown=True)
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
Status = MessageStatus


@pytest.fixture
def identity_id(app: Flask) -> int:
    assert app.testing
    return bob()


@pytest.fixture
def platform(app: Flask) -> ScriptedTransport:
    transport = ScriptedTransport()
    transport.on(TOKEN, {"access_token": "T", "expires_in": 7200})
    app.extensions["wx_clients"]._transport = transport
    return transport


def send(identity_id: int, **more: Any) -> int:
    with transaction():
        return send_message(draft(identity_id, **more), now=clock.now())


def work() -> None:
    run_jobs(outbox.CALL)


def refused(code: int) -> dict[str, object]:
    return {"errcode": code, "errmsg": "refused"}


def test_message_is_sent_with_one_call(identity_id: int, platform: ScriptedTransport) -> None:
    platform.on(SEND, TAKEN)
    first, again = send(identity_id), send(identity_id)
    work()

    (call,) = platform.calls(SEND)
    assert json_of(call) == {
        "touser": BOB,
        "template_id": "TPL-PAID",
        "client_msg_id": f"wx-message-{first}",
        "url": "https://x/o",
        "data": {"thing1": {"value": "手机一台"}, "amount2": {"value": "¥12.30"}},
    }
    assert first == again
    assert (message(first).status, message(first).msgid) == (Status.SENT, "200228332")


def test_notice_uses_the_template_of_the_account(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, TAKEN)
    notice: dict[str, Any] = {
        "key": "n1",
        "identity_id": identity_id,
        "purpose": "paid",
        "url": "https://x/o",
    }
    with transaction():
        assert send_notice(values={"item": "x"}, now=AT, **notice) is None
        set_template(appid=CITY, purpose="paid", template_id="TPL", fields={"item": "thing1"})
        message_id = send_notice(values={"item": "x"}, now=AT, **notice)
    work()

    assert message_id is not None
    assert message(message_id).status == Status.SENT
    assert json_of(platform.calls(SEND)[0])["data"] == {"thing1": {"value": "x"}}


def test_silence_is_answered_by_the_same_message_soon(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, SILENCE, TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        work()
        assert message(message_id).status == Status.UNKNOWN
        time.shift(timedelta(seconds=31))
        work()

    first, second = platform.calls(SEND)
    assert json_of(first) == json_of(second)
    assert message(message_id).status == Status.SENT


def test_long_silence_is_left_for_a_person(identity_id: int, platform: ScriptedTransport) -> None:
    platform.on(SEND, SILENCE)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        for _ in range(30):
            work()
            time.shift(timedelta(seconds=31))

    assert message(message_id).status == Status.UNKNOWN
    assert 10 <= len(platform.calls(SEND)) <= 16


@pytest.mark.parametrize("code", [45009, 45011, -1])
def test_a_repeat_that_is_refused_for_now_does_not_make_the_message_new(
    identity_id: int, platform: ScriptedTransport, code: int
) -> None:
    platform.on(SEND, SILENCE, refused(code))
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        for _ in range(30):
            work()
            time.shift(timedelta(seconds=31))
        calls = len(platform.calls(SEND))
        time.shift(timedelta(days=1))
        work()

    assert message(message_id).status == Status.UNKNOWN
    assert 1 < calls == len(platform.calls(SEND)) <= 16


@pytest.mark.parametrize("code", [40037, 43004])
def test_a_repeat_that_is_refused_for_good_leaves_open_whether_the_first_arrived(
    identity_id: int, platform: ScriptedTransport, code: int
) -> None:
    platform.on(SEND, SILENCE, refused(code))
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        for _ in range(5):
            work()
            time.shift(timedelta(seconds=31))

    assert message(message_id).status == Status.UNKNOWN
    assert len(platform.calls(SEND)) == 2


def test_crash_after_the_call_repeats_it_under_the_same_mark(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        crash.arm("messages.before_mark", crash.raise_crashed)
        with pytest.raises(crash.Crashed):
            work()
        crash.disarm()
        time.shift(timedelta(seconds=61))
        work()

    first, second = platform.calls(SEND)
    assert json_of(first)["client_msg_id"] == json_of(second)["client_msg_id"]
    assert message(message_id).status == Status.SENT


def test_a_message_whose_job_gave_up_after_the_call_is_settled_nevertheless(
    app: Flask, identity_id: int, platform: ScriptedTransport
) -> None:
    """Its account is taken out of the configuration before the job comes again."""
    platform.on(SEND, TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        crash.arm("messages.before_mark", crash.raise_crashed)
        with pytest.raises(crash.Crashed):
            work()
        crash.disarm()
        app.extensions["wx_config"] = replace(app.extensions["wx_config"], accounts=())
        app.extensions["wx_clients"]._clients.clear()
        time.shift(timedelta(seconds=61))
        work()
        assert message(message_id).status == Status.SENDING
        assert db.session.scalars(select(outbox.Job.status)).all() == ["dead"]
        retried(
            lambda: note_outcome(
                appid=CITY,
                msgid=str(TAKEN["msgid"]),
                status="success",
                event_at=AT + timedelta(seconds=2),
                identity_id=identity_id,
            )
        )
        time.shift(timedelta(hours=1))
        retried(lambda: settle_unknown(now=clock.now()))

    assert message(message_id).status == Status.DELIVERED
    assert len(platform.calls(SEND)) == 1


def test_a_message_that_was_claimed_but_not_begun_when_the_line_is_stopped_waits(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        (held,) = outbox.claim(outbox.CALL, limit=1)
        with transaction():
            stop(line=Line.MESSAGES, reason="演练", by="system", now=AT)
        assert not outbox.run(held)
        assert platform.calls(SEND) == []
        with transaction():
            lift(line=Line.MESSAGES, by="system", now=AT)
        time.shift(timedelta(seconds=61))
        work()

    assert message(message_id).status == Status.SENT


@pytest.mark.parametrize("code", [40003, 43004, 43101, 47003, 99999])
def test_refusal_for_good_ends_it(identity_id: int, platform: ScriptedTransport, code: int) -> None:
    platform.on(SEND, refused(code))
    message_id = send(identity_id)
    work()

    assert message(message_id).status == Status.FAILED
    assert (message(message_id).error or "").startswith(str(code))
    assert len(platform.calls(SEND)) == 1


def test_busy_platform_is_asked_again_later(identity_id: int, platform: ScriptedTransport) -> None:
    platform.on(SEND, refused(45011), refused(-1), TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        for _ in range(3):
            work()
            time.shift(timedelta(minutes=2))

    assert message(message_id).status == Status.SENT


def test_platform_that_stays_busy_is_given_up(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, refused(45011))
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        for _ in range(12):
            work()
            time.shift(timedelta(hours=2))

    assert message(message_id).status == Status.FAILED
    assert len(platform.calls(SEND)) == 8


def test_used_up_quota_waits_for_the_next_morning(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, refused(45009), TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        work()
        time.shift(timedelta(hours=12, minutes=11))  # after midnight in Shanghai
        work()
        assert message(message_id).status == Status.QUEUED
        time.shift(timedelta(hours=8, minutes=49))
        work()

    assert message(message_id).status == Status.SENT


def test_what_one_person_may_get_is_used_up_for_him_not_for_the_day(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, refused(45047), TAKEN)
    with time_machine.travel(AT, tick=False) as time:
        message_id = send(identity_id)
        work()
        time.shift(timedelta(days=1))
        work()

    assert message(message_id).status == Status.FAILED
    assert len(platform.calls(SEND)) == 1


def test_platform_that_has_it_already_counts_as_sent(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, refused(40241))
    message_id = send(identity_id)
    work()

    assert message(message_id).status == Status.SENT


def test_a_lost_wechat_gets_nothing(identity_id: int, platform: ScriptedTransport) -> None:
    message_id = send(identity_id)
    with transaction() as session:
        session.get_one(Identity, identity_id).lost_at = clock.now()
    work()

    assert platform.sent == []
    assert (message(message_id).status, message(message_id).error) == (Status.FAILED, "lost")


def test_erased_person_gets_nothing(identity_id: int, platform: ScriptedTransport) -> None:
    message_id = send(identity_id)
    with transaction():
        erase_identity(identity_id=identity_id)
    work()

    assert platform.sent == []
    assert (message(message_id).status, message(message_id).error) == (Status.FAILED, "erased")


@pytest.mark.parametrize(
    ("kind", "path", "content"),
    [
        (MessageKind.SUBSCRIPTION, "/cgi-bin/message/subscribe/bizsend", {"data": {"thing1": "x"}}),
        (MessageKind.CUSTOMER_SERVICE, "/cgi-bin/message/custom/send", {"text": "您好"}),
    ],
)
def test_other_kinds_are_sent_and_never_repeated(
    identity_id: int,
    platform: ScriptedTransport,
    kind: MessageKind,
    path: str,
    content: dict[str, object],
) -> None:
    platform.on(path, SILENCE, {"errcode": 0, "errmsg": "ok"})
    with time_machine.travel(AT, tick=False) as time:
        lost = send(identity_id, key="a", kind=kind, content=content)
        work()
        time.shift(timedelta(seconds=31))
        work()
        taken = send(identity_id, key="b", kind=kind, content=content)
        work()

    assert (message(lost).status, message(taken).status) == (Status.UNKNOWN, Status.SENT)
    assert len(platform.calls(path)) == 2
    assert db.session.get_one(Message, taken).msgid is None


def test_subscription_notice_needs_and_uses_a_yes(
    identity_id: int, platform: ScriptedTransport
) -> None:
    path = "/cgi-bin/message/subscribe/bizsend"
    platform.on(path, {"errcode": 0, "errmsg": "ok"})
    notices = [
        draft(identity_id, key, kind=MessageKind.SUBSCRIPTION, content={"data": {"thing1": "x"}})
        for key in ("campaign:" + "x" * 70, "campaign:" + "x" * 70, "campaign:second")
    ]
    with transaction():
        assert send_subscription(notices[0], now=AT) is None
        record_consents(
            push_key=b"k" * 16,
            identity_id=identity_id,
            answers=[Answer("TPL-PAID", True)],
            event_at=AT,
            known_at=AT,
        )
        sent = [send_subscription(each, now=AT) for each in notices]
    work()

    assert sent[0] == sent[1] is not None
    assert sent[2] is None
    assert len(platform.calls(path)) == 1
    assert free_consents(identity_id, "TPL-PAID") == 0


CUSTOM = "/cgi-bin/message/custom/send"
TO_FOLLOWERS = [
    (SEND, {}),
    (CUSTOM, {"kind": MessageKind.CUSTOMER_SERVICE, "content": {"text": "您好"}}),
]


def is_followed(identity_id: int) -> bool:
    db.session.rollback()
    return db.session.get_one(Identity, identity_id, populate_existing=True).is_followed


def bob_follows(number: int, at: datetime) -> None:
    with transaction():
        follow(key=bytes([number]) * 16, appid=CITY, openid=BOB, event_at=at, known_at=at)


@pytest.mark.parametrize(("path", "more"), TO_FOLLOWERS)
def test_who_cannot_be_written_to_because_he_left_has_left(
    identity_id: int, platform: ScriptedTransport, path: str, more: dict[str, Any]
) -> None:
    platform.on(path, refused(43004))
    with time_machine.travel(AT, tick=False):
        bob_follows(1, AT - timedelta(days=1))
        message_id = send(identity_id, **more)
        work()

    assert message(message_id).status == Status.FAILED
    assert not is_followed(identity_id)


@pytest.mark.parametrize(("path", "more"), TO_FOLLOWERS)
def test_a_follow_after_the_call_is_not_undone_by_its_answer(
    identity_id: int, platform: ScriptedTransport, path: str, more: dict[str, Any]
) -> None:
    """He comes back while the platform is still answering."""

    def comes_back(_request: object) -> dict[str, object]:
        bob_follows(2, AT)
        return refused(43004)

    platform.on(path, comes_back)
    with time_machine.travel(AT, tick=False):
        bob_follows(1, AT - timedelta(days=1))
        send(identity_id, **more)
        work()

    assert is_followed(identity_id)


def test_other_refusals_say_nothing_about_following(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(SEND, refused(43101))
    with time_machine.travel(AT, tick=False):
        bob_follows(1, AT - timedelta(days=1))
        send(identity_id)
        work()

    assert is_followed(identity_id)


def test_a_poster_for_somebody_who_left_tells_the_same(
    identity_id: int, platform: ScriptedTransport
) -> None:
    platform.on(CUSTOM, refused(43004))
    with time_machine.travel(AT, tick=False):
        bob_follows(1, AT - timedelta(days=1))
        with transaction():
            defer(send_poster, identity_id=identity_id)
        work()

    assert not is_followed(identity_id)
    assert db.session.scalars(select(outbox.Job.status)).all() == ["done"]
