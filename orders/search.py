"""Finding orders for the people who run the outlets: a list, its count and one order, in one scope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, union, union_all

from orders.credits import Credits, is_credited_to, is_developed_by
from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.queries import PAGE
from orders.rules import LINES_MAX
from wx_backend.db import db

LINES_USUAL: Final = 2
FEW: Final = 25
"""So many outlets are asked one by one."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RepsOrders:
    """Which orders of a rep's are meant; empty fields leave things open.

    `text` is a part of an order number; the orders of `called` are meant as well as those.
    `buyers` are the members whose orders alone are meant.
    """

    text: str = ""
    called: frozenset[int] = frozenset()
    buyers: frozenset[int] | None = None
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None


def order_ids(scope: Select[int]) -> Select[int]:
    """The ids of the orders that outlets of a scope sold or hand out, to filter others by."""
    sold = select(OrderLine.order_id).where(OrderLine.outlet_id.in_(scope))
    return select(SalesOrder.id).where(
        or_(SalesOrder.outlet_id.in_(scope), SalesOrder.id.in_(sold))
    )


def line_ids(scope: Select[int]) -> Select[int]:
    """The ids of all lines of the same orders, to filter others by."""
    return select(OrderLine.id).where(OrderLine.order_id.in_(order_ids(scope)))


def order_numbers(scope: Select[int]) -> Select[str]:
    """The numbers of those orders."""
    return select(SalesOrder.number).where(SalesOrder.id.in_(order_ids(scope)))


def credited_to(rep_id: int) -> Select[int]:
    """The ids of the orders with a line that was credited to a rep when it was paid, to filter others by."""
    return select(OrderLine.order_id).where(is_credited_to(Credits(rep_id)))


def lines_credited_to(credited: Credits) -> Select[int]:
    """The ids of the lines credited to a rep now, to filter others by."""
    return select(OrderLine.id).where(is_credited_to(credited))


def orders_found(
    wanted: OrderFilter, *, before: int | None = None, limit: int = PAGE
) -> Sequence[SalesOrder]:
    """The orders meant that were made before another, the newest first.

    Of a few outlets each is asked for its own newest; of many, orders are looked through from the
    newest on, for every so manieth is theirs. Either way it costs the same after years, unless a
    condition is so rare that few of the newest meet it.
    """
    outlets, conditions = _outlets(wanted.scope), _conditions(wanted)
    if not outlets:
        return []
    query = select(SalesOrder)
    if len(outlets) <= FEW:
        newest = [
            _some(ids.where(key < before) if before is not None else ids, limit)
            for outlet_id in outlets
            for key, ids in _newest_of_outlet(outlet_id, conditions)
        ]
        query = query.where(SalesOrder.id.in_(union_all(*newest)))
    else:
        query = query.where(is_within(wanted.scope), *conditions)
        query = query.where(SalesOrder.id < before) if before is not None else query
    return db.session.scalars(query.order_by(SalesOrder.id.desc()).limit(limit)).all()


def count_found(wanted: OrderFilter, *, limit: int) -> int:
    """How many orders are meant; counted up to `limit` only."""
    outlets, conditions = _outlets(wanted.scope), _conditions(wanted)
    sold = select(OrderLine.order_id.label("id")).where(OrderLine.outlet_id.in_(outlets))
    if conditions:
        sold = sold.join(SalesOrder, SalesOrder.id == OrderLine.order_id).where(*conditions)
    handed_out = select(SalesOrder.id).where(SalesOrder.outlet_id.in_(outlets), *conditions)
    # As many lines as so many orders usually have; if that was not enough, as they have at most.
    lines = limit * LINES_USUAL
    while True:
        found, read = _count(_some(sold, lines), _some(handed_out, limit))
        if found >= limit or read < lines or lines == limit * LINES_MAX:
            return min(limit, found)
        lines = limit * LINES_MAX


def _count(sold: Select[int], handed_out: Select[int]) -> tuple[int, int]:
    """How many orders these are, and how many lines of theirs were read for it."""
    lines = sold.cte("sold")
    orders = union(select(lines.c.id), handed_out).subquery()
    counts = (select(func.count()).select_from(each).scalar_subquery() for each in (orders, lines))
    found, read = db.session.execute(select(*counts)).one()
    return found, read


def order_within(number: str, scope: Select[int]) -> SalesOrder | None:
    """The order of this number, if it is one of the scope's."""
    query = select(SalesOrder).where(SalesOrder.number == number, is_within(scope))
    return db.session.scalars(query).one_or_none()


def orders_of_lines(
    credited: Credits, wanted: RepsOrders, *, before: int | None = None, limit: int = PAGE
) -> Sequence[SalesOrder]:
    """The orders with a line that is or was a rep's, and that were made before another, newest first.

    What he lost is history: it is not among what is asked for by state, or by whose orders they are.
    """
    ids, conditions = OrderLine.order_id, _of_his(wanted)
    has_lost = wanted.status is None and wanted.buyers is None
    lines = [
        select(ids).distinct().where(is_his).order_by(ids.desc())
        for is_his in _ways_to_be_his(credited, has_lost=has_lost)
    ]
    if conditions:
        lines = [
            each.join(SalesOrder, SalesOrder.id == OrderLine.order_id).where(*conditions)
            for each in lines
        ]
    newest = [_some(each if before is None else each.where(ids < before), limit) for each in lines]
    query = select(SalesOrder).where(SalesOrder.id.in_(union_all(*newest)))
    return db.session.scalars(query.order_by(SalesOrder.id.desc()).limit(limit)).all()


def credited_order(number: str, credited: Credits) -> SalesOrder | None:
    """The order of this number, if a line of it is or was the rep's."""
    is_his = or_(is_credited_to(credited), OrderLine.id.in_([*credited.lost]))
    ids = select(OrderLine.order_id).where(is_his)
    query = select(SalesOrder).where(SalesOrder.number == number, SalesOrder.id.in_(ids))
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


def _outlets(scope: Select[int]) -> Sequence[int]:
    return db.session.scalars(scope).all()


def _newest_of_outlet(
    outlet_id: int, conditions: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[Any, Select[int]]]:
    """What an outlet sold and what it hands out, each with the column of its order's id."""
    sold = select(OrderLine.order_id).distinct().where(OrderLine.outlet_id == outlet_id)
    if conditions:
        sold = sold.join(SalesOrder, SalesOrder.id == OrderLine.order_id).where(*conditions)
    yield OrderLine.order_id, sold.order_by(OrderLine.order_id.desc())
    handed_out = select(SalesOrder.id).where(SalesOrder.outlet_id == outlet_id, *conditions)
    yield SalesOrder.id, handed_out.order_by(SalesOrder.id.desc())


def _some(ids: Select[int], limit: int) -> Select[int]:
    """So many of these and no more, in a form that can be put together with others."""
    first = ids.limit(limit).subquery()
    return select(first.c[0])


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    """What an order has to be, wherever it belongs."""
    conditions: list[ColumnElement[bool]] = []
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


def _of_his(wanted: RepsOrders) -> list[ColumnElement[bool]]:
    """What an order of a rep's has to be."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        is_so = SalesOrder.number.contains(wanted.text.upper(), autoescape=True)
        conditions.append(or_(is_so, SalesOrder.member_id.in_(wanted.called)))
    if wanted.buyers is not None:
        conditions.append(SalesOrder.member_id.in_(wanted.buyers))
    if wanted.status is not None:
        conditions.append(SalesOrder.status == wanted.status)
    if wanted.placed_from is not None:
        conditions.append(SalesOrder.placed_at >= wanted.placed_from)
    if wanted.placed_until is not None:
        conditions.append(SalesOrder.placed_at < wanted.placed_until)
    return conditions


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


def is_within(scope: Select[int]) -> ColumnElement[bool]:
    """Whether an order was sold or is handed out by an outlet of the scope."""
    return or_(SalesOrder.outlet_id.in_(scope), _has_line(OrderLine.outlet_id.in_(scope)))


def _has_line(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Order by order: OFFSET keeps PostgreSQL from reading the lines of all of them beforehand."""
    mine = select(OrderLine.id).where(OrderLine.order_id == SalesOrder.id, *conditions)
    mine = mine.correlate(SalesOrder)
    return mine.offset(0).exists()


def _ways_to_be_his(credited: Credits, *, has_lost: bool) -> Iterator[ColumnElement[bool]]:
    """One by one, so that each is read by its own index."""
    yield is_developed_by(replace(credited, gained={}))
    yield OrderLine.acceptor_rep_id == credited.rep_id
    given = [*credited.gained, *(credited.lost if has_lost else ())]
    if given:
        yield OrderLine.id.in_(given)
