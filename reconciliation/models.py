"""Rows of reconciliation: bills and their lines, differences with their history, business days."""

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


class BillStatus(StrEnum):
    """How far a bill is; `absent` says that nothing was traded, `refused` that it cannot be read."""

    FETCHED = "fetched"
    READ = "read"
    ABSENT = "absent"
    REFUSED = "refused"


class TradeKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


class DifferenceClass(StrEnum):
    """In what way the legs disagree."""

    MISSING_HERE = "missing_here"  # on the bill, not in our books
    MISSING_THERE = "missing_there"  # in our books, not on the bill
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"
    DUPLICATE = "duplicate"  # one number more than once on the bill
    FEE_DIFFERS = "fee_differs"  # trade bill and fund flow disagree about amount or fee
    NOT_ACKNOWLEDGED = "not_acknowledged"  # paid, and billing has not said that it has it
    LEDGER_DIFFERS = "ledger_differs"  # the ledger's clearing account says something else


class DifferenceStatus(StrEnum):
    """What became of a difference: `explained` and `corrected` by a person, `closed` by itself."""

    OPEN = "open"
    EXPLAINED = "explained"
    CORRECTED = "corrected"
    CLOSED = "closed"


class DayStatus(StrEnum):
    """A day is `compared` by the clock and `closed` by a person."""

    WAITING = "waiting"
    COMPARED = "compared"
    CLOSED = "closed"


class Bill(Model):
    """One bill of one merchant and business day; its file is kept under `sha256` as it came.

    `sha1` is the platform's own digest of the unpacked bytes.
    """

    __tablename__ = "bill"
    __table_args__ = (UniqueConstraint("mchid", "business_on", "kind"),)

    id: Mapped[int] = id_column()
    mchid: Mapped[str] = mapped_column(String(32))
    business_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    sha1: Mapped[str | None] = mapped_column(String(40))
    sha256: Mapped[str | None] = mapped_column(String(64))
    unpacked_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    row_count: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(200))
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class TradeLine(Model):
    """One payment or refund of a trade bill, once per number of the platform.

    `number` is ours (out_trade_no, out_refund_no); `payment_number` the out_trade_no of both.
    `copies` counts how often the bill has the row, `line` is where it has it last. `fee_e5` is the
    fee in hundred-thousandths of a yuan, which the bill prints; NULL in a layout without it.
    """

    __tablename__ = "trade_line"
    __table_args__ = (
        UniqueConstraint("bill_id", "kind", "platform_id"),
        Index("ix_trade_line_number", "bill_id", "kind", "number"),
        CheckConstraint("copies >= 1", name="copies"),
    )

    id: Mapped[int] = id_column()
    bill_id: Mapped[int] = mapped_column(ForeignKey("bill.id"))
    kind: Mapped[str] = mapped_column(String(8))
    platform_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(64))
    payment_number: Mapped[str] = mapped_column(String(64))
    appid: Mapped[str] = mapped_column(String(32))
    currency: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    fee_e5: Mapped[int | None] = mapped_column(BigInteger)
    traded_at: Mapped[datetime] = mapped_column(Instant)
    line: Mapped[int]
    copies: Mapped[int] = mapped_column(default=1)


class FundLine(Model):
    """One movement of the account's money: income above zero, expense below."""

    __tablename__ = "fund_line"
    __table_args__ = (
        UniqueConstraint("bill_id", "fund_id"),
        Index("ix_fund_line_platform", "bill_id", "platform_id"),
        CheckConstraint("copies >= 1", name="copies"),
    )

    id: Mapped[int] = id_column()
    bill_id: Mapped[int] = mapped_column(ForeignKey("bill.id"))
    fund_id: Mapped[str] = mapped_column(String(64))
    platform_id: Mapped[str] = mapped_column(String(64))
    business: Mapped[str] = mapped_column(String(40))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime] = mapped_column(Instant)
    line: Mapped[int]
    copies: Mapped[int] = mapped_column(default=1)


class Difference(Model):
    """One disagreement about one subject on one day; a repeated run finds the same row again.

    `subject` is what it is about (`payment:PY...`, `refund:RF...`, `order:OD...`, `fund:4200...`).
    `owner_role` and `owner_node_id` say who has to look; no node means those who see everything.
    """

    __tablename__ = "difference"
    __table_args__ = (
        UniqueConstraint("business_on", "kind", "subject"),
        Index("ix_difference_status", "status", "business_on"),
        Index("ix_difference_owner", "owner_node_id", "status"),
        CheckConstraint(
            "(status = 'open') = (ended_at IS NULL) AND (ended_at IS NULL OR reason IS NOT NULL)",
            name="ended",
        ),
    )

    id: Mapped[int] = id_column()
    business_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(80))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"), index=True)
    owner_role: Mapped[str] = mapped_column(String(16))
    owner_node_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    theirs_fen: Mapped[int | None] = mapped_column(BigInteger)
    ours_fen: Mapped[int | None] = mapped_column(BigInteger)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10), default=DifferenceStatus.OPEN)
    found_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))


class DifferenceStep(Model):
    """One move of a difference: from where to where, by whom and why. Never changes."""

    __tablename__ = "difference_step"

    id: Mapped[int] = id_column()
    difference_id: Mapped[int] = mapped_column(ForeignKey("difference.id"), index=True)
    from_status: Mapped[str | None] = mapped_column(String(10))
    to_status: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime] = mapped_column(Instant)


class BusinessDay(Model):
    """One Shanghai day of trade: compared by the clock, closed by a person when nothing is open.

    `sums` are counts and fen per leg as of the last comparison; `asked_on` is the day on which the
    clock last had it compared.
    """

    __tablename__ = "business_day"
    __table_args__ = (
        UniqueConstraint("business_on"),
        CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)", name="closed"
        ),
    )

    id: Mapped[int] = id_column()
    business_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(10), default=DayStatus.WAITING)
    runs: Mapped[int] = mapped_column(default=0)
    sums: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str | None] = mapped_column(String(200))
    asked_on: Mapped[date | None] = mapped_column(Date)
    compared_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(40))
