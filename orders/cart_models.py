"""Rows of carts: what somebody put aside to order, and how he had come by it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column


class CartLine(Model):
    """One variant in the cart of one browser or one person.

    Whose customer he is for this line is decided as of `chosen_at`, when he put it there; the
    share he had come by then, `share_id`, is kept for people to read and decides nothing.
    `shown_price_fen` is the price he was shown then. `last_key` is that of the newest press of the button, so that a repeat adds nothing.
    """

    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("owner_key", "sku_id"),
        CheckConstraint("(identity_id IS NULL) <> (visitor_id IS NULL)", name="one_owner"),
        CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity"),
        Index("ix_cart_line_chosen", "chosen_at"),
    )

    id: Mapped[int] = id_column()
    owner_key: Mapped[str] = mapped_column(String(32))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"))
    quantity: Mapped[int]
    shown_price_fen: Mapped[int] = mapped_column(BigInteger)
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"))
    chosen_at: Mapped[datetime] = mapped_column(Instant)
    last_key: Mapped[str] = mapped_column(String(64))
