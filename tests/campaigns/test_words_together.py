"""What WeChat says of many messages is worked off at once, and comes to what it comes to one by one."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from xml.sax.saxutils import escape

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from campaigns.models import Recipient
from flows.arrival import outcomes
from flows.arrival.statements import POSTGRES_STORE
from flows.arrival.work import work_off
from members.models import Identity
from members.operations import seen_all
from templates_msg.models import Message, Outcome
from tests.campaigns.cast import CITY, NOON, Cast, approved, begin, crowd, followers, work
from tests.campaigns.platform import Platform
from tests.counting import questions
from tests.racing import race
from wx_backend import crash, inbox, outbox
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.worker import drain_queue

MINUTE = timedelta(minutes=1)
FIRST = 1_000
"""The number that the pretend platform gives to the first message."""
Said = tuple[str, str, str]
SAID = ("failed:user block", "failed: system failed", "success")


def result(openid: str, msgid: int, status: str = "success") -> Said:
    return (
        "TEMPLATESENDJOBFINISH",
        openid,
        f"<MsgID>{msgid}</MsgID><Status>{escape(status)}</Status>",
    )


def notice(openid: str, *msgids: int) -> Said:
    said = "".join(
        f"<List><TemplateId>T</TemplateId><MsgID>{each}</MsgID><ErrorCode>0</ErrorCode>"
        "<ErrorStatus>success</ErrorStatus></List>"
        for each in msgids
    )
    event = f"<SubscribeMsgSentEvent>{said}</SubscribeMsgSentEvent>"
    return "subscribe_msg_sent_event", openid, event


def told(said: Sequence[Said], **changes: Any) -> None:
    """Pushes that are stored and wait to be worked off."""
    with transaction() as session:
        for number, (event, openid, more) in enumerate(said):
            raw = (
                f"<xml><ToUserName>gh</ToUserName><FromUserName>{openid}</FromUserName>"
                f"<CreateTime>{int(NOON.timestamp())}</CreateTime><MsgType>event</MsgType>"
                f"<Event>{event}</Event>{more}</xml>"
            ).encode()
            values = {
                "key": blake2b(raw + bytes([number]), digest_size=16).digest(),
                "account": "city",
                "kind": f"event.{event}",
                "raw": raw,
                "digest": b"d" * 32,
                "reply": "",
                "event_at": NOON + MINUTE,
                "known_at": NOON + MINUTE,
                "due_at": NOON,
            }
            session.add(Push(**{**values, **changes}))


def sent_to(cast: Cast, count: int) -> int:
    """A campaign that wrote to so many; its number."""
    crowd(count)
    campaign_id = approved(cast)
    begin()
    work()
    return campaign_id


def numbers() -> list[tuple[str, int]]:
    """Each person and his message, as the platform numbers it."""
    query = select(Identity.openid, Message.msgid).join(Message, Message.identity_id == Identity.id)
    found = [(openid or "", int(msgid or 0)) for openid, msgid in db.session.execute(query)]
    db.session.rollback()
    return sorted(found)


def stands(some: Sequence[tuple[str, int]]) -> list[tuple[Any, ...]]:
    """Everything that words on messages change, for some people in order."""
    db.session.rollback()
    query = (
        select(
            *(Message.status, Message.error, Message.outcome_at),
            *(Recipient.status, Recipient.error, Identity.seen_at),
            *(Outcome.status, Outcome.event_at, Outcome.message_id == Message.id),
            Outcome.identity_id == Identity.id,
        )
        .join(Recipient, Recipient.message_id == Message.id)
        .join(Identity, Identity.id == Message.identity_id)
    )
    return [
        tuple(
            db.session.execute(
                query.join(Outcome, Outcome.msgid == str(msgid)).where(Identity.openid == openid)
            ).one()
        )
        for openid, msgid in some
    ]


def pushes_stand() -> set[tuple[str, int]]:
    db.session.rollback()
    return {(status, attempts) for status, attempts in db.session.execute(PUSHES)}


PUSHES = select(Push.status, Push.attempts)


def one_by_one() -> None:
    for held in inbox.claim(limit=100):
        assert inbox.run(held, work_off)


def together() -> None:
    assert outcomes.work_off_together(inbox.claim(limit=100)) == []


People = Sequence[tuple[str, int]]
MIXED: dict[str, Callable[[People], list[Said]]] = {
    "all arrived": lambda sent: [result(*each) for each in sent],
    "blocked and failed": lambda sent: [
        result(who, msgid, SAID[number % 3]) for number, (who, msgid) in enumerate(sent)
    ],
    "one told twice": lambda sent: [result(*each) for each in [*sent, sent[0]]],
    "notices, two in one": lambda sent: [
        notice(sent[0][0], sent[0][1], sent[1][1]),
        *(notice(*each) for each in sent[2:]),
    ],
}


@pytest.mark.parametrize("mix", MIXED)
def test_together_comes_to_the_same_as_one_by_one(cast: Cast, platform: Platform, mix: str) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 12)
        sent = numbers()
        here, there = sent[:6], sent[6:]
        time.shift(MINUTE)
        told(MIXED[mix](here))
        together()
        told(MIXED[mix](there))
        one_by_one()
    assert stands(here) == stands(there)
    assert pushes_stand() == {("done", 1)}
    assert {each[0] for each in stands(here)} != {"sent"}
    assert platform.calls == 12


def test_words_on_what_is_not_known_yet_wait_for_it_and_make_their_people(
    cast: Cast, platform: Platform
) -> None:
    """Of an account that is gone, or whose body was purged, nothing is left to do."""
    with time_machine.travel(NOON, tick=False):
        told([result("oEarly", 55, "failed: system failed"), result("oEarlier", 56)])
        told([result("oGone", 57)], account="gone")
        told([result("oPurged", 58)], raw=None)
        together()
    kept = db.session.execute(select(Outcome.msgid, Outcome.message_id, Outcome.status)).all()
    assert sorted(map(tuple, kept)) == [
        ("55", None, "failed:system failed"),
        ("56", None, "success"),
    ]
    assert {*db.session.scalars(select(Identity.openid))} == {"oEarly", "oEarlier"}
    assert pushes_stand() == {("done", 1)}
    assert platform.calls == 0
    assert cast


def test_the_worker_asks_little_more_for_many_than_for_two(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 66)
        sent = numbers()
        time.shift(MINUTE)
        asked = []
        for some in (sent[:2], sent[2:]):
            told([result(*each) for each in some])
            with questions() as found:
                drain_queue(app, outbox.WORK)
            asked.append(len(found))
    assert {each[0] for each in stands(sent)} == {"delivered"}
    assert asked[1] - asked[0] < 20
    assert platform.calls == 66


def test_other_pushes_and_one_that_cannot_be_read_are_done_by_themselves(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 4)
        sent = numbers()
        time.shift(MINUTE)
        told([("CLICK", "o00000", "<EventKey>x</EventKey>")])
        told([result(*each) for each in sent])
        told([result("oBroken", 5)], raw=b"<xml><un", key=b"k" * 16)
        drain_queue(app, outbox.WORK)
    assert {each[0] for each in stands(sent)} == {"delivered"}
    assert pushes_stand() == {("done", 1), ("pending", 1)}
    assert platform.calls == 4


def test_who_lost_one_of_his_claims_changes_nothing_together(
    cast: Cast, platform: Platform
) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 4)
        sent = numbers()
        time.shift(MINUTE)
        told([result(*each) for each in sent])
        held = inbox.claim(limit=100)
        with transaction():
            db.session.execute(
                update(Push).where(Push.id == held[0].id).values(attempts=Push.attempts + 1)
            )
        assert outcomes.work_off_together(held) == held
        assert {each[0] for each in db.session.execute(select(Message.status))} == {"sent"}
        db.session.rollback()
        assert [inbox.run(each, work_off) for each in held] == [False, True, True, True]
    db.session.rollback()
    assert sorted(db.session.scalars(select(Message.status))) == [*["delivered"] * 3, "sent"]
    assert platform.calls == 4


@pytest.mark.parametrize("point", [inbox.BEFORE_DONE, inbox.AFTER_DONE])
def test_who_dies_over_many_leaves_them_to_the_next_one(
    cast: Cast, platform: Platform, point: str
) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 4)
        sent = numbers()
        time.shift(MINUTE)
        told([result(*each) for each in sent])
        crash.arm(point, crash.raise_crashed)
        with pytest.raises(crash.Crashed):
            together()
        crash.disarm()
        db.session.rollback()
        time.shift(2 * MINUTE)
        together()
    assert {each[0] for each in stands(sent)} == {"delivered"}
    assert {status for status, _ in pushes_stand()} == {"done"}
    assert platform.calls == 4


def test_words_that_come_while_the_sender_marks_are_all_taken_over_together(
    app: Flask, cast: Cast, platform: Platform
) -> None:
    crowd(24)
    with time_machine.travel(NOON, tick=False):
        approved(cast)
        begin()
        told(
            [
                result(f"o{n:05d}", FIRST + n, "failed:freq limit" if n % 3 == 0 else "success")
                for n in range(24)
            ]
        )

        def act(n: int) -> None:
            if n == 0:
                work()
                return
            for each in outcomes.work_off_together(inbox.claim(limit=8)):
                inbox.run(each, work_off)

        race(app, act, times=4)
        drain_queue(app, outbox.WORK)
    db.session.rollback()
    pairs = db.session.execute(
        select(Recipient.status, Message.status).join(Message, Message.id == Recipient.message_id)
    ).all()
    assert sorted(map(tuple, pairs)) == [("failed", "failed")] * 8 + [("sent", "delivered")] * 16
    assert platform.calls == 24


def test_whatever_goes_wrong_with_many_each_is_done_by_itself(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with time_machine.travel(NOON, tick=False) as time:
        sent_to(cast, 3)
        sent = numbers()
        time.shift(MINUTE)
        told([result(*each) for each in sent])
        monkeypatch.setattr(outcomes, "among", fails)
        drain_queue(app, outbox.WORK)
    assert {each[0] for each in stands(sent)} == {"delivered"}
    assert pushes_stand() == {("done", 1)}
    assert platform.calls == 3


def test_people_are_locked_in_the_order_of_the_door(cast: Cast, database_kind: str) -> None:
    """Whose row is older is not whose openid comes first: in two orders the door would wait for the worker."""
    ids = followers(["Zoe", "Amy"])
    with questions() as asked, transaction():
        known = seen_all(CITY, {"oZoe": NOON, "oAmy": NOON}, known_at=NOON)
    assert {*known.values()} == {*ids}
    [locking] = [each for each in asked if "ORDER BY" in each and "identity" in each]
    order = " ".join(
        locking.split("ORDER BY")[1].split(" FOR ")[0].replace("identity.", "").split()
    )
    assert order.replace(' COLLATE "C"', "") == "appid, openid"
    assert f"ORDER BY {order}\n" in POSTGRES_STORE or database_kind == "sqlite"
    assert cast
