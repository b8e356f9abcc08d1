"""Rows of following the platform's list of followers: how far one reading of it is."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import BigId, Instant, Model, id_column

_OPEN = text("ended_at IS NULL")


class SyncPhase(StrEnum):
    """What a reading is at, in this order; and how it ended."""

    LISTING = "listing"
    ASKING = "asking"  # more seem to have left than is likely: a person decides
    LEAVING = "leaving"
    PROFILES = "profiles"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class FollowerSync(Model):
    """One reading of an account's whole list of followers; at most one of an account is under way.

    `next_openid` is where the list goes on, `cursor` the identity the other phases are at: both
    move in the transaction that did the work before, so that a crash repeats or leaves out none.
    """

    __tablename__ = "follower_sync"
    __table_args__ = (
        Index(
            "uq_follower_sync_open",
            "appid",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_follower_sync_appid", "appid", "id"),
    )
    __audited__: ClassVar = ("appid", "phase")

    id: Mapped[int] = id_column()
    appid: Mapped[str] = mapped_column(String(32))
    phase: Mapped[str] = mapped_column(String(10), default=SyncPhase.LISTING)
    next_openid: Mapped[str] = mapped_column(String(64), default="")
    cursor: Mapped[int] = mapped_column(BigId, default=0)
    total: Mapped[int] = mapped_column(default=0)
    listed: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)
    to_learn: Mapped[int] = mapped_column(default=0)
    learnt: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(200), default="")
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(Instant)
    moved_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
