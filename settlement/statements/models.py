"""Rows of the months: periods, overrides of their checks, statements and their lines."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class PeriodStatus(StrEnum):
    """A month takes postings while it is open only; `closing` is being frozen, batch by batch."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class StatementOwner(StrEnum):
    """Whose statement it is; in this order they are frozen, each after what it is made of."""

    REP = "rep"
    OUTLET = "outlet"
    CITY = "city"
    PROVINCE = "province"


class Movement(StrEnum):
    """What happened to the money we owe a receiver."""

    ACCRUED = "accrued"
    VESTED = "vested"
    TAKEN_BACK = "taken_back"
    PAID = "paid"  # on its way to him; below zero when it came back
    OTHER = "other"


class AccountingPeriod(Model):
    """One Shanghai month. From `closing` on the database refuses postings dated in it.

    `stage` and `cursor` say how far freezing has come. `seal` is the canonical JSON of what was
    closed and `root` its digest; it covers the root of the month before.
    """

    __tablename__ = "accounting_period"
    __table_args__ = (
        UniqueConstraint("first_on"),
        CheckConstraint("last_on > first_on", name="span"),
        CheckConstraint(
            "status <> 'closed' OR (root IS NOT NULL AND seal IS NOT NULL)", name="sealed"
        ),
    )

    id: Mapped[int] = id_column()
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(10), default=PeriodStatus.OPEN)
    stage: Mapped[str] = mapped_column(String(10), default=StatementOwner.REP)
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    closing_by: Mapped[str | None] = mapped_column(String(40))
    closing_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    seal: Mapped[str | None] = mapped_column(Text)
    root: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    @property
    def month(self) -> str:
        """`2026-03`."""
        return f"{self.first_on:%Y-%m}"


class PeriodOverride(Model):
    """A finding two people let pass, with the reason; it covers exactly what was found then.

    `finding` is the digest of the rows the check showed: another finding needs another override.
    """

    __tablename__ = "period_override"
    __table_args__ = (
        UniqueConstraint("period_id", "check_name", "finding"),
        CheckConstraint("approved_by <> proposed_by", name="two_people"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
    )

    id: Mapped[int] = id_column()
    period_id: Mapped[int] = mapped_column(ForeignKey("accounting_period.id"))
    check_name: Mapped[str] = mapped_column(String(40))
    finding: Mapped[bytes] = mapped_column(LargeBinary(32))
    reason: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)


class ChainProof(Model):
    """One recomputation of all closed months: who wanted it, how far it is, what came out.

    While it is under way `statements` of `total` are done; `broken_why` is None when all holds.
    """

    __tablename__ = "chain_proof"

    id: Mapped[int] = id_column()
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    total: Mapped[int]
    periods: Mapped[int] = mapped_column(default=0)
    statements: Mapped[int] = mapped_column(default=0)
    broken_month: Mapped[str | None] = mapped_column(String(7))
    broken_number: Mapped[str | None] = mapped_column(String(32))
    broken_why: Mapped[str | None] = mapped_column(String(100))
    root: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Statement(Model):
    """What one month brought one receiver, in fen: what we owed him before, and owe him after.

    A rep's is made of lines; an outlet's, city's or province's of its own lines and of the
    statements whose `parent_id` it is. `digest` covers all of it and the owner's digest before.
    """

    __tablename__ = "statement"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("period_id", "owner_kind", "owner_id"),
        Index("ix_statement_owner", "owner_kind", "owner_id", "period_id"),
        Index("ix_statement_parent", "period_id", "parent_id"),
        Index("ix_statement_node", "node_id", "period_id"),
        CheckConstraint(
            "opening_held_fen + opening_free_fen + accrued_fen - taken_back_fen - paid_fen"
            " + other_fen = closing_held_fen + closing_free_fen",
            name="adds_up",
        ),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    period_id: Mapped[int] = mapped_column(ForeignKey("accounting_period.id"))
    owner_kind: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    owner_number: Mapped[str] = mapped_column(String(32))
    owner_name: Mapped[str] = mapped_column(String(60))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    opening_held_fen: Mapped[int] = mapped_column(BigInteger)
    opening_free_fen: Mapped[int] = mapped_column(BigInteger)
    accrued_fen: Mapped[int] = mapped_column(BigInteger)
    vested_fen: Mapped[int] = mapped_column(BigInteger)
    taken_back_fen: Mapped[int] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    other_fen: Mapped[int] = mapped_column(BigInteger)
    closing_held_fen: Mapped[int] = mapped_column(BigInteger)
    closing_free_fen: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    frozen_at: Mapped[datetime] = mapped_column(Instant)


class StatementLine(Model):
    """One posting as a receiver saw it: what it added to what he has to wait for and may have."""

    __tablename__ = "statement_line"
    __table_args__ = (UniqueConstraint("statement_id", "position"),)

    id: Mapped[int] = id_column()
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    position: Mapped[int]
    business_on: Mapped[date] = mapped_column(Date)
    movement: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str] = mapped_column(String(120))
    held_fen: Mapped[int] = mapped_column(BigInteger)
    free_fen: Mapped[int] = mapped_column(BigInteger)
