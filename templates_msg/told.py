"""What the platform says of many messages, joined and settled at once: each as `templates_msg.outcomes` does one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import defer

from templates_msg.models import Message, Outcome
from templates_msg.outcomes import Settled, settle
from wx_backend.db import db, upsert_all
from wx_backend.sql import among


@dataclass(frozen=True, slots=True)
class Told:
    """The platform's word on one message, and whom it names."""

    msgid: str
    status: str
    event_at: datetime
    identity_id: int


def record_outcomes(appid: str, told: Sequence[Told]) -> list[Settled]:
    """Note words on messages of an account; those that settle one come back. Of two on one the first stands.

    Locks in the order in which senders do: outcomes by msgid, then their messages.
    """
    words = {each.msgid: each for each in reversed(told)}
    upsert_all(
        Outcome,
        [_half(appid, words[msgid]) for msgid in sorted(words)],
        key=("appid", "msgid"),
        change=lambda _old, new: {
            name: new[name] for name in ("status", "event_at", "identity_id")
        },
        where=lambda _old, _new: true(),
    )
    outcomes = db.session.scalars(
        select(Outcome)
        .where(Outcome.appid == appid, among(Outcome.msgid, words))
        .order_by(Outcome.msgid)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    met = {each.message_id: each for each in outcomes if each.message_id is not None}
    messages = db.session.scalars(
        select(Message)
        .where(among(Message.id, met))
        .order_by(Message.id)
        .with_for_update()
        .options(defer(Message.content))
        .execution_options(populate_existing=True)
    )
    settled = [settle(message, met[message.id]) for message in messages.all()]
    return [each for each in settled if each is not None]


def _half(appid: str, told: Told) -> dict[str, object]:
    return {
        "appid": appid,
        "msgid": told.msgid,
        "status": told.status,
        "event_at": told.event_at,
        "identity_id": told.identity_id,
    }
