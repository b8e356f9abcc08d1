"""Where a send and the platform's word on it meet, whichever comes first."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, select, update
from sqlalchemy.orm import aliased

from templates_msg.models import Message, MessageStatus, Outcome
from templates_msg.rules import REPEAT_WITHIN
from wx_backend.db import db, locked, upsert
from wx_backend.sql import later

log = logging.getLogger(__name__)

ROUNDED: Final = timedelta(seconds=2)  # the platform tells whole seconds, by its own clock
TOLD_WITHIN: Final = timedelta(minutes=10)
HELD_FOR: Final = timedelta(days=2)
GIVEN_UP_AFTER: Final = timedelta(hours=1)
"""Whoever sends a message says what came of it within minutes, or comes again to do so."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The platform's word on a message, now that it is known which one; `was`: where it stood before."""

    message_id: int
    purpose: str
    was: MessageStatus
    status: MessageStatus
    error: str | None


_SETTLED = {
    "success": MessageStatus.DELIVERED,
    "failed:user block": MessageStatus.BLOCKED,
}


def record_outcome(
    *, appid: str, msgid: str, status: str, event_at: datetime, identity_id: int | None = None
) -> Settled | None:
    """The platform says what became of a message; None while it is not known which one that is.

    `status` is the platform's, blanks and case normalised (`success`, `failed:user block` ...);
    `identity_id` is whom it names. None also for a repeat.
    """
    named = {} if identity_id is None else {"identity_id": identity_id}
    return _meet(appid, msgid, status=status, event_at=event_at, **named)


def join_send(*, appid: str, msgid: str, message_id: int) -> Settled | None:
    """The platform took message `message_id` as `msgid`; its outcome may be here already."""
    return _meet(appid, msgid, message_id=message_id)


def give_up_sending(*, now: datetime) -> int:
    """Leave no message as being sent whose sender is gone for good: it is unknown; how many."""
    left = update(Message).where(
        Message.status == MessageStatus.SENDING, Message.sending_at <= now - GIVEN_UP_AFTER
    )
    found = db.session.execute(
        left.values(status=MessageStatus.UNKNOWN).execution_options(synchronize_session=False)
    )
    count: int = found.rowcount  # type: ignore[attr-defined]  # a CursorResult
    if count:
        log.warning("messages were left as being sent", extra={"count": count})
    return count


def settle_unknown(*, now: datetime, limit: int = 500) -> list[Settled]:
    """Give sends whose answer never came the outcome that can only be theirs; those that had one.

    What stays unknown is never sent again. It is not among those found, so it holds up nobody,
    however much of it there is.
    """
    found = db.session.execute(_findable(now).limit(limit)).all()
    settled = (_settle_as(message, msgid) for message, msgid in found)
    return [each for each in settled if each is not None]


def _findable(now: datetime) -> Select[Message, str]:
    """Sends that may not be repeated any more, each with its number: one send, one outcome that fit.

    An outcome without a send, to the same identity, of the minutes after the send, fits. A second send
    that it may fit as well is a rival.
    """
    rival, apart = aliased(Message), TOLD_WITHIN + ROUNDED
    sent = Message.sending_at
    fits = and_(
        Outcome.identity_id == Message.identity_id,
        Outcome.appid == Message.appid,
        Outcome.message_id.is_(None),
        Outcome.event_at.between(later(sent, -ROUNDED), later(sent, TOLD_WITHIN)),
    )
    has_rival = exists().where(
        rival.identity_id == Message.identity_id,
        rival.id != Message.id,
        rival.status.in_([MessageStatus.UNKNOWN, MessageStatus.SENDING]),
        rival.sending_at.between(later(sent, -apart), later(sent, apart)),
    )
    is_unknown = Message.status == MessageStatus.UNKNOWN
    return (
        select(Message, func.min(Outcome.msgid))
        .join(Outcome, fits)
        .where(is_unknown, sent <= now - REPEAT_WITHIN, sent > now - HELD_FOR, ~has_rival)
        .group_by(Message.id)
        .having(func.count() == 1)
        .order_by(Message.id)
    )


def _settle_as(message: Message, msgid: str) -> Settled | None:
    message.msgid = msgid
    return join_send(appid=message.appid, msgid=msgid, message_id=message.id)


def _meet(appid: str, msgid: str, **half: Any) -> Settled | None:
    """Add our half to the row of this msgid, and settle the message once both are there.

    Both sides write the same row, so the second waits for the first and then sees it.
    """
    key = {"appid": appid, "msgid": msgid}
    upsert(Outcome, {**key, **half}, key=("appid", "msgid"), update=tuple(half))
    outcome = locked(select(Outcome).filter_by(**key))
    return settle_met(outcome) if outcome is not None else None


def settle_met(outcome: Outcome) -> Settled | None:
    """Settle the message of an outcome once both halves are there; the first word stands."""
    if outcome.message_id is None or outcome.status is None:
        return None
    return settle(locked(select(Message).where(Message.id == outcome.message_id)), outcome)


def settle(message: Message | None, outcome: Outcome) -> Settled | None:
    """Settle a locked message by its outcome; None where that was done before."""
    if message is None or message.outcome_at is not None or outcome.status is None:
        return None
    was, status = MessageStatus(message.status), _SETTLED.get(outcome.status, MessageStatus.FAILED)
    message.status, message.outcome_at = status, outcome.event_at
    message.error = None if outcome.status == "success" else outcome.status[:200]
    return Settled(message.id, message.purpose, was, status, message.error)
