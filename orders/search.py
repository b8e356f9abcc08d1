"""Finding orders for the people who run the outlets: a list, its count and one order, in one scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.queries import PAGE
from wx_backend.db import db


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders are meant: those of the outlets in `scope`, narrowed down.

    `scope` selects outlet ids; an empty one means no orders. `number` is the beginning of an
    order number. `placed_from` is included, `placed_until` is not. Each of `reps` selects who is
    credited with a line, each of `ids` the orders themselves; `phone` is the digest of a number, and `member_ids` are
    who proved it.
    """

    scope: Select[int]
    number: str = ""
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    product_id: int | None = None
    reps: tuple[Select[int], ...] = ()
    ids: tuple[Select[int] | Sequence[int], ...] = ()
    phone: bytes | None = None
    member_ids: frozenset[int] = frozenset()


Place = tuple[datetime, int]
"""Where in a list a page ended: when its last order was placed, and that one's id."""


def order_ids(scope: Select[int]) -> Select[int]:
    """The ids of the orders that outlets of a scope sold or hand out, to filter others by."""
    sold = select(OrderLine.order_id).where(OrderLine.outlet_id.in_(scope))
    return select(SalesOrder.id).where(
        or_(SalesOrder.outlet_id.in_(scope), SalesOrder.id.in_(sold))
    )


def credited_to(rep_id: int) -> Select[int]:
    """The ids of the orders with a line credited to a rep, to filter others by."""
    return select(OrderLine.order_id).where(_is_his(rep_id))


def lines_credited_to(rep_id: int) -> Select[int]:
    """The ids of the lines credited to a rep, to filter others by."""
    return select(OrderLine.id).where(_is_his(rep_id))


def orders_found(
    wanted: OrderFilter, *, after: Place | None = None, limit: int = PAGE
) -> Sequence[SalesOrder]:
    """The orders meant that come after a place, newest first."""
    query = (
        select(SalesOrder)
        .where(*_conditions(wanted))
        .order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    if after is not None:
        placed_at, order_id = after
        same = and_(SalesOrder.placed_at == placed_at, SalesOrder.id < order_id)
        query = query.where(or_(SalesOrder.placed_at < placed_at, same))
    return db.session.scalars(query.limit(limit)).all()


def count_found(wanted: OrderFilter, *, limit: int) -> int:
    """How many orders are meant; counted up to `limit` only."""
    some = select(SalesOrder.id).where(*_conditions(wanted)).limit(limit).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


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
    conditions += [SalesOrder.id.in_(ids) for ids in wanted.ids]
    if wanted.phone is not None:
        is_proven = SalesOrder.member_id.in_(wanted.member_ids)
        conditions.append(or_(SalesOrder.contact_phone_index == wanted.phone, is_proven))
    return conditions + _of_lines(wanted)


def _of_lines(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    """What one line of an order has to be."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.product_id is not None:
        conditions.append(OrderLine.product_id == wanted.product_id)
    conditions += [
        or_(OrderLine.developer_rep_id.in_(reps), OrderLine.acceptor_rep_id.in_(reps))
        for reps in wanted.reps
    ]
    return [_has_line(*conditions)] if conditions else []


def _is_within(scope: Select[int]) -> ColumnElement[bool]:
    return or_(SalesOrder.outlet_id.in_(scope), _has_line(OrderLine.outlet_id.in_(scope)))


def _has_line(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(OrderLine.order_id == SalesOrder.id, *conditions)


def _is_his(rep_id: int) -> ColumnElement[bool]:
    return or_(OrderLine.developer_rep_id == rep_id, OrderLine.acceptor_rep_id == rep_id)
