"""Finding orders for the people who run the outlets: a list, its count and one order, in one scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.queries import PAGE
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders are meant: those of the outlets in `scope`, narrowed down.

    `scope` selects outlet ids; an empty one means no orders. `number` is the beginning of an
    order number. `placed_from` is included, `placed_until` is not.
    """

    scope: Select[int]
    number: str = ""
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None


def order_ids(scope: Select[int]) -> Select[int]:
    """The ids of the orders that outlets of a scope sold or hand out, to filter others by."""
    return select(SalesOrder.id).where(_is_within(scope))


def credited_to(rep_id: int) -> Select[int]:
    """The ids of the orders with a line credited to a rep, to filter others by."""
    return select(OrderLine.order_id).where(_is_his(rep_id))


def lines_credited_to(rep_id: int) -> Select[int]:
    """The ids of the lines credited to a rep, to filter others by."""
    return select(OrderLine.id).where(_is_his(rep_id))


def orders_found(wanted: OrderFilter, *, after: int = 0, limit: int = PAGE) -> Sequence[SalesOrder]:
    """The orders meant, newest first; `after` skips that many."""
    query = (
        select(SalesOrder)
        .where(*_conditions(wanted))
        .order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_found(wanted: OrderFilter) -> int:
    """How many orders are meant."""
    query = select(func.count()).select_from(SalesOrder).where(*_conditions(wanted))
    return db.session.scalar(query) or 0


def order_within(number: str, scope: Select[int]) -> SalesOrder | None:
    """The order of this number, if it is one of the scope's."""
    query = select(SalesOrder).where(SalesOrder.number == number, _is_within(scope))
    return db.session.scalars(query).one_or_none()


def orders_of_lines(rep_id: int, *, after: int = 0, limit: int = PAGE) -> Sequence[SalesOrder]:
    """The orders with a line credited to a rep, newest first; `after` skips that many."""
    query = (
        select(SalesOrder)
        .where(SalesOrder.id.in_(credited_to(rep_id)))
        .order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    return db.session.scalars(query.offset(after).limit(limit)).all()


def credited_order(number: str, rep_id: int) -> SalesOrder | None:
    """The order of this number, if a line of it is credited to the rep."""
    query = select(SalesOrder).where(
        SalesOrder.number == number, SalesOrder.id.in_(credited_to(rep_id))
    )
    return db.session.scalars(query).one_or_none()


def lines_of_orders(ids: Sequence[int]) -> dict[int, list[OrderLine]]:
    """The lines of several orders by order, each in its order's sequence."""
    rows = db.session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(ids))
        .order_by(OrderLine.order_id, OrderLine.position)
    )
    found: dict[int, list[OrderLine]] = {order_id: [] for order_id in ids}
    for line in rows:
        found[line.order_id].append(line)
    return found


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    conditions = [_is_within(wanted.scope)]
    if wanted.number:
        conditions.append(SalesOrder.number.startswith(wanted.number, autoescape=True))
    if wanted.status is not None:
        conditions.append(SalesOrder.status == wanted.status)
    if wanted.placed_from is not None:
        conditions.append(SalesOrder.placed_at >= wanted.placed_from)
    if wanted.placed_until is not None:
        conditions.append(SalesOrder.placed_at < wanted.placed_until)
    return conditions


def _is_within(scope: Select[int]) -> ColumnElement[bool]:
    sold = select(OrderLine.order_id).where(OrderLine.outlet_id.in_(scope))
    return or_(SalesOrder.outlet_id.in_(scope), SalesOrder.id.in_(sold))


def _is_his(rep_id: int) -> ColumnElement[bool]:
    return or_(OrderLine.developer_rep_id == rep_id, OrderLine.acceptor_rep_id == rep_id)
