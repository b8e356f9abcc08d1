"""Rows of counter sales: what a rep put together for a customer who stands before him."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class CounterOffer(Model):
    """One variant or bundle offered by one rep, for whoever confirms it first; used once.

    `acceptor_rep_id` never changes. `nonce` is what its signed link is made of. What its rep took
    back at `withdrawn_at` becomes no order; one that it has become already is closed unless it is paid.
    """

    __tablename__ = "counter_offer"
    __table_args__ = (
        UniqueConstraint("nonce"),
        UniqueConstraint("order_id"),
        UniqueConstraint("acceptor_rep_id", "client_key"),
        Index("ix_counter_offer_acceptor", "acceptor_rep_id", "created_at"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("order_id IS NULL OR confirmed_at IS NOT NULL", name="confirmed"),
    )

    id: Mapped[int] = id_column()
    nonce: Mapped[str] = mapped_column(String(32))
    acceptor_rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"))
    client_key: Mapped[str] = mapped_column(String(64))
    sku_number: Mapped[str] = mapped_column(String(32))
    quantity: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    shown_developer_rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"))
