"""Reads of stock for the people who keep it: how much lies where, and why it changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from catalog.models import DEFAULT_PLACE, Sku, Stock, StockMove, StockPlace
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Shelf:
    """How many units of a variant lie in the central store, and how many of them are promised."""

    stock_id: int
    sku_id: int
    sku_name: str
    place: str
    on_hand: int
    reserved: int


def shelves_of(sku_ids: Iterable[int]) -> list[Shelf]:
    """The central store's stock of these variants; uncounted ones are left out."""
    rows = db.session.execute(
        select(Stock, Sku.name, StockPlace.name)
        .join(Sku, Sku.id == Stock.sku_id)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .where(Stock.sku_id.in_(set(sku_ids)), Stock.place_id == DEFAULT_PLACE)
        .order_by(Sku.position, Sku.id)
        .execution_options(populate_existing=True)
    )
    return [
        Shelf(stock.id, stock.sku_id, sku_name, place, stock.on_hand, stock.reserved)
        for stock, sku_name, place in rows
    ]


def moves_of(stock_ids: Iterable[int], *, limit: int = 50) -> Sequence[StockMove]:
    """What changed on these shelves, the newest first."""
    return db.session.scalars(
        select(StockMove)
        .where(StockMove.stock_id.in_(set(stock_ids)))
        .order_by(StockMove.id.desc())
        .limit(limit)
    ).all()
