"""Many messages at once, for campaigns: begun in one statement, and marked in a few.

The life of each is that of `templates_msg.operations`; only what is done to them one after
another there is done to all of them together here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, insert, or_, select, update

from templates_msg.models import Message, MessageKind, MessageStatus, Outcome
from templates_msg.operations import Draft
from templates_msg.outcomes import Settled, settle_met
from templates_msg.rules import may_repeat
from wx_backend.db import db, upsert_all
from wx_backend.sql import among, given


@dataclass(frozen=True, slots=True)
class Begun:
    """A message that is being sent: as it was stored, whatever would be written today.

    `is_repeat`: an earlier send of it may have arrived.
    """

    id: int
    identity_id: int
    kind: MessageKind
    template_id: str
    content: Mapping[str, Any]
    is_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a send brought: taken (as `msgid`, where it was told) or in the end not."""

    id: int
    status: MessageStatus
    msgid: str | None = None
    error: str | None = None


def begin_all(drafts: Sequence[Draft], *, now: datetime) -> dict[str, Begun]:
    """Store new messages that are being sent from now on, by key. A key is never used twice."""
    if not drafts:
        return {}
    table = Message.__table__
    rows = [
        {
            "key": draft.key,
            "appid": draft.appid,
            "identity_id": draft.identity_id,
            "kind": draft.kind,
            "purpose": draft.purpose,
            "template_id": draft.template_id,
            "content": dict(draft.content),
            "status": MessageStatus.SENDING,
            "created_at": now,
            "sending_at": now,
        }
        for draft in drafts
    ]
    new = given({name: table.c[name].type for name in rows[0]}, rows)
    made = insert(Message).from_select([*rows[0]], select(new))
    ids = db.session.execute(made.returning(Message.id, Message.key))
    by_key = {key: message_id for message_id, key in ids}
    return {
        draft.key: Begun(
            by_key[draft.key],
            draft.identity_id,
            draft.kind,
            draft.template_id or "",
            draft.content,
        )
        for draft in drafts
    }


def begin_again(
    message_ids: Sequence[int], *, refusing: Collection[int] = (), now: datetime
) -> dict[int, Begun | None]:
    """Messages that were tried before: those that may be sent (again), None for the others.

    One that the platform refused for now is sent as if new. One without an answer is repeated only
    while the platform would notice; after that it stays unknown, as does one to an identity of `refusing`.
    """
    messages = db.session.scalars(
        select(Message).where(among(Message.id, message_ids)).with_for_update()
    )
    again: dict[int, Begun | None] = {}
    for message in messages.all():
        is_new = message.status == MessageStatus.QUEUED
        if is_new:
            message.sending_at = now
        may_repeat = message.identity_id not in refusing and _may_repeat(message, now)
        again[message.id] = _begun(message) if is_new or may_repeat else None
        if again[message.id] is not None:
            message.status = MessageStatus.SENDING
        elif message.status == MessageStatus.SENDING:
            message.status = MessageStatus.UNKNOWN
    return again


def give_up_all(reasons: Mapping[int, str]) -> None:
    """End messages that waited and are not sent any more, each for a reason."""
    for reason in sorted(set(reasons.values())):
        ids = [message_id for message_id, why in reasons.items() if why == reason]
        db.session.execute(
            update(Message)
            .where(Message.id.in_(ids), Message.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.FAILED, error=reason)
        )


def statuses_of(message_ids: Sequence[int]) -> dict[int, MessageStatus]:
    """Where these messages stand."""
    rows = db.session.execute(
        select(Message.id, Message.status).where(among(Message.id, message_ids))
    )
    return {message_id: MessageStatus(status) for message_id, status in rows}


def answer_all(appid: str, answers: Sequence[Answered], *, now: datetime) -> Mapping[int, Settled]:
    """Write down what the sends brought; outcomes that came first are joined, and come back by message.

    What the platform already told of a message stands, and anything but its being taken changes
    only what is still being sent: who was erased meanwhile stays so.
    """
    if not answers:
        return {}
    table = Message.__table__
    told = _join(appid, answers)
    new = given(
        {"is_sent": Boolean()}
        | {name: table.c[name].type for name in ("id", "status", "msgid", "error", "sent_at")},
        [
            {
                "id": each.id,
                "status": each.status,
                "msgid": each.msgid,
                "error": each.error[:200] if each.error else None,
                "is_sent": each.status == MessageStatus.SENT,
                "sent_at": now if each.status == MessageStatus.SENT else None,
            }
            for each in answers
        ],
    )
    db.session.connection().execute(
        update(table)  # type: ignore[arg-type]  # declared as FromClause
        .where(
            table.c.id == new.c.id,
            table.c.outcome_at.is_(None),
            or_(new.c.is_sent, table.c.status == MessageStatus.SENDING),
        )
        .values({name: new.c[name] for name in ("status", "msgid", "error", "sent_at")})
    )
    return told


def _join(appid: str, answers: Sequence[Answered]) -> dict[int, Settled]:
    """Add our halves to the outcomes, and settle those whose other half is there."""
    halves = {
        each.msgid: {"appid": appid, "msgid": each.msgid, "message_id": each.id}
        for each in answers
        if each.msgid is not None
    }
    upsert_all(
        Outcome,
        [halves[msgid] for msgid in sorted(halves)],
        key=("appid", "msgid"),
        change=lambda _old, new: {"message_id": new.message_id},
        where=lambda old, _new: old.message_id.is_(None),
    )
    told = db.session.scalars(
        select(Outcome).where(
            Outcome.appid == appid, among(Outcome.msgid, halves), Outcome.status.is_not(None)
        )
    )
    settled = (settle_met(outcome) for outcome in told.all())
    return {each.message_id: each for each in settled if each is not None}


def _begun(message: Message) -> Begun:
    return Begun(
        message.id,
        message.identity_id,
        MessageKind(message.kind),
        message.template_id or "",
        message.content,
        is_repeat=message.status != MessageStatus.QUEUED,
    )


def _may_repeat(message: Message, now: datetime) -> bool:
    return (
        message.status in (MessageStatus.SENDING, MessageStatus.UNKNOWN)
        and message.kind == MessageKind.TEMPLATE
        and message.sending_at is not None
        and may_repeat(first_sent_at=message.sending_at, now=now)
    )
