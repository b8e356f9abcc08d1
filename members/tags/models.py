"""Rows of tags: one per name and account, and one per person who has or had it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import BigId, Instant, Model, id_column

_HELD = text("taken_at IS NULL")


class TagOrigin(StrEnum):
    """Why somebody has a tag: he fits its rule, or a person said so."""

    RULE = "rule"
    HAND = "hand"
    LIST = "list"


class Tag(Model):
    """A tag of an account by its name.

    `rule` are the conditions whoever fits is given it by; empty: by hand and list alone. `run`
    counts how often the rule was begun to be applied, `cursor` is the follower that was looked at
    last, None when everybody was: then `applied_at` says when. `fault` says why a rule cannot be applied.
    """

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("appid", "name"),)
    __audited__: ClassVar = ("appid", "name", "rule")

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(30))
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    run: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[int | None] = mapped_column(BigId)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    fault: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def is_applying(self) -> bool:
        """Whether its rule is being applied just now."""
        return self.cursor is not None


class TagHolder(Model):
    """That somebody has a tag, by what and since when; with `taken_at` he has it no more."""

    __tablename__ = "tag_holder"
    __table_args__ = (
        UniqueConstraint("tag_id", "identity_id"),
        Index("ix_tag_holder_identity", "identity_id"),
        Index(
            "ix_tag_holder_held",
            "tag_id",
            "identity_id",
            sqlite_where=_HELD,
            postgresql_where=_HELD,
        ),
    )
    __audited__: ClassVar = ("tag_id", "identity_id", "origin")

    id: Mapped[int] = id_column()
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    origin: Mapped[str] = mapped_column(String(8))
    given_by: Mapped[str] = mapped_column(String(40), default="")
    given_at: Mapped[datetime] = mapped_column(Instant)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
