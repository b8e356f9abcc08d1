"""Rows of payments: notices as they came, attempts to pay, refunds, and what did not fit."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.claims import Claimable, due_index, upkeep_indexes
from wx_backend.db import Instant, Model, id_column
from wx_backend.rounds import InRounds

CNY = "CNY"
REFUNDS_MAX = 50


class NoticeKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    TRANSFER = "transfer"
    OTHER = "other"


class PaymentStatus(StrEnum):
    """Where an attempt stands; `unknown` is a prepay call that may have taken effect."""

    CREATED = "created"
    PREPAYING = "prepaying"
    PREPAID = "prepaid"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


class RefundStatus(StrEnum):
    """Where a refund stands; `succeeded` and `closed` are final, a closed one moved no money."""

    REQUESTED = "requested"
    UNKNOWN = "unknown"
    PROCESSING = "processing"
    ABNORMAL = "abnormal"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


class ExceptionKind(StrEnum):
    """What a person (or a flow) has to look at because it did not fit."""

    UNKNOWN_ORDER = "unknown_order"
    MISMATCH = "mismatch"
    DOUBLE_PAYMENT = "double_payment"
    PAID_AFTER_CLOSE = "paid_after_close"
    SHORTAGE = "shortage"
    UNKNOWN_REFUND = "unknown_refund"
    REFUND_MISMATCH = "refund_mismatch"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUND_CLOSED = "refund_closed"
    UNREADABLE_NOTICE = "unreadable_notice"
    ACTIVATED_REFUNDED = "activated_refunded"
    PAYOUT_UNKNOWN = "payout_unknown"
    PAYOUT_MISMATCH = "payout_mismatch"
    PAYOUT_FUNDS = "payout_funds"
    BILLING_REFUSED = "billing_refused"
    BILLING_SILENT = "billing_silent"
    BILLING_CONTRADICTS = "billing_contradicts"
    BILLING_FILE = "billing_file"
    SHIPPING_REFUSED = "shipping_refused"


class PayNotice(Claimable, Model):
    """One verified notice of WeChat Pay, stored before anything acts on it; it is its own job.

    `key` is the digest of the notice id, which the platform keeps through all its retries.
    """

    __tablename__ = "pay_notice"
    __table_args__ = (
        UniqueConstraint("key"),
        due_index("pay_notice"),
        *upkeep_indexes("pay_notice"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[bytes] = mapped_column(LargeBinary(16))
    kind: Mapped[str] = mapped_column(String(12))
    raw: Mapped[str | None] = mapped_column(Text)
    known_at: Mapped[datetime] = mapped_column(Instant)


class TradeType(StrEnum):
    """How the payer meets the payment: WeChat's sheet in the page, or a code he scans."""

    JSAPI = "JSAPI"
    NATIVE = "NATIVE"


class Payment(Model):
    """One attempt to pay one order, under its own out_trade_no; at most one attempt wins.

    Each way to pay has a number of its own; `prepay_id` is what WeChat Pay gave to show: the id for
    the sheet, or the part of the code's text that names it.

    `payer_total_fen` is what the payer gave himself, less than `amount_fen` with a coupon.
    `refund_reserved_fen` are the refunds asked for and not failed: the database keeps them
    within what was paid, also while several are under way.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("out_trade_no"),
        UniqueConstraint("transaction_id"),
        Index(
            "uq_payment_winner",
            "order_id",
            unique=True,
            sqlite_where=text("is_winner"),
            postgresql_where=text("is_winner"),
        ),
        Index("ix_payment_order", "order_id", "id"),
        Index("ix_payment_open", "status", "created_at"),
        Index("ix_payment_settled", "settled_at"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(
            "refund_reserved_fen >= 0 AND refund_reserved_fen <= amount_fen", name="refund_limit"
        ),
        CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= refund_reserved_fen", name="refunded"
        ),
        CheckConstraint(f"refund_count <= {REFUNDS_MAX}", name="refund_count"),
        CheckConstraint(
            "status <> 'succeeded' OR (transaction_id IS NOT NULL AND success_at IS NOT NULL)",
            name="succeeded",
        ),
        CheckConstraint("NOT is_winner OR status = 'succeeded'", name="winner"),
    )

    id: Mapped[int] = id_column()
    out_trade_no: Mapped[str] = mapped_column(String(32))
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    mchid: Mapped[str] = mapped_column(String(32))
    appid: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default=CNY)
    description: Mapped[str] = mapped_column(String(127))
    status: Mapped[str] = mapped_column(String(12), default=PaymentStatus.CREATED)
    is_winner: Mapped[bool] = mapped_column(default=False)
    trade_type: Mapped[str] = mapped_column(
        String(8), default=TradeType.JSAPI, server_default=TradeType.JSAPI
    )
    prepay_id: Mapped[str | None] = mapped_column(String(64))
    prepaid_at: Mapped[datetime | None] = mapped_column(Instant)
    transaction_id: Mapped[str | None] = mapped_column(String(32))
    payer_total_fen: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str | None] = mapped_column(String(10))
    success_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    refund_reserved_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refund_count: Mapped[int] = mapped_column(default=0)
    refund_asked_at: Mapped[datetime | None] = mapped_column(Instant)


class Refund(InRounds, Model):
    """Money on its way back for one payment; the same number is used until it surely failed.

    `actor` is who wanted it: `staff:7`, `member:12` or `system`. `key` makes one wish one refund.
    `way` says where an abnormal one was sent instead, and `way_by` who decided that.
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("out_refund_no"),
        UniqueConstraint("key"),
        Index("ix_refund_payment", "payment_id", "id"),
        Index("ix_refund_status", "status", "asked_at"),
        Index("ix_refund_asked", "asked_at"),
        Index("ix_refund_ended", "ended_at"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )
    __audited__: ClassVar = ("out_refund_no", "payment_id", "amount_fen", "reason", "status", "way")

    id: Mapped[int] = id_column()
    out_refund_no: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(80))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(12), default=RefundStatus.REQUESTED)
    refund_id: Mapped[str | None] = mapped_column(String(32))
    way: Mapped[str | None] = mapped_column(String(20))
    way_by: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    success_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class RefundLine(Model):
    """How much of a refund belongs to which order line; none when a whole extra payment goes back.

    `collected_fen` of it are prepaid fees, which go back out of what we hold for billing.
    """

    __tablename__ = "refund_line"
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("collected_fen BETWEEN 0 AND amount_fen", name="collected"),
    )

    id: Mapped[int] = id_column()
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    collected_fen: Mapped[int] = mapped_column(BigInteger, default=0)


class ProposalStatus(StrEnum):
    """What a second person said, or that whoever proposed it took it back before."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


_BY_WHOM = "(decided_by = proposed_by) = (status = 'withdrawn')"
"""Another person decides; whoever proposed it takes it back."""


class RefundProposal(Model):
    """A refund so large that a second person has to agree; the database wants another person.

    `amounts` are fen by order line id, none when a whole payment shall go back once more after its
    refund `again_of_id`, which WeChat Pay closed; `refund_id` is what came of it.
    """

    __tablename__ = "refund_proposal"
    __table_args__ = (
        UniqueConstraint("order_id", "key"),
        Index("ix_refund_proposal_status", "status", "proposed_at"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(_BY_WHOM, name="second_person"),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) AND (status = 'approved') = (refund_id IS NOT NULL)",
            name="decided",
        ),
    )
    __audited__: ClassVar = ("order_id", "amount_fen", "reason", "status")

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    key: Mapped[str] = mapped_column(String(64))
    amounts: Mapped[dict[str, int]] = mapped_column(JSON)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(10), default=ProposalStatus.PROPOSED)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    again_of_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), index=True)


class WayOut(Model):
    """An abnormal refund so large that a second person has to agree where it goes instead.

    `card` is encrypted for WeChat Pay, who alone can read it, and forgotten with the decision.
    """

    __tablename__ = "way_out"
    __table_args__ = (
        Index("ix_way_out_refund", "refund_id", "id"),
        Index(
            "uq_way_out_proposed",
            "refund_id",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
        CheckConstraint(_BY_WHOM, name="second_person"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("status = 'proposed' OR card IS NULL", name="forgotten"),
    )
    __audited__: ClassVar = ("refund_id", "way", "amount_fen", "status")

    id: Mapped[int] = id_column()
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"))
    way: Mapped[str] = mapped_column(String(20))
    card: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10), default=ProposalStatus.PROPOSED)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class ExceptionItem(Model):
    """Something about money that did not fit, once per `key`, open until somebody closes it."""

    __tablename__ = "exception_item"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_exception_item_open", "closed_at", "opened_at"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(40))
    resolution: Mapped[str | None] = mapped_column(String(200))
