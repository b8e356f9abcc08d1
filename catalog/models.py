"""Rows of the catalogue: categories, products, variants, stock, reservations, stock moves."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, id_column

DEFAULT_PLACE = 1


class ProductKind(StrEnum):
    """What a product is; fulfilment, vesting and commission may differ by it."""

    GOODS = "goods"
    PLAN = "plan"
    SIM = "sim"
    BUNDLE = "bundle"


class ReservationStatus(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    RETURNED = "returned"


class MoveKind(StrEnum):
    """Why stock changed."""

    RECEIVED = "received"
    CORRECTED = "corrected"
    RESERVED = "reserved"
    RELEASED = "released"
    TAKEN = "taken"
    RETURNED = "returned"


class Category(Model):
    """A shelf of the showroom; categories may nest."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("slug"),)
    __audited__: ClassVar = ("slug", "name", "parent_id", "position")

    id: Mapped[int] = id_column()
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    slug: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(default=0)


class Product(Model):
    """Something offered, shown while it is listed and its schedule says so.

    `plan` is what `catalog.plans.Plan` writes, `showing` what `catalog.showing.Showing` does. With
    `takes_number` a buyer picks a phone number. `search` is what it is found by. `form_key` is that
    of the form that made it: sent twice, it makes one.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_product_form", "form_key", unique=True),
        Index("ix_product_shelf", "category_id", "is_listed", "position"),
        CheckConstraint("kind = 'plan' OR plan IS NULL", name="plan_data"),
    )
    __audited__: ClassVar = (
        "number",
        "name",
        "category_id",
        "is_listed",
        "on_sale_from",
        "on_sale_until",
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(12))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    name: Mapped[str] = mapped_column(String(80))
    subtitle: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    picture: Mapped[str | None] = mapped_column(String(200))
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    showing: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    search: Mapped[str] = mapped_column(Text, default="", server_default="")
    takes_number: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_listed: Mapped[bool] = mapped_column(default=False)
    on_sale_from: Mapped[datetime | None] = mapped_column(Instant)
    on_sale_until: Mapped[datetime | None] = mapped_column(Instant)
    position: Mapped[int] = mapped_column(default=0)
    form_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Sku(Model):
    """One variant to buy. Of `price_fen`, `prepaid_fen` are phone fees we collect for billing."""

    __tablename__ = "sku"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("price_fen >= 0", name="price"),
        CheckConstraint("market_price_fen >= price_fen", name="market_price"),
        CheckConstraint("prepaid_fen >= 0 AND prepaid_fen <= price_fen", name="prepaid"),
    )
    __audited__: ClassVar = (
        "number",
        "name",
        "price_fen",
        "market_price_fen",
        "prepaid_fen",
        "is_active",
    )

    id: Mapped[int] = id_column()
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    number: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    options: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    market_price_fen: Mapped[int | None] = mapped_column(BigInteger)
    prepaid_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class BundlePart(Model):
    """One variant of what a bundle's variant is made of; a bundle never changes once it is made."""

    __tablename__ = "bundle_part"
    __table_args__ = (
        UniqueConstraint("bundle_sku_id", "sku_id"),
        CheckConstraint("quantity BETWEEN 1 AND 9", name="quantity"),
        CheckConstraint("bundle_sku_id <> sku_id", name="itself"),
    )

    id: Mapped[int] = id_column()
    bundle_sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=0)


class RepPick(Model):
    """A product that a rep puts first in his showroom."""

    __tablename__ = "rep_pick"

    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    position: Mapped[int]


class StockPlace(Model):
    """Where stock lies; the first one, the central store, comes with the schema."""

    __tablename__ = "stock_place"

    id: Mapped[int] = id_column()
    name: Mapped[str] = mapped_column(String(60))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("org_node.id"), unique=True)


class Stock(Model):
    """How many of a variant lie at a place, and how many of those are promised to somebody.

    A variant without a row here is not counted: plans have no stock.
    """

    __tablename__ = "stock"
    __table_args__ = (
        UniqueConstraint("sku_id", "place_id"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="not_oversold"),
    )

    id: Mapped[int] = id_column()
    sku_id: Mapped[int] = mapped_column(ForeignKey("sku.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("stock_place.id"))
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)


class Reservation(Model):
    """Units promised under a key (an order line, a hold) until they are taken or released."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(
            "ix_reservation_expiry",
            "expires_at",
            sqlite_where=text("status = 'held'"),
            postgresql_where=text("status = 'held'"),
        ),
    )

    id: Mapped[int] = id_column()
    key: Mapped[str] = mapped_column(String(60))
    stock_id: Mapped[int] = mapped_column(ForeignKey("stock.id"), index=True)
    quantity: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default=ReservationStatus.HELD)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class StockMove(Model):
    """One change of one stock row; the sums of all moves are what the row says. Never changes.

    `form_key` is that of the form somebody sent: sent twice, it counts once. `reason` is why he did.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        Index("ix_stock_move_stock", "stock_id", "id"),
        Index("ix_stock_move_form", "stock_id", "kind", "form_key", unique=True),
    )

    id: Mapped[int] = id_column()
    stock_id: Mapped[int] = mapped_column(ForeignKey("stock.id"))
    kind: Mapped[str] = mapped_column(String(10))
    on_hand_change: Mapped[int]
    reserved_change: Mapped[int]
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservation.id"), index=True)
    actor: Mapped[str] = mapped_column(String(40))
    form_key: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(100), default="", server_default="")
    moved_at: Mapped[datetime] = mapped_column(Instant)
