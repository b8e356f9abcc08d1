"""Rows of farming: a flag on a rep, and the rows it was raised for."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class FarmingKind(StrEnum):
    """What looks like farming."""

    NEWCOMERS = "newcomers"
    """Very many people nobody knew, by one rep's codes, in a short time."""
    REFOLLOWS = "refollows"
    """The same people leave and follow by one rep's codes again and again."""
    REFUNDS = "refunds"
    """Orders that are given back as soon as their commission is free."""


class Source(StrEnum):
    """Which row is evidence: a touch of one of two kinds, a follow event, what was taken back."""

    SCAN = "scan"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    REFUND = "refund"


class FarmingVerdict(StrEnum):
    """What a person said of a flag. `harmless` ends it: its rows count for no other one."""

    HARMLESS = "harmless"
    LOOKED_INTO = "looked_into"
    HELD = "held"
    """Looked into, and nothing is paid out to the rep meanwhile."""


class FarmingFlag(Model):
    """Something a rep's rows look like. A machine raises it and does nothing else; people decide.

    `key` is its first row as it was found. Undecided and looked into, it takes in more rows.
    """

    __tablename__ = "farming_flag"
    __table_args__ = (
        UniqueConstraint("rep_id", "kind", "key"),
        CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name="decided",
        ),
    )
    __audited__: ClassVar = ("rep_id", "kind", "verdict")

    id: Mapped[int] = id_column()
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    kind: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(32))
    found_at: Mapped[datetime] = mapped_column(Instant)
    verdict: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200), default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class FarmingEvidence(Model):
    """One row a flag was raised for: which, when it happened, and `who`: an identity or an order line."""

    __tablename__ = "farming_evidence"
    __table_args__ = (Index("ix_farming_evidence_page", "flag_id", "at", "row_id"),)
    __audited__: ClassVar = None

    flag_id: Mapped[int] = mapped_column(ForeignKey("farming_flag.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(10), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    who: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)
