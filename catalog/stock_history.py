"""Reads of stock for the people who keep it: how much lies where, and why it changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from catalog.models import (
    DEFAULT_PLACE,
    Product,
    ProductKind,
    Reservation,
    Sku,
    Stock,
    StockMove,
    StockPlace,
)
from wx_backend.db import db

COUNTED = (ProductKind.GOODS, ProductKind.SIM)


@dataclass(frozen=True, slots=True)
class Shelf:
    """How many units of a variant lie at a place, and how many of them are promised.

    `outlet_id` is None for the central store, `stock_id` where nothing was ever booked.
    """

    sku_id: int
    sku_number: str
    name: str
    outlet_id: int | None
    stock_id: int | None
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFilter:
    """Which shelves are meant: of the outlets in `scope`, of the central store, by product or variant.

    With `only` (an outlet's id, 0 for the central store) those of one place, with all that could
    lie there.
    """

    scope: Select[int]
    has_central: bool
    text: str = ""
    only: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of a shelf with what was there before and after; `key` is what it was for."""

    move: StockMove
    key: str | None
    on_hand_after: int
    reserved_after: int

    @property
    def on_hand_before(self) -> int:
        return self.on_hand_after - self.move.on_hand_change

    @property
    def reserved_before(self) -> int:
        return self.reserved_after - self.move.reserved_change


def central_shelves(sku_ids: Iterable[int]) -> list[Shelf]:
    """The central store's stock of these variants; uncounted ones are left out."""
    query = _shelves(Stock.place_id == DEFAULT_PLACE).where(
        Sku.id.in_(set(sku_ids)), Stock.id.is_not(None)
    )
    return _read(query.order_by(Sku.position, Sku.id))


def shelf_at(sku_id: int, outlet_id: int | None) -> Shelf:
    """One variant at one place, also where nothing was ever booked."""
    [found] = _read(_shelves(_is_at(outlet_id), outlet_id).where(Sku.id == sku_id))
    return found


def shelves_found(wanted: StockFilter, *, after: int = 0, limit: int) -> list[Shelf]:
    """The shelves meant, by product and place; `after` skips that many."""
    order = (Product.position, Product.id, Sku.position, Sku.id, Stock.place_id)
    return _read(_found(wanted).order_by(*order).offset(after).limit(limit))


def count_shelves(wanted: StockFilter) -> int:
    """How many shelves are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def history_of(stock_id: int, *, before: int | None = None, limit: int) -> Sequence[Moved]:
    """What changed on a shelf, the newest first, those before a move's id only.

    Counted back from what lies there now, all in one statement, so that nothing moves meanwhile.
    """
    newer = aliased(StockMove)
    later = select(func.coalesce(func.sum(newer.on_hand_change), 0)).where(
        newer.stock_id == stock_id, newer.id > StockMove.id
    )
    later_reserved = select(func.coalesce(func.sum(newer.reserved_change), 0)).where(
        newer.stock_id == stock_id, newer.id > StockMove.id
    )
    query = (
        select(
            StockMove,
            Reservation.key,
            Stock.on_hand - later.scalar_subquery(),
            Stock.reserved - later_reserved.scalar_subquery(),
        )
        .join(Stock, Stock.id == StockMove.stock_id)
        .outerjoin(Reservation, Reservation.id == StockMove.reservation_id)
        .where(StockMove.stock_id == stock_id)
    )
    if before is not None:
        query = query.where(StockMove.id < before)
    rows = db.session.execute(query.order_by(StockMove.id.desc()).limit(limit))
    return [Moved(*row) for row in rows]


def _shelves(at: ColumnElement[bool], outlet_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Variants beside their stock where `at` holds; of what has none, only the variant is known."""
    place = func.coalesce(StockPlace.outlet_id, outlet_id) if outlet_id else StockPlace.outlet_id
    return (
        select(
            Sku.id,
            Sku.number,
            Product.name,
            Sku.name,
            place,
            Stock.id,
            func.coalesce(Stock.on_hand, 0),
            func.coalesce(Stock.reserved, 0),
        )
        .select_from(Sku)
        .join(Product, Product.id == Sku.product_id)
        .outerjoin(Stock, and_(Stock.sku_id == Sku.id, at))
        .outerjoin(StockPlace, StockPlace.id == Stock.place_id)
    )


def _found(wanted: StockFilter) -> Select[*tuple[Any, ...]]:
    if wanted.only is not None:
        outlet_id = wanted.only or None
        query = _shelves(_is_at(outlet_id), outlet_id).where(
            or_(Stock.id.is_not(None), and_(Product.kind.in_(COUNTED), Sku.is_active))
        )
    else:
        mine: ColumnElement[bool] = StockPlace.outlet_id.in_(wanted.scope)
        if wanted.has_central:
            mine = or_(mine, Stock.place_id == DEFAULT_PLACE)
        query = _shelves(Stock.id.is_not(None)).where(mine)
    for word in wanted.text.split():
        told = (Product.name, Sku.name, Sku.number)
        query = query.where(or_(*(each.contains(word, autoescape=True) for each in told)))
    return query


def _is_at(outlet_id: int | None) -> ColumnElement[bool]:
    if outlet_id is None:
        return Stock.place_id == DEFAULT_PLACE
    places = select(StockPlace.id).where(StockPlace.outlet_id == outlet_id)
    return Stock.place_id.in_(places)


def _read(query: Select[*tuple[Any, ...]]) -> list[Shelf]:
    rows = db.session.execute(query.execution_options(populate_existing=True))
    return [
        Shelf(sku_id, number, f"{product} {own}".strip(), *rest)
        for sku_id, number, product, own, *rest in rows
    ]
