"""Rows of fulfilment: where each paid line stands on its way, and how it got there."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class ChainStatus(StrEnum):
    """Whether a line is on its way, has arrived for good, or is going back."""

    RUNNING = "running"
    ARCHIVED = "archived"
    ENDED = "ended"


class TaskStatus(StrEnum):
    """Where one node stands; `taken` means that one person of the outlet has it in hand."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    ENDED = "ended"


class SerialKind(StrEnum):
    IMEI = "imei"
    ICCID = "iccid"
    NONE = "none"


class DayKind(StrEnum):
    """How a calendar day differs from its weekday."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


class DispatchBy(StrEnum):
    """How the pool finds an outlet for a line by itself."""

    PICKUP = "pickup"
    ATTRIBUTED = "attributed"
    NEAREST = "nearest"


class ReturnKind(StrEnum):
    """Why a line leaves its way: before it went out, afterwards, or for another unit."""

    CANCELLED = "cancelled"
    RETURNED = "returned"
    EXCHANGED = "exchanged"


class ReturnStage(StrEnum):
    """How far a return has come."""

    ASKED = "asked"
    GOODS_BACK = "goods_back"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


class ReportStatus(StrEnum):
    """Whether the platform knows that an order was shipped."""

    WAITING = "waiting"
    REPORTED = "reported"
    NOT_NEEDED = "not_needed"
    REFUSED = "refused"


class Chain(Model):
    """The way of one order line, from payment to the archive.

    `outlet_id` is where it was dispatched to, `pool_id` whose central pool it came from.
    `round` counts how often it began anew, `starts_at` the node this round began with.
    `promised_at` is what the customer was told when he paid; it never changes. `gifts` are pairs of
    what is packed beside it and how many.
    """

    __tablename__ = "fulfilment_chain"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        Index("ix_fulfilment_chain_order", "order_id"),
        Index("ix_fulfilment_chain_outlet", "outlet_id", "opened_at"),
        Index("ix_fulfilment_chain_pool", "pool_id", "opened_at"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    way: Mapped[str] = mapped_column(String(16))
    product_kind: Mapped[str] = mapped_column(String(12))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    quantity: Mapped[int]
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    status: Mapped[str] = mapped_column(String(10), default=ChainStatus.RUNNING)
    round: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[str] = mapped_column(String(12))
    is_same_day: Mapped[bool] = mapped_column(default=False)
    gifts: Mapped[list[tuple[str, int]]] = mapped_column(JSON, default=list)
    promised_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Task(Model):
    """One node of one chain in one round: who has it, until when, what holds it up.

    `tier` is how high an overdue node was carried: outlet, city, province.
    """

    __tablename__ = "fulfilment_task"
    __table_args__ = (
        UniqueConstraint("order_line_id", "node", "round"),
        Index("ix_fulfilment_task_chain", "chain_id"),
        Index("ix_fulfilment_task_desk", "outlet_id", "status", "due_at"),
        Index("ix_fulfilment_task_due", "status", "due_at"),
        Index("ix_fulfilment_task_node", "node", "status", "entered_at"),
    )

    id: Mapped[int] = id_column()
    chain_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_chain.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    node: Mapped[str] = mapped_column(String(12))
    round: Mapped[int]
    owner: Mapped[str] = mapped_column(String(10))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    status: Mapped[str] = mapped_column(String(8), default=TaskStatus.OPEN)
    entered_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    taken_by: Mapped[str | None] = mapped_column(String(40))
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    problem: Mapped[str | None] = mapped_column(String(200))
    tier: Mapped[str | None] = mapped_column(String(10))


class TaskMove(Model):
    """One move of a task: by whom and why. Never changes."""

    __tablename__ = "fulfilment_move"
    __table_args__ = (Index("ix_fulfilment_move_task", "task_id", "id"),)

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_task.id"))
    from_status: Mapped[str | None] = mapped_column(String(8))
    to_status: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime] = mapped_column(Instant)


class Evidence(Model):
    """Something that proves what was done at a node; a picture is kept by its reference."""

    __tablename__ = "fulfilment_evidence"
    __table_args__ = (
        UniqueConstraint("task_id", "kind", "value"),
        Index(
            "ix_fulfilment_evidence_picture",
            "picture",
            sqlite_where=text("picture IS NOT NULL"),
            postgresql_where=text("picture IS NOT NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_task.id"))
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(String(200))
    picture: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(40))
    noted_at: Mapped[datetime] = mapped_column(Instant)


class Serial(Model):
    """One unit that went out with a line: never with two lines, unless it came back between."""

    __tablename__ = "fulfilment_serial"
    __table_args__ = (
        Index(
            "uq_fulfilment_serial_out",
            "kind",
            "value",
            unique=True,
            sqlite_where=text("returned_at IS NULL"),
            postgresql_where=text("returned_at IS NULL"),
        ),
        Index("ix_fulfilment_serial_line", "order_line_id"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(6))
    value: Mapped[str] = mapped_column(String(24))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_task.id"))
    scanned_at: Mapped[datetime] = mapped_column(Instant)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)


class SerialRule(Model):
    """Which serial number the units of a category carry; without a row their kind decides."""

    __tablename__ = "serial_rule"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(String(6))


class PickupCode(Model):
    """The one-time code a packed order is handed out for at one outlet.

    `digest` is keyed and finds it; `sealed` shows it to the customer again. A code ends by being
    used or replaced.
    """

    __tablename__ = "pickup_code"
    __table_args__ = (
        Index(
            "uq_pickup_code_open",
            "outlet_id",
            "digest",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_pickup_code_order",
            "order_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class PickupGuard(Model):
    """How many wrong codes were tried at an outlet since an instant; locked by whoever tries."""

    __tablename__ = "pickup_guard"

    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    failed: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(Instant)


class ReturnCase(Model):
    """A line on its way back in one round: why, at which node it was, how far it has come."""

    __tablename__ = "return_case"
    __table_args__ = (
        UniqueConstraint("chain_id", "round"),
        Index("ix_return_case_stage", "stage", "asked_at"),
    )

    id: Mapped[int] = id_column()
    chain_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_chain.id"))
    round: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    at_node: Mapped[str] = mapped_column(String(12))
    stage: Mapped[str] = mapped_column(String(10), default=ReturnStage.ASKED)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    goods_back_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Escalation(Model):
    """An overdue task was carried to one tier, once: whom it was shown to."""

    __tablename__ = "fulfilment_escalation"
    __table_args__ = (
        UniqueConstraint("task_id", "tier"),
        Index("ix_fulfilment_escalation_node", "node_id", "raised_at"),
    )

    id: Mapped[int] = id_column()
    task_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_task.id"))
    tier: Mapped[str] = mapped_column(String(10))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    raised_at: Mapped[datetime] = mapped_column(Instant)


class Review(Model):
    """What a customer says of one line, 1 to 5 stars, and what the outlet answers."""

    __tablename__ = "fulfilment_review"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_fulfilment_review_outlet", "outlet_id", "reviewed_at"),
        Index("ix_fulfilment_review_product", "product_id", "stars"),
    )

    id: Mapped[int] = id_column()
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    chain_id: Mapped[int] = mapped_column(ForeignKey("fulfilment_chain.id"), index=True)
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(String(500), default="")
    reviewed_at: Mapped[datetime] = mapped_column(Instant)
    reply: Mapped[str | None] = mapped_column(String(500))
    replied_by: Mapped[str | None] = mapped_column(String(40))
    replied_at: Mapped[datetime | None] = mapped_column(Instant)


class ShippingReport(Model):
    """What a mini-program's platform was told about the shipment of one order."""

    __tablename__ = "shipping_report"
    __table_args__ = (UniqueConstraint("order_id"),)

    id: Mapped[int] = id_column()
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    appid: Mapped[str] = mapped_column(String(32))
    logistics: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default=ReportStatus.WAITING)
    reason: Mapped[str | None] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class CalendarDay(Model):
    """A public holiday, or a day worked instead of one."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(60))


class DispatchRule(Model):
    """One way of finding an outlet, in the order they are tried."""

    __tablename__ = "dispatch_rule"
    __table_args__ = (UniqueConstraint("by"),)

    id: Mapped[int] = id_column()
    position: Mapped[int]
    by: Mapped[str] = mapped_column(String(12))
    is_active: Mapped[bool] = mapped_column(default=True)


class SameDayRule(Model):
    """Same-day delivery within one city: ordered before `cut_off` it arrives that day.

    The goods have to lie at the place that serves the city. `cut_off` are minutes after midnight in Shanghai; `within_minutes` count the outlet's open
    hours from the moment it can begin.
    """

    __tablename__ = "same_day_rule"
    __table_args__ = (
        UniqueConstraint("city_id"),
        CheckConstraint("cut_off BETWEEN 0 AND 1440", name="cut_off"),
        CheckConstraint("within_minutes > 0", name="within"),
    )

    id: Mapped[int] = id_column()
    city_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("stock_place.id"))
    cut_off: Mapped[int]
    within_minutes: Mapped[int]
    is_active: Mapped[bool] = mapped_column(default=True)
