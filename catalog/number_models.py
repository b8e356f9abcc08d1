"""Rows of the number pool: phone numbers as goods, each free, held, sold or resting."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class NumberState(StrEnum):
    """Where a number stands; one that came back rests in quarantine before it is free again.

    Withdrawn: somebody else sells it, or nobody; it stays out until it is put back.
    """

    FREE = "free"
    HELD = "held"
    SOLD = "sold"
    QUARANTINED = "quarantined"
    WITHDRAWN = "withdrawn"


class NumberClass(StrEnum):
    """How beautiful a number is."""

    ORDINARY = "ordinary"
    FINE = "fine"
    PREMIUM = "premium"


class PhoneNumber(Model):
    """One number of a city's or outlet's pool.

    It is nobody's personal data before it is sold, and stands here as it is dialled. Held by a
    member until `until`; once an order line has claimed it, `key` names that line, and without
    `until` it waits for the line to be activated. `shuffle` puts the pool in random order.
    `held_at` is when whoever holds it, or the line that came of it, took it first.
    It goes with plans only whose monthly fee is `minimum_fen` at least.
    """

    __tablename__ = "phone_number"
    __table_args__ = (
        UniqueConstraint("msisdn"),
        UniqueConstraint("key"),
        CheckConstraint("state <> 'held' OR member_id IS NOT NULL", name="holder"),
        CheckConstraint("state <> 'sold' OR key IS NOT NULL", name="sold_to"),
        CheckConstraint("minimum_fen >= 0", name="minimum"),
        Index("ix_phone_number_choice", "node_id", "state", "shuffle"),
        Index("ix_phone_number_member", "member_id", "state"),
        Index(
            "ix_phone_number_until",
            "until",
            sqlite_where=text("until IS NOT NULL"),
            postgresql_where=text("until IS NOT NULL"),
        ),
    )

    __audited__: ClassVar = ("state",)

    id: Mapped[int] = id_column()
    msisdn: Mapped[str] = mapped_column(String(11))
    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    grade: Mapped[str] = mapped_column(String(10), default=NumberClass.ORDINARY)
    minimum_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(12), default=NumberState.FREE)
    shuffle: Mapped[int]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    key: Mapped[str | None] = mapped_column(String(60))
    until: Mapped[datetime | None] = mapped_column(Instant)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    imported_at: Mapped[datetime] = mapped_column(Instant)
