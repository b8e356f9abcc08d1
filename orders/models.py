"""Rows of orders: the order, its lines, and every state it went through."""

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
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.claims import partial_index
from wx_backend.db import Instant, Model, id_column
from wx_backend.rounds import InRounds


class OrderStatus(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    CLOSED = "closed"


class Delivery(StrEnum):
    """How the buyer gets it."""

    COURIER = "courier"
    PICKUP = "pickup"
    NONE = "none"


class Fulfilment(StrEnum):
    """How far one paid line has come; goods are received, plans activated."""

    WAITING = "waiting"
    SENT = "sent"
    RECEIVED = "received"
    ACTIVATED = "activated"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RealName(StrEnum):
    """Where the operator's real-name check of the line's user stands."""

    NOT_NEEDED = "not_needed"
    WAITING = "waiting"
    PASSED = "passed"
    REFUSED = "refused"
    EXPIRED = "expired"


class SalesOrder(InRounds, Model):
    """What one member ordered at one time. `client_key` makes a repeated submit the same order.

    `content` is the digest of what was asked for, so that a key cannot be reused for another
    order. `moves` counts the transitions. Contact name, phone and address are encrypted by the
    caller, and `contact_phone_index` is a keyed digest; `address` in the clear is of orders from before that, until they have been sealed.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("member_id", "client_key"),
        CheckConstraint("payable_fen = total_fen - discount_fen", name="payable"),
        CheckConstraint("discount_fen >= 0 AND payable_fen > 0", name="amounts"),
        Index("ix_sales_order_member", "member_id", "placed_at"),
        Index("ix_sales_order_expiry", "status", "expires_at"),
        Index("ix_sales_order_outlet", "outlet_id", "id"),
        Index("ix_sales_order_paid", "paid_at", "id"),
        Index("ix_sales_order_placed", "placed_at", "id"),
        Index("ix_sales_order_phone", "contact_phone_index"),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    client_key: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary(16))
    status: Mapped[str] = mapped_column(String(16), default=OrderStatus.PLACED)
    moves: Mapped[int] = mapped_column(default=0)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    discount_fen: Mapped[int] = mapped_column(BigInteger)
    payable_fen: Mapped[int] = mapped_column(BigInteger)
    contact_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    delivery: Mapped[str] = mapped_column(String(10))
    address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    placed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class OrderLine(Model):
    """One position of an order with everything frozen that money and credit depend on.

    list_fen = unit_price_fen * quantity; paid_fen = list_fen - discount_fen is what the line
    costs the buyer; collected_fen of it are prepaid phone fees. `refund_reserved_fen` are refunds
    asked for, `refunded_fen` those of them that succeeded. User name and phone are encrypted.
    Lines of one bundle share `bundle_sku_id` and `bundle_item`, the place of the bundle in the
    submit. `real_name_reference` is by what the real-name service knows the line. What came out of
    a cart was `chosen_at` an instant before the order, which its attribution goes by; the share its
    buyer had come by then, `share_id`, is kept for people to read. `hold_at` is when he took the
    phone number that comes with it, or with its bundle, if he held it before he ordered. `gifts` are pairs of what came
    with it for nothing and how many.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_order_line_real_name", "real_name_reference", unique=True),
        CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity"),
        CheckConstraint("list_fen = unit_price_fen * quantity", name="list"),
        CheckConstraint("paid_fen = list_fen - discount_fen", name="paid"),
        CheckConstraint("discount_fen >= 0 AND paid_fen >= 0", name="amounts"),
        CheckConstraint("collected_fen >= 0 AND collected_fen <= paid_fen", name="collected"),
        CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= refund_reserved_fen", name="refunded"
        ),
        CheckConstraint("refund_reserved_fen <= paid_fen", name="refund_limit"),
        Index("ix_order_line_developer", "developer_rep_id", "order_id"),
        Index("ix_order_line_outlet", "outlet_id", "order_id"),
        partial_index(
            "ix_order_line_acceptor",
            "acceptor_rep_id",
            "order_id",
            where="acceptor_rep_id IS NOT NULL",
        ),
    )

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    position: Mapped[int]
    sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    product_kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(160))
    quantity: Mapped[int]
    unit_price_fen: Mapped[int] = mapped_column(BigInteger)
    list_fen: Mapped[int] = mapped_column(BigInteger)
    discount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger)
    collected_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refund_reserved_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    fulfilment: Mapped[str] = mapped_column(String(12), default=Fulfilment.WAITING)
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    developer_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    acceptor_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    policy_version: Mapped[int | None] = mapped_column(ForeignKey("policy_version.version"))
    user_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    user_phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_reference: Mapped[str | None] = mapped_column(String(64))
    real_name_state: Mapped[str] = mapped_column(String(12), default=RealName.NOT_NEEDED)
    real_name_reference: Mapped[str | None] = mapped_column(String(64))
    real_name_until: Mapped[datetime | None] = mapped_column(Instant)
    bundle_sku_id: Mapped[int | None] = mapped_column(ForeignKey("sku.id"))
    bundle_item: Mapped[int | None]
    chosen_at: Mapped[datetime | None] = mapped_column(Instant)
    hold_at: Mapped[datetime | None] = mapped_column(Instant)
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"))
    gifts: Mapped[list[tuple[str, int]]] = mapped_column(JSON, default=list)


class RealNameSaid(Model):
    """One word on the user of a line: by the real-name service, a person, or the clock.

    `key` makes a repeat the same word. What came too late, or was said twice with different
    content, is kept too, but not applied. Never changes.
    """

    __tablename__ = "real_name_said"
    __table_args__ = (UniqueConstraint("line_id", "key"),)

    id: Mapped[int] = id_column()
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    is_applied: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    said_at: Mapped[datetime] = mapped_column(Instant)


class OrderTransition(Model):
    """One move of an order or of one of its lines: by whom and why. Never changes."""

    __tablename__ = "order_transition"
    __table_args__ = (UniqueConstraint("order_id", "position"),)

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    position: Mapped[int]
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"))
    from_status: Mapped[str | None] = mapped_column(String(16))
    to_status: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(60))
    moved_at: Mapped[datetime] = mapped_column(Instant)


class HandOverStatus(StrEnum):
    """Where billing stands with an order; `unknown` is handed over again, unchanged.

    `dead` was handed over too often without a usable answer: a person has to bring it back.
    """

    WAITING = "waiting"
    UNKNOWN = "unknown"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEAD = "dead"


class HandOver(InRounds, Model):
    """The hand-over of one paid order to billing: which lines, and what billing said.

    `positions` never change once billing may know them, so that every repeat says the same, but
    for what it refused. `tries` counts the calls since it was opened, or brought back, that got no
    decision.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        UniqueConstraint("order_id"),
        Index("ix_hand_over_status", "status", "asked_at"),
    )

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    positions: Mapped[list[int]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10), default=HandOverStatus.WAITING)
    receipt_no: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(200))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class BillingFile(Model):
    """The file of one day for billing: whose orders it holds, and how it was acknowledged.

    `order_ids` never change, so that the file written again says the same. Of its orders,
    `accepted` and `refused` were decided on by acknowledgements, some perhaps by none.
    """

    __tablename__ = "billing_file"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("day"))

    id: Mapped[int] = id_column()
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(64))
    order_ids: Mapped[list[int]] = mapped_column(JSON)
    accepted: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    written_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)


class BillingAcknowledgement(Model):
    """An acknowledgement that was read: the same bytes again, under whatever name, change nothing."""

    __tablename__ = "billing_acknowledgement"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = id_column()
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    name: Mapped[str] = mapped_column(String(64))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("billing_file.id"), index=True)
    lines: Mapped[int]
    read_at: Mapped[datetime] = mapped_column(Instant)
