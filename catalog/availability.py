"""How much can be had of a variant, and which way: from the central store, or from an outlet's shelf.

A variant is counted once units of it were booked anywhere; where nothing was booked there are none.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, func, select

from catalog.models import DEFAULT_PLACE, Reservation, Sku, Stock, StockPlace
from wx_backend.db import db

_IS_COUNTED = select(Stock.id).where(Stock.sku_id == Sku.id).exists()


@dataclass(frozen=True, slots=True)
class Left:
    """Free units of what is counted: in the central store, and on one outlet's own shelf.

    `to_fetch` can be had at that outlet's counter: each line of an order comes from one store.
    """

    central: int
    on_shelf: int
    to_fetch: int


def left_of(sku_ids: Iterable[int], *, outlet_id: int | None = None) -> dict[int, Left]:
    """What is left of these variants, by id; uncounted ones are left out."""
    rows = db.session.execute(
        select(
            Sku.id,
            func.coalesce(_free(Stock.place_id == DEFAULT_PLACE), 0),
            func.coalesce(_free(StockPlace.outlet_id == (outlet_id or 0)), 0),
        ).where(Sku.id.in_(set(sku_ids)), _IS_COUNTED)
    )
    return {sku_id: Left(central, shelf, max(central, shelf)) for sku_id, central, shelf in rows}


def left_together(parts: Iterable[tuple[int, int]], left: Mapping[int, Left]) -> Left | None:
    """How many of what is made of so many pieces of these variants; None where nothing is counted."""
    counted = [(left[sku_id], quantity) for sku_id, quantity in parts if sku_id in left]
    if not counted:
        return None
    return Left(
        min(each.central // quantity for each, quantity in counted),
        min(each.on_shelf // quantity for each, quantity in counted),
        min(each.to_fetch // quantity for each, quantity in counted),
    )


def on_shelves(
    sku_ids: Iterable[int], outlet_ids: Collection[int]
) -> Mapping[int, Mapping[int, int]]:
    """Free units of these variants on outlets' own shelves, by outlet and variant."""
    found: dict[int, dict[int, int]] = {outlet_id: {} for outlet_id in outlet_ids}
    rows = db.session.execute(
        select(StockPlace.outlet_id, Stock.sku_id, Stock.on_hand - Stock.reserved)
        .join(Stock, Stock.place_id == StockPlace.id)
        .where(Stock.sku_id.in_(set(sku_ids)), StockPlace.outlet_id.in_(found))
    )
    for outlet_id, sku_id, free in rows:
        if outlet_id is not None:
            found[outlet_id][sku_id] = free
    return found


def is_counted(sku_id: int) -> bool:
    """Whether units of a variant were ever booked anywhere."""
    return db.session.scalar(select(Sku.id).where(Sku.id == sku_id, _IS_COUNTED)) is not None


def is_from_central(key: str) -> bool:
    """Whether a reservation is of the central store's units."""
    central = (
        select(Reservation.id)
        .join(Stock, Stock.id == Reservation.stock_id)
        .where(Reservation.key == key, Stock.place_id == DEFAULT_PLACE)
    )
    return db.session.scalar(central) is not None


def _free(at: ColumnElement[bool]) -> ScalarSelect[int]:
    """The free units of a variant of the query around it, at one place."""
    return (
        select(Stock.on_hand - Stock.reserved)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .where(Stock.sku_id == Sku.id, at)
        .scalar_subquery()
    )
