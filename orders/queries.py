"""Reads of orders: by number, of a member, due for closing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from orders.models import OrderLine, OrderTransition, SalesOrder
from wx_backend.db import db

PAGE = 20


def order_by_id(order_id: int) -> SalesOrder | None:
    """The order of this id."""
    return db.session.get(SalesOrder, order_id)


def order_by_number(number: str, *, member_id: int | None = None) -> SalesOrder | None:
    """The order of this public number; with a member, only if it is that member's."""
    query = select(SalesOrder).where(SalesOrder.number == number)
    if member_id is not None:
        query = query.where(SalesOrder.member_id == member_id)
    return db.session.scalars(query).one_or_none()


def lines_of_order(order_id: int) -> Sequence[OrderLine]:
    """The lines of one order by position."""
    return db.session.scalars(
        select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    ).all()


def line_by_id(line_id: int) -> OrderLine | None:
    """The order line of this id."""
    return db.session.get(OrderLine, line_id)


def orders_of_members(
    member_ids: Iterable[int], *, after: int = 0, limit: int = PAGE
) -> Sequence[SalesOrder]:
    """The orders of one person's member rows, newest first; `after` skips that many."""
    query = (
        select(SalesOrder)
        .where(SalesOrder.member_id.in_(set(member_ids)))
        .order_by(SalesOrder.placed_at.desc(), SalesOrder.id.desc())
    )
    return db.session.scalars(query.offset(after).limit(limit)).all()


def transitions_of(order_id: int) -> Sequence[OrderTransition]:
    """The order's whole history, first move first."""
    return db.session.scalars(
        select(OrderTransition)
        .where(OrderTransition.order_id == order_id)
        .order_by(OrderTransition.position)
    ).all()


class Paid(NamedTuple):
    """A paid order as what became known of its buyer later is compared with it."""

    id: int
    member_id: int
    placed_at: datetime
    paid_at: datetime


def orders_paid_in(
    member_ids: Iterable[int], *, placed_from: datetime, paid_from: datetime, paid_until: datetime
) -> list[Paid]:
    """What these members placed from an instant on and paid within a time."""
    columns = (SalesOrder.id, SalesOrder.member_id, SalesOrder.placed_at, SalesOrder.paid_at)
    query = select(*columns).where(
        SalesOrder.member_id.in_(set(member_ids)),
        SalesOrder.placed_at >= placed_from,
        SalesOrder.paid_at.between(paid_from, paid_until),
    )
    rows = db.session.execute(query.order_by(SalesOrder.id))
    return [
        Paid(order_id, member_id, placed_at, paid_at)
        for order_id, member_id, placed_at, paid_at in rows
        if paid_at is not None
    ]


def orders_by_id(ids: Iterable[int]) -> dict[int, SalesOrder]:
    """These orders by id."""
    rows = db.session.scalars(select(SalesOrder).where(SalesOrder.id.in_(set(ids))))
    return {row.id: row for row in rows}


def lines_by_id(ids: Iterable[int]) -> dict[int, OrderLine]:
    """These order lines by id."""
    rows = db.session.scalars(select(OrderLine).where(OrderLine.id.in_(set(ids))))
    return {row.id: row for row in rows}


def numbers_of_lines(line_ids: Iterable[int]) -> dict[int, str]:
    """The numbers of the orders that these lines belong to, by line."""
    rows = db.session.execute(
        select(OrderLine.id, SalesOrder.number)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(OrderLine.id.in_(set(line_ids)))
    )
    return {line_id: number for line_id, number in rows}  # noqa: C416 - rows are no pairs to dict()


def orders_after(order_id: int, *, is_paid: bool = False, limit: int) -> Sequence[int]:
    """The next order ids after one; with `is_paid` only of orders that were paid once."""
    query = select(SalesOrder.id).where(SalesOrder.id > order_id)
    if is_paid:
        query = query.where(SalesOrder.paid_at.is_not(None))
    return db.session.scalars(query.order_by(SalesOrder.id).limit(limit)).all()
