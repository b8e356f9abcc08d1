"""Rows of settlement: rates, vesting terms, and the commission each paid line brought whom."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column

_UNVESTED = text("vested_at IS NULL AND due_at IS NOT NULL")


class ShareRole(StrEnum):
    """Why a rep has a part in a line: he brought the buyer, or he served him at the counter."""

    DEVELOPER = "developer"
    ACCEPTOR = "acceptor"


class Milestone(StrEnum):
    """What must happen to a line before the time runs after which its commission is free."""

    RECEIVED = "received"
    ACTIVATED = "activated"


class RateRule(Model):
    """What lines paid within a span of days bring: basis points of the price, or fen per piece.

    Meant for one product, or one category, or anything; in one channel class or all. The span
    ends before `valid_until`. Two rules for the same never overlap (a trigger refuses it), and
    only `valid_until` may change later.
    """

    __tablename__ = "rate_rule"
    __table_args__ = (
        Index("ix_rate_rule_product", "product_id"),
        Index("ix_rate_rule_category", "category_id"),
        CheckConstraint("product_id IS NULL OR category_id IS NULL", name="subject"),
        CheckConstraint("(rate_bp IS NULL) <> (piece_fen IS NULL)", name="rate_or_piece"),
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint("piece_fen >= 0", name="piece"),
        CheckConstraint("valid_until > valid_from", name="span"),
    )

    id: Mapped[int] = id_column()
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    channel_class: Mapped[str | None] = mapped_column(String(20))
    rate_bp: Mapped[int | None]
    piece_fen: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class VestingRule(Model):
    """When commission on a kind of product is free: so many days after a milestone.

    The newest rule that is valid on the day a line was paid holds for that line.
    """

    __tablename__ = "vesting_rule"
    __table_args__ = (
        UniqueConstraint("product_kind", "valid_from"),
        CheckConstraint("hold_days BETWEEN 0 AND 400", name="hold_days"),
    )

    id: Mapped[int] = id_column()
    product_kind: Mapped[str] = mapped_column(String(12))
    milestone: Mapped[str] = mapped_column(String(12))
    hold_days: Mapped[int]
    valid_from: Mapped[date] = mapped_column(Date)


class Accrual(Model):
    """The commission of one order line for one event, decided once.

    Keeps what was decided by: the rule, what the line cost, the vesting terms of that day.
    `due_at` is known once the milestone is reached; `refunded_fen` is what the buyer got back.
    """

    __tablename__ = "accrual"
    __table_args__ = (
        UniqueConstraint("order_line_id", "event"),
        CheckConstraint("commission_fen > 0", name="commission"),
        CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name="refunded"),
        CheckConstraint(
            "vested_at IS NULL OR (due_at IS NOT NULL AND vested_at >= due_at)", name="vested"
        ),
        Index("ix_accrual_due", "due_at", sqlite_where=_UNVESTED, postgresql_where=_UNVESTED),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    event: Mapped[str] = mapped_column(String(24))
    rate_rule_id: Mapped[int] = mapped_column(ForeignKey("rate_rule.id"))
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    commission_fen: Mapped[int] = mapped_column(BigInteger)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    milestone: Mapped[str] = mapped_column(String(12))
    hold_days: Mapped[int]
    accrued_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    vested_at: Mapped[datetime | None] = mapped_column(Instant)


class Commission(Model):
    """One rep's part of an accrual, and how much of it refunds have taken back, in fen."""

    __tablename__ = "commission"
    __table_args__ = (
        UniqueConstraint("accrual_id", "role"),
        CheckConstraint("taken_back_fen BETWEEN 0 AND amount_fen", name="taken_back"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),
    )

    id: Mapped[int] = id_column()
    accrual_id: Mapped[int] = mapped_column(ForeignKey("accrual.id"))
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    share_bp: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    taken_back_fen: Mapped[int] = mapped_column(BigInteger, default=0)


class TakeBack(Model):
    """A refund of an order line; its key makes it take back commission once.

    Kept also while the line has no commission yet: what is accrued later counts it.
    """

    __tablename__ = "take_back"
    __table_args__ = (
        UniqueConstraint("order_line_id", "refund_key"),
        CheckConstraint("refunded_fen > 0", name="refunded"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    refund_key: Mapped[str] = mapped_column(String(64))
    refunded_fen: Mapped[int] = mapped_column(BigInteger)
    taken_back_at: Mapped[datetime] = mapped_column(Instant)
