"""How much lay in store over a span of days: the other half of the turnover of stock."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, false, func, or_, select

from catalog.models import DEFAULT_PLACE, Stock, StockMove, StockPlace
from fulfilment.kpis import Stay, Window, units_sold
from wx_backend.db import db


def turnover_bp(window: Window, *, is_everything: bool) -> int | None:
    """Units sold per unit in store, in basis points; None where nothing was in store.

    Places of the outlets that belonged here on any of the days count; the central store too when the
    scope is everything, or when no outlet in it keeps goods of its own.
    """
    stock = _stock_rows(window.stays, is_everything=is_everything)
    average = (_on_hand(stock, window.begin) + _on_hand(stock, min(window.end, window.now))) / 2
    return int(units_sold(window) * 10_000 / average) if average else None


def _stock_rows(stays: Sequence[Stay], *, is_everything: bool) -> Select[int]:
    own = (
        select(Stock.id)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .where(or_(false(), *(StockPlace.outlet_id.in_(stay.places) for stay in stays)))
    )
    has_own = db.session.scalar(own.limit(1)) is not None
    central = Stock.place_id == DEFAULT_PLACE
    if is_everything:
        return select(Stock.id).where(or_(central, Stock.id.in_(own)))
    return own if has_own else select(Stock.id).where(central)


def _on_hand(stock: Select[int], at: datetime) -> int:
    """Units in store at an instant: the sum of all moves before it."""
    total = select(func.coalesce(func.sum(StockMove.on_hand_change), 0)).where(
        StockMove.stock_id.in_(stock), StockMove.moved_at < at
    )
    return db.session.scalar(total) or 0
