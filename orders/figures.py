"""What was sold: per developer, per customer of a developer, and in one span of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, distinct, func, select

from orders.models import OrderLine, SalesOrder
from orders.search import OrderFilter, count_found, order_ids
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders with a line of somebody's: how many, how many of them paid, and what was kept in fen."""

    orders: int = 0
    paid_orders: int = 0
    kept_fen: int = 0


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """One span of time in one scope; `paid_fen` is what the orders paid in it cost the buyers."""

    placed: int
    paid: int
    paid_fen: int


def sales_by_developer(rep_ids: Iterable[int]) -> dict[int, Sales]:
    """What each of these reps sold as developer; refunds are taken off."""
    return _sales(OrderLine.developer_rep_id, OrderLine.developer_rep_id.in_(set(rep_ids)))


def sales_by_member(rep_id: int, member_ids: Iterable[int]) -> dict[int, Sales]:
    """What each of these members bought through a rep."""
    return _sales(
        SalesOrder.member_id,
        OrderLine.developer_rep_id == rep_id,
        SalesOrder.member_id.in_(set(member_ids)),
    )


def figures_between(scope: Select[int], since: datetime, until: datetime) -> SpanFigures:
    """What the outlets of a scope sold from an instant until before another."""
    paid = select(func.count(), func.coalesce(func.sum(SalesOrder.payable_fen), 0)).where(
        SalesOrder.id.in_(order_ids(scope)), SalesOrder.paid_at >= since, SalesOrder.paid_at < until
    )
    count, paid_fen = db.session.execute(paid).one()
    wanted = OrderFilter(scope, placed_from=since, placed_until=until)
    return SpanFigures(placed=count_found(wanted), paid=count, paid_fen=int(paid_fen))


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
