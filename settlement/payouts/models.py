"""Rows of pay-outs: batches, one payout per receiver, what was done with them, return files."""

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

from wx_backend.db import Instant, Model, id_column
from wx_backend.rounds import InRounds

_PROPOSED = text("status = 'proposed'")
_UNDER_WAY = text("status IN ('ready', 'asking', 'unknown', 'sent')")


class Rail(StrEnum):
    """How money leaves: finance pays by a file, or WeChat Pay transfers to the receiver."""

    FILE = "file"
    TRANSFER = "transfer"


class BatchStatus(StrEnum):
    """`approved` is being released, payout by payout; `paused` waits for money and for a person.

    `rejected` by a second person, or `withdrawn` by whoever proposed it.
    """

    PROPOSED = "proposed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    RELEASED = "released"
    PAUSED = "paused"
    DONE = "done"


class PayoutStatus(StrEnum):
    """Where a payout stands. From `ready` on its money has left the receiver's free balance.

    `asking` and `unknown` may have moved money: only the same number may be asked for again.
    """

    PROPOSED = "proposed"
    LEFT_OUT = "left_out"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    READY = "ready"
    ASKING = "asking"
    UNKNOWN = "unknown"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PayoutReceiver(Model):
    """Somebody who may be paid; whoever decides over his free balance holds this row's lock."""

    __tablename__ = "payout_receiver"
    __table_args__ = (UniqueConstraint("owner_kind", "owner_id"),)

    id: Mapped[int] = id_column()
    owner_kind: Mapped[str] = mapped_column(String(12))
    owner_id: Mapped[int] = mapped_column(BigInteger)


class PayoutBatch(Model):
    """What one person proposed to pay below a node, and another agreed to or not."""

    __tablename__ = "payout_batch"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_payout_batch_node", "node_id", "id"),
        CheckConstraint("minimum_fen >= 1", name="minimum"),
        CheckConstraint("tax_bp BETWEEN 0 AND 10000 AND fee_fen >= 0", name="deductions"),
        CheckConstraint("(decided_by = proposed_by) = (status = 'withdrawn')", name="two_people"),
        CheckConstraint(
            "status IN ('proposed', 'rejected') OR decided_by IS NOT NULL", name="approved"
        ),
    )
    __audited__: ClassVar = ("number", "rail", "node_id", "minimum_fen", "fee_fen", "status")

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    rail: Mapped[str] = mapped_column(String(10))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    note: Mapped[str] = mapped_column(String(60))
    minimum_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    tax_bp: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default=BatchStatus.PROPOSED)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class Payout(InRounds, Model):
    """Money of one batch for one receiver, in fen; its number is WeChat Pay's out_bill_no too.

    What is above the limit of a single transfer leaves in `parts` payouts, of which this is one:
    each moves its own money and ends by itself.

    What is sent to WeChat Pay is kept word for word (`appid`, `identity_id`, `remark`, `duty`,
    `notify_url`, `sealed_name`), so that asking again asks for the same.
    """

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("batch_id", "receiver_id", "part"),
        Index(
            "uq_payout_undecided",
            "receiver_id",
            "part",
            unique=True,
            sqlite_where=_PROPOSED,
            postgresql_where=_PROPOSED,
        ),
        Index(
            "ix_payout_under_way",
            "asked_at",
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
        Index("ix_payout_receiver", "receiver_id", "id"),
        CheckConstraint("net_fen = gross_fen - tax_fen - fee_fen", name="net"),
        CheckConstraint("tax_fen >= 0 AND fee_fen >= 0", name="deductions"),
        CheckConstraint("net_fen > 0 OR status = 'left_out'", name="amount"),
        CheckConstraint("part BETWEEN 1 AND parts", name="part"),
    )
    __audited__: ClassVar = (
        "number",
        "batch_id",
        "receiver_number",
        "part",
        "parts",
        "gross_fen",
        "tax_fen",
        "fee_fen",
        "net_fen",
        "status",
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("payout_receiver.id"))
    receiver_number: Mapped[str] = mapped_column(String(32))
    receiver_name: Mapped[str] = mapped_column(String(60))
    outlet_name: Mapped[str] = mapped_column(String(60))
    part: Mapped[int] = mapped_column(default=1)
    parts: Mapped[int] = mapped_column(default=1)
    gross_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    net_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200), default="")
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    appid: Mapped[str | None] = mapped_column(String(32))
    remark: Mapped[str | None] = mapped_column(String(32))
    duty: Mapped[str | None] = mapped_column(String(32))
    notify_url: Mapped[str | None] = mapped_column(String(255))
    sealed_name: Mapped[str | None] = mapped_column(Text)
    name_serial: Mapped[str | None] = mapped_column(String(60))
    transfer_bill_no: Mapped[str | None] = mapped_column(String(64))
    platform_state: Mapped[str | None] = mapped_column(String(24))
    package_info: Mapped[str | None] = mapped_column(String(512))
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class PayoutEvent(Model):
    """Something done with a batch or one of its payouts, by whom: added to, never changed."""

    __tablename__ = "payout_event"
    __table_args__ = (Index("ix_payout_event_batch", "batch_id", "id"),)

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"))
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payout.id"))
    what: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200))
    happened_at: Mapped[datetime] = mapped_column(Instant)


class PayoutReturn(Model):
    """A file in which finance says what became of a batch; the same file is one row."""

    __tablename__ = "payout_return"
    __table_args__ = (
        UniqueConstraint("batch_id", "digest"),
        CheckConstraint("(applied_by IS NULL) = (applied_at IS NULL)", name="applied"),
    )

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    name: Mapped[str] = mapped_column(String(100))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    uploaded_by: Mapped[str] = mapped_column(String(40))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    applied_by: Mapped[str | None] = mapped_column(String(40))
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
