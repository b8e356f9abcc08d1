"""Where a send and the platform's word on it meet, whichever comes first."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from templates_msg.models import Message, MessageStatus, Outcome
from wx_backend.db import locked, upsert

_SETTLED = {
    "success": MessageStatus.DELIVERED,
    "failed:user block": MessageStatus.BLOCKED,
}


def record_outcome(*, appid: str, msgid: str, status: str, event_at: datetime) -> None:
    """The platform says what became of a message; it may not know yet which one that is.

    `status` is the platform's, blanks and case normalised (`success`, `failed:user block` ...).
    """
    _meet(appid, msgid, status=status, event_at=event_at)


def join_send(*, appid: str, msgid: str, message_id: int) -> None:
    """The platform took message `message_id` as `msgid`; its outcome may be here already."""
    _meet(appid, msgid, message_id=message_id)


def _meet(appid: str, msgid: str, **half: Any) -> None:
    """Add our half to the row of this msgid, and settle the message once both are there.

    Both sides write the same row, so the second waits for the first and then sees it.
    """
    key = {"appid": appid, "msgid": msgid}
    upsert(Outcome, {**key, **half}, key=("appid", "msgid"), update=tuple(half))
    outcome = locked(select(Outcome).filter_by(**key))
    if outcome is None or outcome.message_id is None or outcome.status is None:
        return
    message = locked(select(Message).where(Message.id == outcome.message_id))
    if message is not None and message.outcome_at is None:
        message.status = _SETTLED.get(outcome.status, MessageStatus.FAILED)
        message.error = None if outcome.status == "success" else outcome.status[:200]
        message.outcome_at = outcome.event_at
