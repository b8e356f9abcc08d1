"""Rows of settlement: rates, vesting terms, and the commission each paid line brought whom."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
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
    """Why a receiver has a part in a line; two reps at most, a manager, and org nodes above them."""

    DEVELOPER = "developer"
    ACCEPTOR = "acceptor"
    MANAGER = "manager"
    OUTLET = "outlet"
    CITY = "city"
    PROVINCE = "province"


class Receiver(StrEnum):
    """Whose rate a rule is, from the counter upwards; each gets what is above those before it."""

    REP = "rep"
    MANAGER = "manager"
    OUTLET = "outlet"
    CITY = "city"
    PROVINCE = "province"


class VolumeOf(StrEnum):
    """Whose sales of the month decide the tier of a rate."""

    REP = "rep"
    OUTLET = "outlet"


class Milestone(StrEnum):
    """What happens to a line; on the first four, time begins after which commission is free.

    `cancelled` ends a plan early and `forfeited` takes all that is left.
    """

    RECEIVED = "received"
    ACTIVATED = "activated"
    FIRST_TOP_UP = "first_top_up"
    MONTH_ALIVE = "month_alive"
    CANCELLED = "cancelled"
    FORFEITED = "forfeited"


class RateRule(Model):
    """What lines paid within a span of days bring a receiver: basis points, or fen per piece.

    Meant for one product, or one category, or anything; in one channel class or all. The span
    ends before `valid_until`. Two rules for the same never overlap (a trigger refuses it), and
    only `valid_until` may change later. `tiers` are `[from, rate]` pairs, ascending: from so much
    of the month's volume on (fen for basis points, pieces for piece rates) another rate holds.
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
        CheckConstraint("(volume_of IS NULL) = (tiers IS NULL)", name="tiers"),
    )
    __audited__: ClassVar = (
        "receiver",
        "product_id",
        "category_id",
        "channel_class",
        "rate_bp",
        "piece_fen",
        "volume_of",
        "valid_from",
        "valid_until",
    )

    id: Mapped[int] = id_column()
    receiver: Mapped[str] = mapped_column(String(10), default=Receiver.REP)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    channel_class: Mapped[str | None] = mapped_column(String(20))
    rate_bp: Mapped[int | None]
    piece_fen: Mapped[int | None] = mapped_column(BigInteger)
    volume_of: Mapped[str | None] = mapped_column(String(10))
    tiers: Mapped[list[list[int]] | None] = mapped_column(JSON(none_as_null=True))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class RateVolume(Model):
    """How much was sold in a Shanghai month under a rate with tiers, by one rep or one outlet.

    In fen or pieces as the rate counts. Refunds do not lower it: they take back what their own
    line earned, and never what others earned before.
    """

    __tablename__ = "rate_volume"
    __table_args__ = (
        UniqueConstraint("rate_rule_id", "owner_id", "month_on"),
        CheckConstraint("volume >= 0", name="volume"),
    )

    id: Mapped[int] = id_column()
    rate_rule_id: Mapped[int] = mapped_column(ForeignKey("rate_rule.id"))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    month_on: Mapped[date] = mapped_column(Date)
    volume: Mapped[int] = mapped_column(BigInteger)


class VestingRule(Model):
    """When commission on a kind of product is free, in parts: so many days after each milestone.

    The newest rule that is valid on the day a line was paid holds for that line. `steps` are
    objects with milestone, month, part_bp and hold_days; the parts make up the whole. A plan that
    is cancelled within `term_months` loses commission for the months that are left; without them
    its own contract counts, and zero takes nothing back.
    """

    __tablename__ = "vesting_rule"
    __table_args__ = (
        UniqueConstraint("product_kind", "valid_from"),
        CheckConstraint("term_months BETWEEN 0 AND 120", name="term"),
    )
    __audited__: ClassVar = ("product_kind", "valid_from")

    id: Mapped[int] = id_column()
    product_kind: Mapped[str] = mapped_column(String(12))
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    term_months: Mapped[int | None]
    valid_from: Mapped[date] = mapped_column(Date)


class Accrual(Model):
    """The commission of one order line for one event, decided once.

    Keeps what was decided by: the rule, what the line cost, the months of its contract.
    `refunded_fen` is what the buyer got back. Nothing may be earned on the first tier of a rate.
    """

    __tablename__ = "accrual"
    __table_args__ = (
        UniqueConstraint("order_line_id", "event"),
        CheckConstraint("commission_fen >= 0", name="commission"),
        CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name="refunded"),
        CheckConstraint("term_months >= 0", name="term"),
        Index("ix_accrual_accrued", "accrued_at", "id"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    event: Mapped[str] = mapped_column(String(24))
    rate_rule_id: Mapped[int] = mapped_column(ForeignKey("rate_rule.id"))
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    commission_fen: Mapped[int] = mapped_column(BigInteger)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    term_months: Mapped[int] = mapped_column(default=0)
    accrued_at: Mapped[datetime] = mapped_column(Instant)


class Commission(Model):
    """The part of an accrual that one receiver gets by one milestone, in fen.

    The receiver is a rep or an org node. `due_at` is known once the milestone is reached,
    `vested_at` is when it became free; `taken_back_fen` is what refunds and an early end took.
    """

    __tablename__ = "commission"
    __table_args__ = (
        UniqueConstraint("accrual_id", "role", "milestone", "month"),
        CheckConstraint("(rep_id IS NULL) <> (node_id IS NULL)", name="receiver"),
        CheckConstraint("taken_back_fen BETWEEN 0 AND amount_fen", name="taken_back"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share"),
        CheckConstraint("part_bp BETWEEN 1 AND 10000", name="part"),
        CheckConstraint("hold_days BETWEEN 0 AND 400", name="hold_days"),
        CheckConstraint(
            "vested_at IS NULL OR (due_at IS NOT NULL AND vested_at >= due_at)", name="vested"
        ),
        Index("ix_commission_due", "due_at", sqlite_where=_UNVESTED, postgresql_where=_UNVESTED),
        Index("ix_commission_vested", "vested_at", "rep_id"),
        Index("ix_commission_rep", "rep_id", "accrual_id"),
    )

    id: Mapped[int] = id_column()
    accrual_id: Mapped[int] = mapped_column(ForeignKey("accrual.id"))
    rate_rule_id: Mapped[int] = mapped_column(ForeignKey("rate_rule.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    share_bp: Mapped[int | None]
    milestone: Mapped[str] = mapped_column(String(12))
    month: Mapped[int] = mapped_column(default=0)
    part_bp: Mapped[int]
    hold_days: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    taken_back_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    vested_at: Mapped[datetime | None] = mapped_column(Instant)


class MilestoneEvent(Model):
    """Something that happened to a line and decides when its commission is free; told once counts.

    Kept also while the line has no commission yet. `month` numbers the months still on, else 0.
    """

    __tablename__ = "milestone_event"
    __table_args__ = (
        UniqueConstraint("order_line_id", "milestone", "month"),
        CheckConstraint("(milestone = 'month_alive') = (month > 0)", name="month"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    milestone: Mapped[str] = mapped_column(String(12))
    month: Mapped[int] = mapped_column(default=0)
    happened_at: Mapped[datetime] = mapped_column(Instant)


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
