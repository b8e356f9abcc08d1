"""Rows of outgoing messages and of what the platform said became of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    case,
    literal,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.claims import partial_index
from wx_backend.db import Instant, Model, id_column


class MessageStatus(StrEnum):
    """The life of a message; `unknown` is a send whose answer never came."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNKNOWN = "unknown"


class MessageKind(StrEnum):
    TEMPLATE = "template"
    CUSTOMER_SERVICE = "customer_service"
    SUBSCRIPTION = "subscription"


class Quiet(StrEnum):
    """Of what was taken nothing is told any more: by its kind never, or since its number is not known."""

    NEVER_TOLD = "never_told"
    NUMBERLESS = "numberless"


class Message(Model):
    """One message to one identity; `key` names its business reason, so it is made once only.

    `client_msg_id` is derived from the id and sent along: WeChat drops a repeat within 10 minutes.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_message_identity", "identity_id", "created_at"),
        Index("ix_message_msgid", "appid", "msgid"),
        partial_index("ix_message_sending", "sending_at", where="status = 'sending'"),
        partial_index("ix_message_unknown", "sending_at", where="status = 'unknown'"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[str] = mapped_column(String(80))
    appid: Mapped[str] = mapped_column(String(32))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(32))
    template_id: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(12), default=MessageStatus.QUEUED)
    msgid: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    sending_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome_at: Mapped[datetime | None] = mapped_column(Instant)

    @hybrid_property
    def stand(self) -> str:
        """Its status; of what was taken also whether the platform will ever say what came of it."""
        if self.status != MessageStatus.SENT:
            return self.status
        if self.kind == MessageKind.CUSTOMER_SERVICE:
            return Quiet.NEVER_TOLD
        return self.status if self.msgid is not None else Quiet.NUMBERLESS

    @stand.inplace.expression
    @classmethod
    def _stand(cls) -> ColumnElement[str]:
        return case(
            (cls.status != MessageStatus.SENT, cls.status),
            (cls.kind == MessageKind.CUSTOMER_SERVICE, literal(Quiet.NEVER_TOLD, String)),
            (cls.msgid.is_(None), literal(Quiet.NUMBERLESS, String)),
            else_=cls.status,
        )


class Outcome(Model):
    """Where a send and its job-finish event meet, whichever comes first.

    Both sides upsert the row of (appid, msgid); the one that finds the other's half settles it.
    `identity_id` is whom the platform names: with it an unanswered send can find its outcome.
    """

    __tablename__ = "outcome"
    __table_args__ = (
        UniqueConstraint("appid", "msgid"),
        Index("ix_outcome_identity", "identity_id", "event_at"),
    )

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    msgid: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    status: Mapped[str | None] = mapped_column(String(60))
    event_at: Mapped[datetime | None] = mapped_column(Instant)


class Template(Model):
    """Which of the platform's templates is used for a purpose at an account, and its fields.

    `fields` maps our names of values to the template's fields, `fixed` fields to a text of ours.
    `page` is the mini-program's page that a tap opens, with the order's number where it says so.
    """

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("appid", "purpose"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    template_id: Mapped[str] = mapped_column(String(64))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    fixed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    page: Mapped[str | None] = mapped_column(String(255))


class LibraryTemplate(Model):
    """A template an account has at the platform, as it was when we last looked.

    `content` holds the lines `label：{{key.DATA}}`. Templates go when their category goes: what was
    not listed any more stays here as not usable, so that what was sent can still be read. People
    are asked to agree to a subscription notice that `is_asked`.
    """

    __tablename__ = "library_template"
    __table_args__ = (UniqueConstraint("appid", "template_id"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    template_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(100))
    content: Mapped[str] = mapped_column(Text)
    is_usable: Mapped[bool] = mapped_column(default=True)
    is_asked: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class Trigger(StrEnum):
    """What a person did that lets the account write to him for a while."""

    MESSAGE = "message"
    MENU = "menu"
    FOLLOW = "follow"
    SCAN = "scan"


class ReplyWindow(Model):
    """The latest act of a kind of one identity, and how much customer service it still allows."""

    __tablename__ = "reply_window"
    __table_args__ = (
        UniqueConstraint("identity_id", "trigger"),
        CheckConstraint("remaining >= 0", name="remaining"),
    )

    id: Mapped[int] = id_column()
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    trigger: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closes_at: Mapped[datetime] = mapped_column(Instant)
    remaining: Mapped[int]


class DigestChoice(Model):
    """A rep who wants one message a quarter of an hour, and until when he was told what happened."""

    __tablename__ = "digest_choice"
    __table_args__ = (Index("ix_digest_choice_told", "told_until"),)

    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), primary_key=True, autoincrement=False)
    chosen_at: Mapped[datetime] = mapped_column(Instant)
    told_until: Mapped[datetime] = mapped_column(Instant)
