"""Rows of tags: one per name and account, and one per person who has or had it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import BigId, Instant, Model, id_column

_HELD = text("taken_at IS NULL")
_OPEN = text("ended_at IS NULL")


class TagOrigin(StrEnum):
    """Why somebody has a tag: he fits its rule, a person said so, or WeChat had him before us."""

    RULE = "rule"
    HAND = "hand"
    LIST = "list"
    WECHAT = "wechat"


class There(StrEnum):
    """Whether WeChat has somebody's tag, as far as it was told; asked: told, without an answer yet.

    Again: it has it, and was told of another one since; of several the last one given decides which
    menu somebody sees, so that it is to be taken there and given once more.
    """

    NO = "no"
    ASKED = "asked"
    YES = "yes"
    REFUSED = "refused"
    AGAIN = "again"


LACKING: Final = (There.NO, There.ASKED, There.AGAIN)
HAVING: Final = (There.YES, There.ASKED, There.AGAIN)


class TagPhase(StrEnum):
    """What the telling of a tag is at, in this order; and how it ended."""

    FINDING = "finding"  # whether WeChat has a tag of this name
    LISTING = "listing"  # whom it has it for
    TELLING = "telling"  # who has it here and not there, and the reverse
    REMOVING = "removing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Tag(Model):
    """A tag of an account by its name.

    `rule` are the conditions whoever fits is given it by; empty: by hand and list alone. `run`
    counts how often the rule was begun to be applied, `cursor` is the follower that was looked at
    last, None when everybody was: then `applied_at` says when. `fault` says why a rule cannot be applied.
    `wechat_id` is its number at WeChat once it is told there; `is_stopped`: a person ended that for
    now. With `removed_at` it is only waited for that WeChat forgets it.
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
    wechat_id: Mapped[int | None]
    is_stopped: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_applying(self) -> bool:
        """Whether its rule is being applied just now."""
        return self.cursor is not None


class TagHolder(Model):
    """That somebody has a tag, by what and since when; with `taken_at` he has it no more.

    `there` is what WeChat was told of it last, `refusal` why it would not take him, `listed_by` the
    telling that found him on its list last.
    """

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
        Index("ix_tag_holder_there", "tag_id", "there", "id"),
    )
    __audited__: ClassVar = ("tag_id", "identity_id", "origin")

    id: Mapped[int] = id_column()
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    origin: Mapped[str] = mapped_column(String(8))
    given_by: Mapped[str] = mapped_column(String(40), default="")
    given_at: Mapped[datetime] = mapped_column(Instant)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    there: Mapped[str] = mapped_column(String(8), default=There.NO)
    refusal: Mapped[str | None] = mapped_column(String(12))
    listed_by: Mapped[int | None] = mapped_column(BigId)


class TagSync(Model):
    """Telling WeChat who has a tag; at most one of a tag is under way.

    `next_openid` is where its list goes on. `singles` counts those who are told one by one, since
    fifty together were refused. Everything moves in the transaction that did the work before.
    """

    __tablename__ = "tag_sync"
    __table_args__ = (
        Index(
            "uq_tag_sync_open",
            "tag_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_tag_sync_tag", "tag_id", "id"),
    )
    __audited__: ClassVar = ("tag_id", "phase")

    id: Mapped[int] = id_column()
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    phase: Mapped[str] = mapped_column(String(10))
    is_whole: Mapped[bool]
    next_openid: Mapped[str] = mapped_column(String(64), default="")
    singles: Mapped[int] = mapped_column(default=0)
    listed: Mapped[int] = mapped_column(default=0)
    strangers: Mapped[int] = mapped_column(default=0)
    to_tell: Mapped[int] = mapped_column(default=0)
    told: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    moved_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
