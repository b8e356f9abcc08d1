"""What was sold: per developer, and per customer of a developer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, distinct, func, select

from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.search import credited_to
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders with a line of somebody's: how many, how many of them paid, and what was kept in fen."""

    orders: int = 0
    paid_orders: int = 0
    kept_fen: int = 0


def sales_by_developer(rep_ids: Iterable[int]) -> dict[int, Sales]:
    """What each of these reps sold as developer; refunds are taken off."""
    return _sales(OrderLine.developer_rep_id, OrderLine.developer_rep_id.in_(set(rep_ids)))


def open_orders_of(rep_id: int) -> int:
    """How many orders with a line of this developer are not done: unpaid, or still on their way."""
    live = (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PART_REFUNDED)
    query = (
        select(func.count(distinct(SalesOrder.id)))
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(
            OrderLine.developer_rep_id == rep_id,
            SalesOrder.status.in_(live),
            OrderLine.fulfilment.in_((Fulfilment.WAITING, Fulfilment.SENT)),
        )
    )
    return db.session.scalar(query) or 0


def sales_by_member(rep_id: int, member_ids: Iterable[int]) -> dict[int, Sales]:
    """What each of these members bought through a rep."""
    return _sales(
        SalesOrder.member_id,
        OrderLine.developer_rep_id == rep_id,
        SalesOrder.member_id.in_(set(member_ids)),
    )


def paid_between(rep_id: int, since: datetime, until: datetime) -> int:
    """How many orders with a line credited to a rep were paid from an instant until before another."""
    query = select(func.count()).where(
        SalesOrder.id.in_(credited_to(rep_id)),
        SalesOrder.paid_at >= since,
        SalesOrder.paid_at < until,
    )
    return db.session.scalar(query) or 0


def sold_lines(line_ids: Iterable[int]) -> dict[int, int]:
    """Of these lines, those whose order was paid and not given back whole: line -> order."""
    rows = db.session.execute(
        select(OrderLine.id, OrderLine.order_id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(
            OrderLine.id.in_(set(line_ids)),
            SalesOrder.paid_at.is_not(None),
            SalesOrder.status != OrderStatus.REFUNDED,
        )
    )
    return {line_id: order_id for line_id, order_id in rows}  # noqa: C416 - rows are no pairs to dict()


def orders_by_developer(rep_ids: Select[int], since: datetime, until: datetime) -> dict[int, int]:
    """How many orders of a span each of these reps sold, by when they were paid.

    An order that was given back whole counts for nobody; reps without one are left out.
    """
    rows = db.session.execute(
        select(OrderLine.developer_rep_id, func.count(distinct(SalesOrder.id)))
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(
            OrderLine.developer_rep_id.in_(rep_ids),
            SalesOrder.paid_at >= since,
            SalesOrder.paid_at < until,
            SalesOrder.status != OrderStatus.REFUNDED,
        )
        .group_by(OrderLine.developer_rep_id)
    )
    return {rep_id: count for rep_id, count in rows if rep_id is not None}


def _sales(by: object, *conditions: object) -> dict[int, Sales]:
    is_paid = SalesOrder.paid_at.is_not(None)
    kept = func.sum(OrderLine.paid_fen - OrderLine.refunded_fen)
    rows = db.session.execute(
        select(
            by,  # type: ignore[call-overload]  # one of two columns
            func.count(distinct(SalesOrder.id)),
            func.count(distinct(SalesOrder.id)).filter(is_paid),
            func.coalesce(kept.filter(is_paid), 0),
        )
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(*conditions)
        .group_by(by)
    )
    return {who: Sales(orders, paid, int(fen)) for who, orders, paid, fen in rows}
