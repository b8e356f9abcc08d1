"""Rows of menus and automatic replies."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class EditionStatus(StrEnum):
    """The life of an edition; an account has one draft and one publication at a time."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    DROPPED = "dropped"


class Origin(StrEnum):
    """Where an edition comes from."""

    EDITED = "edited"
    ADOPTED = "adopted"  # as the account had it before we changed anything
    RESTORED = "restored"  # an earlier edition once more


def _one_per_account(status: EditionStatus) -> Index:
    condition = text(f"status = '{status}'")
    return Index(
        f"uq_menu_edition_{status}",
        "appid",
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


class MenuEdition(Model):
    """All menus of an account at one time; only a draft's `content` ever changes.

    `revision` counts the changes of a draft, so that nobody saves over somebody else's.
    """

    __tablename__ = "menu_edition"
    __table_args__ = (
        UniqueConstraint("appid", "number"),
        _one_per_account(EditionStatus.DRAFT),
        _one_per_account(EditionStatus.PUBLISHING),
    )

    __audited__: ClassVar = ("appid", "number", "status", "origin", "revision")

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=1)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(String(200))


class MenuLook(Model):
    """What the platform was last seen to show of an account; asked for before it is compared."""

    __tablename__ = "menu_look"
    __table_args__ = (UniqueConstraint("appid"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(String(200))


class Adoption(Model):
    """An account's menu and replies as they were before we changed anything, and what became of them.

    `told` is what the platform said, word for word; `notes` are what we could not take over.
    """

    __tablename__ = "menu_adoption"
    __table_args__ = (UniqueConstraint("appid"),)

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    adopted_at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)


class ReplyRule(Model):
    """What an account answers: `trigger` + `match` -> a reply of `kind` with `content`."""

    __tablename__ = "reply_rule"
    __table_args__ = (UniqueConstraint("appid", "trigger", "match"),)
    __audited__: ClassVar = ("appid", "trigger", "match", "kind", "content", "is_active")

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    trigger: Mapped[str] = mapped_column(String(12))
    match: Mapped[str] = mapped_column(String(128), default="")
    kind: Mapped[str] = mapped_column(String(24))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class ReplyBook(Model):
    """All reply rules of an account; `revision` moves with every change of any of them."""

    __tablename__ = "reply_book"
    __table_args__ = (UniqueConstraint("appid"), CheckConstraint("revision > 0", name="counted"))

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    revision: Mapped[int]
