"""Rows of mass sends: articles to choose from, the sends of ten thousand each, what came of them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class PartStatus(StrEnum):
    """open -> accepted -> finished | failed; or refused (nobody got it), or unknown in the end.

    `open` is being sent or got no answer yet, `accepted` waits for the administrator or is on its way.
    `withdrawn` was given up by ourselves before any call could have arrived.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    FINISHED = "finished"
    FAILED = "failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


class Article(Model):
    """An article among an account's drafts, as it was when we last looked."""

    __tablename__ = "campaign_article"
    __table_args__ = (UniqueConstraint("appid", "media_id"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    media_id: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(String(100))
    article: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_there: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class MassPart(Model):
    """One call of a mass send: the people of a campaign from one row to another, once.

    `client_msg_id` marks a repeat for a day. `media_id` is the copy of the article made for it.
    `sent_at` is when a call was begun that may have arrived; None while every one was refused.
    `due_at` is when to call again, or, once it was taken, when to ask how it ended.
    """

    __tablename__ = "campaign_mass_part"
    __table_args__ = (
        UniqueConstraint("campaign_id", "position"),
        UniqueConstraint("client_msg_id"),
        CheckConstraint("first_id <= last_id", name="span"),
    )

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    position: Mapped[int]
    client_msg_id: Mapped[str] = mapped_column(String(64))
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    people: Mapped[int]
    media_id: Mapped[str | None] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(10), default=PartStatus.OPEN)
    msg_id: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str] = mapped_column(String(200), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)


class MassResult(Model):
    """Where a mass send and the event about its end meet, whichever comes first. Totals only."""

    __tablename__ = "campaign_mass_result"
    __table_args__ = (UniqueConstraint("appid", "msg_id"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    msg_id: Mapped[str] = mapped_column(String(32))
    part_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_mass_part.id"))
    status: Mapped[str | None] = mapped_column(String(60))
    total: Mapped[int] = mapped_column(default=0)
    filtered: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    event_at: Mapped[datetime | None] = mapped_column(Instant)


class ConsoleSend(Model):
    """A mass send that somebody made in WeChat's own console, entered by hand: it counts as well."""

    __tablename__ = "campaign_console_send"
    __table_args__ = (
        UniqueConstraint("appid", "sent_on", "title"),
        Index("ix_campaign_console_send_appid", "appid", "sent_on"),
    )

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    sent_on: Mapped[date] = mapped_column(Date)
    title: Mapped[str] = mapped_column(String(100))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
