"""Where a send and the platform's word on it meet, whichever comes first."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from templates_msg.models import Message, MessageStatus, Outcome
from templates_msg.rules import REPEAT_WITHIN
from wx_backend.db import db, locked, upsert

ROUNDED: Final = timedelta(seconds=2)  # the platform tells whole seconds, by its own clock
TOLD_WITHIN: Final = timedelta(minutes=10)
HELD_FOR: Final = timedelta(days=2)

_SETTLED = {
    "success": MessageStatus.DELIVERED,
    "failed:user block": MessageStatus.BLOCKED,
}


def record_outcome(
    *, appid: str, msgid: str, status: str, event_at: datetime, identity_id: int | None = None
) -> None:
    """The platform says what became of a message; it may not know yet which one that is.

    `status` is the platform's, blanks and case normalised (`success`, `failed:user block` ...);
    `identity_id` is whom it names.
    """
    named = {} if identity_id is None else {"identity_id": identity_id}
    _meet(appid, msgid, status=status, event_at=event_at, **named)


def join_send(*, appid: str, msgid: str, message_id: int) -> None:
    """The platform took message `message_id` as `msgid`; its outcome may be here already."""
    _meet(appid, msgid, message_id=message_id)


def settle_unknown(*, now: datetime, limit: int = 500) -> int:
    """Give sends whose answer never came the outcome that can only be theirs; how many had one.

    An outcome without a send, to the same identity, of the minutes after the send: if there is
    exactly one, and one such send, they belong together. What stays unknown is never sent again.
    """
    over = now - REPEAT_WITHIN
    unknown = db.session.scalars(
        select(Message)
        .where(
            Message.status == MessageStatus.UNKNOWN,
            Message.sending_at <= over,
            Message.sending_at > now - HELD_FOR,
        )
        .order_by(Message.id)
        .limit(limit)
    ).all()
    return sum(_found_its_outcome(message) for message in unknown)


def _found_its_outcome(message: Message) -> bool:
    sent = message.sending_at
    if sent is None:
        return False
    since, until = sent - ROUNDED, sent + TOLD_WITHIN
    orphans = db.session.scalars(
        select(Outcome.msgid).where(
            Outcome.identity_id == message.identity_id,
            Outcome.message_id.is_(None),
            Outcome.appid == message.appid,
            Outcome.event_at.between(since, until),
        )
    ).all()
    rivals = db.session.scalars(
        select(Message.id).where(
            Message.identity_id == message.identity_id,
            Message.status.in_([MessageStatus.UNKNOWN, MessageStatus.SENDING]),
            Message.sending_at.between(sent - TOLD_WITHIN, sent + TOLD_WITHIN),
        )
    ).all()
    if len(orphans) != 1 or len(rivals) != 1:
        return False
    message.msgid = orphans[0]
    join_send(appid=message.appid, msgid=orphans[0], message_id=message.id)
    return True


def _meet(appid: str, msgid: str, **half: Any) -> None:
    """Add our half to the row of this msgid, and settle the message once both are there.

    Both sides write the same row, so the second waits for the first and then sees it.
    """
    key = {"appid": appid, "msgid": msgid}
    upsert(Outcome, {**key, **half}, key=("appid", "msgid"), update=tuple(half))
    outcome = locked(select(Outcome).filter_by(**key))
    if outcome is not None:
        settle_met(outcome)


def settle_met(outcome: Outcome) -> None:
    """Settle the message of an outcome once both halves are there; the first word stands."""
    if outcome.message_id is None or outcome.status is None:
        return
    message = locked(select(Message).where(Message.id == outcome.message_id))
    if message is not None and message.outcome_at is None:
        message.status = _SETTLED.get(outcome.status, MessageStatus.FAILED)
        message.error = None if outcome.status == "success" else outcome.status[:200]
        message.outcome_at = outcome.event_at
