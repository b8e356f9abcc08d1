"""Rows of bookings: how an outlet cuts its morning, what of it is taken, who comes when."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
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


class BookingStatus(StrEnum):
    BOOKED = "booked"
    ARRIVED = "arrived"
    MISSED = "missed"
    CANCELLED = "cancelled"


class SlotRule(Model):
    """How long an outlet's slots are and how many people it serves in one; without a row: 15 and 4."""

    __tablename__ = "slot_rule"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 240", name="minutes"),
        CheckConstraint("capacity BETWEEN 1 AND 100", name="capacity"),
    )

    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    minutes: Mapped[int]
    capacity: Mapped[int]


class VisitSlot(Model):
    """One slot somebody booked: `taken` never exceeds `capacity`, `given` counts queue codes."""

    __tablename__ = "visit_slot"
    __table_args__ = (
        UniqueConstraint("outlet_id", "starts_at"),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="taken"),
    )

    id: Mapped[int] = id_column()
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    given: Mapped[int] = mapped_column(default=0)


class Booking(Model):
    """One person comes in one slot, to fetch an order or without one; `code` calls him up."""

    __tablename__ = "booking"
    __table_args__ = (
        UniqueConstraint("outlet_id", "starts_at", "code"),
        Index(
            "uq_booking_open_order",
            "order_id",
            unique=True,
            sqlite_where=text("status = 'booked' AND order_id IS NOT NULL"),
            postgresql_where=text("status = 'booked' AND order_id IS NOT NULL"),
        ),
        Index(
            "uq_booking_open_member",
            "outlet_id",
            "member_id",
            unique=True,
            sqlite_where=text("status = 'booked' AND order_id IS NULL"),
            postgresql_where=text("status = 'booked' AND order_id IS NULL"),
        ),
        Index("ix_booking_member", "member_id", "starts_at"),
    )

    id: Mapped[int] = id_column()
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    code: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(10), default=BookingStatus.BOOKED)
    booked_at: Mapped[datetime] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class NightList(Model):
    """An outlet was told what came in overnight, once a day."""

    __tablename__ = "night_list"
    __table_args__ = (UniqueConstraint("outlet_id", "day"),)

    id: Mapped[int] = id_column()
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    day: Mapped[date] = mapped_column(Date)
    told_at: Mapped[datetime] = mapped_column(Instant)
