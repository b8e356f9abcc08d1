"""What happened to the orders credited to a rep, one by one, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select

from orders.models import OrderStatus, OrderTransition, SalesOrder
from orders.search import credited_to
from wx_backend.db import db

TOLD: Final = frozenset({OrderStatus.PLACED, OrderStatus.PAID})
"""Moves that are news to the rep; money going back is told by the refunds themselves."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of an order."""

    transition_id: int
    order_id: int
    number: str
    identity_id: int
    to_status: str
    at: datetime


def moves_before(rep_id: int, before: tuple[datetime, int], *, limit: int) -> Sequence[Moved]:
    """Moves older than a position (instant and id), the newest first."""
    at, transition_id = before
    rows = db.session.execute(
        select(
            OrderTransition.id,
            SalesOrder.id,
            SalesOrder.number,
            SalesOrder.identity_id,
            OrderTransition.to_status,
            OrderTransition.moved_at,
        )
        .join(SalesOrder, SalesOrder.id == OrderTransition.order_id)
        .where(
            SalesOrder.id.in_(credited_to(rep_id)),
            OrderTransition.line_id.is_(None),
            OrderTransition.to_status.in_(TOLD),
            or_(
                OrderTransition.moved_at < at,
                and_(OrderTransition.moved_at == at, OrderTransition.id < transition_id),
            ),
        )
        .order_by(OrderTransition.moved_at.desc(), OrderTransition.id.desc())
        .limit(limit)
    )
    return [Moved(*row) for row in rows]


def moves_counted(rep_id: int, since: datetime, until: datetime) -> dict[str, int]:
    """How many of the rep's orders came to each status from an instant until before another."""
    rows = db.session.execute(
        select(OrderTransition.to_status, func.count())
        .where(
            OrderTransition.order_id.in_(credited_to(rep_id)),
            OrderTransition.line_id.is_(None),
            OrderTransition.to_status.in_(TOLD),
            OrderTransition.moved_at >= since,
            OrderTransition.moved_at < until,
        )
        .group_by(OrderTransition.to_status)
    )
    return {status: count for status, count in rows}  # noqa: C416 - rows are no pairs to dict()
