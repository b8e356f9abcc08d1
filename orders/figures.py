"""What was sold: per developer, and per customer of a developer."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import distinct, func, select

from orders.credits import Credits, is_developed_by
from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders with a line of somebody's: how many, how many of them paid, and what was kept in fen."""

    orders: int = 0
    paid_orders: int = 0
    kept_fen: int = 0


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


def sales_by_member(credited: Credits, member_ids: Iterable[int]) -> dict[int, Sales]:
    """What each of these members bought of which the developer's credit is a rep's now."""
    is_paid = SalesOrder.paid_at.is_not(None)
    kept = func.sum(OrderLine.paid_fen - OrderLine.refunded_fen)
    rows = db.session.execute(
        select(
            SalesOrder.member_id,
            func.count(distinct(SalesOrder.id)),
            func.count(distinct(SalesOrder.id)).filter(is_paid),
            func.coalesce(kept.filter(is_paid), 0),
        )
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(is_developed_by(credited), SalesOrder.member_id.in_(set(member_ids)))
        .group_by(SalesOrder.member_id)
    )
    return {who: Sales(orders, paid, int(fen)) for who, orders, paid, fen in rows}


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
