"""Rows of figures: what waits to be counted, facts, their sums, and the tree of every day."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final

from sqlalchemy import (
    BigInteger,
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

FOR_EVER: Final = date(9999, 12, 31)
_OF_REP: Final = text("part = 'rep'")


class Source(StrEnum):
    """Which row happened: its id is an order's, a refund's or a touch's."""

    PLACED = "placed"
    PAID = "paid"
    REFUNDED = "refunded"
    TOUCH = "touch"


class FactKind(StrEnum):
    """What one fact is: of the funnel, or of money that came and went.

    `returned` is a paid order that was given back whole since, on the day it was paid; only months
    of reps count it.
    """

    SCAN = "scan"
    FOLLOW = "follow"
    VISIT = "visit"
    PLACED = "placed"
    PAID = "paid"
    REFUNDED = "refunded"
    RETURNED = "returned"


class Part(StrEnum):
    """By what a day's sums of a place are kept; `all` is the place as a whole.

    Sums by rep are kept at his outlet only: no row of another place would be shorter.
    """

    ALL = "all"
    PRODUCT = "product"
    CHANNEL = "channel"
    REP = "rep"


class FigureDelta(Model):
    """A row that happened and is not counted yet; triggers add these in the same transaction."""

    __tablename__ = "figure_delta"
    __audited__: ClassVar = None

    source: Mapped[str] = mapped_column(String(10), primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class FigureFact(Model):
    """One fact with everything frozen that figures are made by. Never changes.

    `row_id` is the order line's, refund line's or touch's. Facts that count once together (the
    lines of one order at one outlet) share `unit_id`, the first row id among them.
    """

    __tablename__ = "figure_fact"
    __audited__: ClassVar = None
    __table_args__ = (
        UniqueConstraint("kind", "row_id"),
        Index("ix_figure_fact_outlet", "outlet_id", "business_on", "kind"),
        Index("ix_figure_fact_rep", "rep_id", "business_on", "kind"),
        Index("ix_figure_fact_day", "business_on", "kind"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(10))
    row_id: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = mapped_column(BigInteger)
    happened_at: Mapped[datetime] = mapped_column(Instant)
    business_on: Mapped[date] = mapped_column(Date)
    outlet_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    channel: Mapped[str] = mapped_column(String(20), default="")
    amount_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    pieces: Mapped[int] = mapped_column(default=0)


class FigureDay(Model):
    """What happened at a place and below it on one Shanghai day, as a whole or of one key.

    `key` is a product's or rep's id, or a channel class; empty for facts that have none.
    """

    __tablename__ = "figure_day"
    __audited__: ClassVar = None
    __table_args__ = (
        Index(
            "ix_figure_day_rep",
            "key",
            "business_on",
            sqlite_where=_OF_REP,
            postgresql_where=_OF_REP,
        ),
        Index(
            "ix_figure_day_place_rep",
            "node_id",
            "business_on",
            "kind",
            "key",
            sqlite_where=_OF_REP,
            postgresql_where=_OF_REP,
            postgresql_include=["count", "amount_fen"],
        ),
    )

    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(10), primary_key=True)
    business_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    pieces: Mapped[int] = mapped_column(BigInteger)


class FigureMonth(Model):
    """What a rep's facts come to in one Shanghai month, wherever he sold; `month_on` is its first day."""

    __tablename__ = "figure_month"
    __audited__: ClassVar = None

    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), primary_key=True)
    month_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class FigureWeek(Model):
    """What a rep's days at one outlet come to in one Shanghai week; `week_on` is its Monday.

    `node_id` and `key` are those of the days; sums of long spans read a row where there were seven.
    """

    __tablename__ = "figure_week"
    __audited__: ClassVar = None

    node_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    week_on: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class TreeSpan(Model):
    """On which days a place lay at or below another: the tree with which each day began.

    `until_on` is exclusive.
    """

    __tablename__ = "tree_span"
    __audited__: ClassVar = None
    __table_args__ = (Index("ix_tree_span_descendant", "descendant_id", "until_on"),)

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("org_node.id"), primary_key=True)
    first_on: Mapped[date] = mapped_column(Date, primary_key=True)
    until_on: Mapped[date] = mapped_column(Date)


class FigureState(Model):
    """The one row that whoever counts holds locked, so that one counts after the other."""

    __tablename__ = "figure_state"
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    counted_at: Mapped[datetime | None] = mapped_column(Instant)


class Briefing(Model):
    """Where a staff member reads his figures on the phone: a WeChat person, by a link used once.

    `is_daily` says whether he also gets yesterday's figures every morning.
    """

    __tablename__ = "briefing"
    __audited__: ClassVar = ("member_id", "is_daily", "confirmed_at")
    __table_args__ = (UniqueConstraint("link_digest"),)

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    is_daily: Mapped[bool] = mapped_column(default=True)
    link_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    link_until: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
