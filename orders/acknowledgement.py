"""Paid orders that billing has not acknowledged, and how many it has."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from orders.models import Fulfilment, HandOver, HandOverStatus, OrderLine, OrderStatus, SalesOrder
from wx_backend.db import db, streamed

_PAID = (OrderStatus.PAID, OrderStatus.PART_REFUNDED)
_LONGEST_TO_PAY = timedelta(days=1)


class Unacknowledged(NamedTuple):
    """A paid order whose lines billing should have; `status` is empty without a hand-over."""

    order_id: int
    number: str
    outlet_id: int | None
    payable_fen: int
    status: str
    reason: str


def unacknowledged(
    since: datetime, until: datetime, kinds: Collection[str]
) -> Iterator[Unacknowledged]:
    """The orders paid in a span with lines of these kinds that billing has not accepted."""
    query = (
        select(
            SalesOrder.id,
            SalesOrder.number,
            func.coalesce(SalesOrder.outlet_id, _outlet()),
            SalesOrder.payable_fen,
            func.coalesce(HandOver.status, ""),
            func.coalesce(HandOver.reason, ""),
        )
        .outerjoin(HandOver, HandOver.order_id == SalesOrder.id)
        .where(
            *_paid_between(since, until),
            _has_lines(kinds),
            func.coalesce(HandOver.status, "") != HandOverStatus.ACCEPTED,
        )
        .order_by(SalesOrder.id)
    )
    return map(Unacknowledged._make, streamed(query))


def count_due(since: datetime, until: datetime, kinds: Collection[str]) -> int:
    """How many orders paid in a span billing has to acknowledge."""
    query = select(func.count(SalesOrder.id)).where(*_paid_between(since, until), _has_lines(kinds))
    return db.session.scalar(query) or 0


def _paid_between(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SalesOrder.status.in_(_PAID),
        SalesOrder.expires_at >= since - _LONGEST_TO_PAY,
        SalesOrder.paid_at >= since,
        SalesOrder.paid_at < until,
    )


def _has_lines(kinds: Collection[str]) -> ColumnElement[bool]:
    return SalesOrder.id.in_(
        select(OrderLine.order_id).where(
            OrderLine.order_id == SalesOrder.id,
            OrderLine.product_kind.in_(kinds),
            OrderLine.fulfilment != Fulfilment.CANCELLED,
        )
    )


def _outlet() -> ColumnElement[int]:
    """The outlet of the order's first line: who looks after an order that names none."""
    return (
        select(func.min(OrderLine.outlet_id))
        .where(OrderLine.order_id == SalesOrder.id)
        .correlate(SalesOrder)
        .scalar_subquery()
    )


def outlets_of_orders(ids: Collection[int]) -> dict[int, int]:
    """The outlet that looks after each of these orders; those without one are missing."""
    query = select(SalesOrder.id, func.coalesce(SalesOrder.outlet_id, _outlet())).where(
        SalesOrder.id.in_(ids)
    )
    rows = db.session.execute(query)
    return {order_id: outlet_id for order_id, outlet_id in rows if outlet_id is not None}
