"""Reading messages and the templates they are made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from json import dumps
from typing import Final

from sqlalchemy import Select, func, select

from templates_msg.models import Message, Template
from wx_backend.db import db
from wx_backend.errors import NotFound
from wx_backend.sql import among

LOOKED_THROUGH: Final = 500
"""Messages to one person that are looked through for those about an order."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """The template an account uses for a purpose; `fields` maps our names to its keys.

    `fixed` are fields that always hold the same text; `page` is what a tap opens in a mini-program.
    """

    template_id: str
    fields: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)
    page: str = ""

    def data(self, values: Mapping[str, str]) -> dict[str, str]:
        """Our values under the template's keys; values it has no field for are left out."""
        ours = {key: values[name] for name, key in self.fields.items() if name in values}
        return {**self.fixed, **ours}


def template_for(appid: str, purpose: str) -> Purpose | None:
    """What an account sends for a purpose; None where nothing is set up."""
    template = db.session.scalar(select(Template).filter_by(appid=appid, purpose=purpose))
    return _purpose(template) if template else None


def purposes_of(appid: str) -> dict[str, Purpose]:
    """Every purpose an account has a template for."""
    rows = db.session.scalars(select(Template).filter_by(appid=appid))
    return {row.purpose: _purpose(row) for row in rows}


def message_by_id(message_id: int) -> Message:
    """One message; NotFound without it."""
    message = db.session.get(Message, message_id)
    if message is None:
        raise NotFound
    return message


def keys_made(keys: Iterable[str]) -> set[str]:
    """Those of these business reasons for which a message was made."""
    return set(db.session.scalars(select(Message.key).where(Message.key.in_(set(keys)))))


def messages_about(identity_id: int, number: str, *, since: datetime) -> list[Message]:
    """What an identity was told of an order since an instant, by what it says and leads to, oldest first."""
    rows = db.session.scalars(
        select(Message)
        .where(Message.identity_id == identity_id, Message.created_at >= since)
        .order_by(Message.created_at, Message.id)
        .limit(LOOKED_THROUGH)
    )
    return [row for row in rows if number in dumps(row.content)]


def count_messages(of: Select[int | None]) -> dict[str, int]:
    """How many of some messages stand where."""
    meant = select(Message.stand.label("stand")).where(Message.id.in_(of)).subquery()
    rows = db.session.execute(select(meant.c.stand, func.count()).group_by(meant.c.stand))
    return {stand: count for stand, count in rows}  # noqa: C416 - rows are no pairs to dict()


def stands_of(message_ids: Sequence[int]) -> dict[int, str]:
    """Where these messages stand, as it is told to people."""
    rows = db.session.execute(
        select(Message.id, Message.stand).where(among(Message.id, message_ids))
    )
    return {message_id: stand for message_id, stand in rows}  # noqa: C416 - as above


def _purpose(row: Template) -> Purpose:
    return Purpose(row.template_id, row.fields, row.fixed, row.page or "")
