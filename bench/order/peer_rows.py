"""The peer's rows: as few tables, and as wide ones, as such a mall has."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The peer's own tables."""

    type_annotation_map = {int: BigInteger, datetime: DateTime(timezone=True)}  # noqa: RUF012 - read by SQLAlchemy


class User(Base):
    """A buyer, or who brought him; the balance is a number that is changed."""

    __tablename__ = "peer_user"

    uid: Mapped[int] = mapped_column(primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), index=True)
    spread_uid: Mapped[int]
    brokerage_fen: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """Something to buy, and how much of it there is."""

    __tablename__ = "peer_product"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    price_fen: Mapped[int]
    stock: Mapped[int]
    sales: Mapped[int] = mapped_column(default=0)


class Order(Base):
    """An order with everything about it in one row, the receiver of brokerage too."""

    __tablename__ = "peer_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(String(32), unique=True)
    uid: Mapped[int] = mapped_column(index=True)
    spread_uid: Mapped[int] = mapped_column(index=True)
    real_name: Mapped[str] = mapped_column(String(32))
    user_phone: Mapped[str] = mapped_column(String(18))
    user_address: Mapped[str] = mapped_column(String(100))
    pay_fen: Mapped[int]
    brokerage_fen: Mapped[int]
    paid: Mapped[bool] = mapped_column(default=False)
    pay_time: Mapped[datetime | None]
    add_time: Mapped[datetime]


class CartInfo(Base):
    """What an order is about, as text."""

    __tablename__ = "peer_cart_info"

    id: Mapped[int] = mapped_column(primary_key=True)
    oid: Mapped[int] = mapped_column(ForeignKey("peer_order.id"), index=True)
    product_id: Mapped[int]
    cart_info: Mapped[str]


class OrderStatus(Base):
    """What happened to an order."""

    __tablename__ = "peer_order_status"

    id: Mapped[int] = mapped_column(primary_key=True)
    oid: Mapped[int] = mapped_column(index=True)
    change_type: Mapped[str] = mapped_column(String(32))
    change_time: Mapped[datetime]


class Brokerage(Base):
    """Who earned what by which order."""

    __tablename__ = "peer_brokerage"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[int] = mapped_column(index=True)
    link_id: Mapped[str] = mapped_column(String(32))
    number_fen: Mapped[int]
    balance_fen: Mapped[int]
    add_time: Mapped[datetime]
