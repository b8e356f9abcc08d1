"""The life of a message: queued, being sent, sent, delivered or not.

    queued -> sending -> sent -> delivered | blocked | failed     (the platform's event)
                      -> failed                                   (refused for good)
                      -> queued                                   (refused for now)
                      -> unknown -> sending | stays               (no answer came)

Once a send may have arrived, a message is never `queued` again: the platform notices a repeat for
minutes only, and what is queued may wait for days.

Where a message stands is decided under its row's lock; the call itself is made between
`start_sending` and one of the others, with no transaction open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from templates_msg.models import Message, MessageKind, MessageStatus, Template
from templates_msg.outcomes import join_send
from templates_msg.queries import message_by_id
from templates_msg.rules import check_fields, may_repeat
from wx_backend.db import db, inserted, locked, upsert
from wx_backend.errors import NotFound

_WITH_FIELDS = (MessageKind.TEMPLATE, MessageKind.SUBSCRIPTION)
_UNANSWERED = (MessageStatus.SENDING, MessageStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be: `key` names its business reason, such as `order_paid:OD26...`.

    `content` of a template or subscription message is `{"data": {key: value}, "url": ...}`, where a
    mini-program's `url` is one of its pages, of a customer-service message `{"text": ...}`.
    """

    key: str
    appid: str
    identity_id: int
    kind: MessageKind
    purpose: str
    content: Mapping[str, Any]
    template_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message about to be sent; `is_repeat`: an earlier send of it may have arrived."""

    id: int
    appid: str
    identity_id: int
    kind: MessageKind
    template_id: str
    content: Mapping[str, Any]
    is_repeat: bool = False


def set_template(
    *,
    appid: str,
    purpose: str,
    template_id: str,
    fields: Mapping[str, str],
    fixed: Mapping[str, str] | None = None,
    page: str = "",
) -> None:
    """Use one of the platform's templates for a purpose.

    `fields` maps our names to its keys, `fixed` those keys that always hold one text; `page` is
    what a tap opens in a mini-program (`templates_msg.rules.check_page`).
    """
    row = {
        "appid": appid,
        "purpose": purpose,
        "template_id": template_id,
        "fields": dict(fields),
        "fixed": dict(fixed or {}),
        "page": page or None,
    }
    changing = ("template_id", "fields", "fixed", "page")
    upsert(Template, row, key=("appid", "purpose"), update=changing)


def drop_template(*, appid: str, purpose: str) -> None:
    """Send nothing for a purpose any more."""
    db.session.execute(delete(Template).filter_by(appid=appid, purpose=purpose))


def queue_message(draft: Draft, *, now: datetime) -> int:
    """Have a message made, once per key: its id, also when it was made before.

    Raises BadField for fields the platform would refuse.
    """
    if draft.kind in _WITH_FIELDS:
        check_fields(draft.content["data"])
    row = {
        "key": draft.key,
        "appid": draft.appid,
        "identity_id": draft.identity_id,
        "kind": draft.kind,
        "purpose": draft.purpose,
        "template_id": draft.template_id,
        "content": dict(draft.content),
        "status": MessageStatus.QUEUED,
        "created_at": now,
    }
    if (made := inserted(Message, row, key=("key",))) is not None:
        return made.id
    return db.session.scalars(select(Message.id).where(Message.key == draft.key)).one()


def start_sending(*, message_id: int, now: datetime) -> Outgoing | None:
    """Take a message to send it; None when there is nothing to send (any more).

    An earlier send without an answer is repeated only while the platform would notice the
    repeat: template messages younger than eight minutes. Everything else stays `unknown`.
    """
    message = _locked(message_id)
    is_repeat = message.status in _UNANSWERED
    if is_repeat:
        if not _is_repeatable(message, now):
            message.status = MessageStatus.UNKNOWN
            return None
    elif message.status == MessageStatus.QUEUED:
        message.sending_at = now
    else:
        return None
    message.status = MessageStatus.SENDING
    return Outgoing(
        id=message.id,
        appid=message.appid,
        identity_id=message.identity_id,
        kind=MessageKind(message.kind),
        template_id=message.template_id or "",
        content=message.content,
        is_repeat=is_repeat,
    )


def mark_sent(*, message_id: int, msgid: str | None, now: datetime) -> None:
    """The platform took the message (as `msgid`, where it gives one); its outcome may be here."""
    appid = message_by_id(message_id).appid
    if msgid is not None:
        join_send(appid=appid, msgid=msgid, message_id=message_id)
    message = _locked(message_id)
    message.msgid, message.sent_at = msgid, now
    if message.outcome_at is None:
        message.status, message.error = MessageStatus.SENT, None


def mark_unknown(*, message_id: int, error: str) -> None:
    """No usable answer came: it may have been sent or not."""
    _end_sending(message_id, MessageStatus.UNKNOWN, error)


def mark_failed(*, message_id: int, error: str) -> None:
    """The platform refused the message for good."""
    _end_sending(message_id, MessageStatus.FAILED, error)


def put_back(*, message_id: int, error: str) -> None:
    """The platform refused the message for now: it has not been sent and waits again."""
    _end_sending(message_id, MessageStatus.QUEUED, error)


def erase_texts(*, identity_id: int, until: datetime) -> None:
    """Forget what was written to an identity up to `until`; that something was, stays."""
    waiting = (MessageStatus.QUEUED, *_UNANSWERED)
    mine = update(Message).where(Message.identity_id == identity_id, Message.created_at <= until)
    db.session.execute(
        mine.where(Message.status.in_(waiting)).values(status=MessageStatus.FAILED, error="erased")
    )
    db.session.execute(mine.values(content={}))


def _is_repeatable(message: Message, now: datetime) -> bool:
    return (
        message.kind == MessageKind.TEMPLATE
        and message.sending_at is not None
        and may_repeat(first_sent_at=message.sending_at, now=now)
    )


def _end_sending(message_id: int, status: MessageStatus, error: str) -> None:
    """Leave `sending`, unless the platform's word on the message arrived meanwhile."""
    message = _locked(message_id)
    if message.status == MessageStatus.SENDING:
        message.status, message.error = status, error[:200]


def _locked(message_id: int) -> Message:
    message = locked(select(Message).where(Message.id == message_id))
    if message is None:
        raise NotFound
    return message
