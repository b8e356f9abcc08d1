"""Verbs on placed orders: pay, close, attribute, hand over."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select, update

from catalog import numbers as pool
from catalog import stock
from orders.errors import AttributionFrozen, MoveRefused
from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order, move_line, move_order
from orders.placement import reservation_key
from orders.queries import lines_of_order
from wx_backend.db import db, locked
from wx_backend.errors import NotFound
from wx_backend.rounds import take_round

CLOSE_AGAIN = timedelta(hours=1)


class PaidOutcome(StrEnum):
    """What became of an order whose money is here."""

    PAID = "paid"
    REPEAT = "repeat"
    CLOSED = "closed"
    SHORTAGE = "shortage"


def mark_order_paid(*, order_id: int, paid_at: datetime, cause: str, now: datetime) -> PaidOutcome:
    """The money is here: the promised units are sold, once.

    CLOSED and SHORTAGE change nothing: the money has to go back.
    """
    order = locked_order(order_id)
    if order.status == OrderStatus.CLOSED:
        return PaidOutcome.CLOSED
    if order.status != OrderStatus.PLACED:
        return PaidOutcome.REPEAT
    with db.session.begin_nested() as savepoint:
        lines = sorted(lines_of_order(order_id), key=lambda line: (line.sku_id, line.position))
        if not all(_take(order, line, now) for line in lines):
            savepoint.rollback()
            return PaidOutcome.SHORTAGE
    move_order(order, OrderStatus.PAID, actor="system", cause=cause, now=now, paid_at=paid_at)
    return PaidOutcome.PAID


def close_order(*, order_id: int, actor: str, cause: str, now: datetime) -> bool:
    """Close an unpaid order and free its stock; False when it is paid or closed already.

    The caller has made sure that no payment of it has succeeded.
    """
    order = locked_order(order_id)
    if not move_order(order, OrderStatus.CLOSED, actor=actor, cause=cause, now=now, closed_at=now):
        return False
    for line in sorted(lines_of_order(order_id), key=lambda line: (line.sku_id, line.position)):
        stock.release(key=reservation_key(line.id), now=now)
        pool.release(key=reservation_key(line.id))
    return True


def _take(order: SalesOrder, line: OrderLine, now: datetime) -> bool:
    """The line's units are sold, and its phone number is kept for it."""
    key = reservation_key(line.id)
    if not stock.take(key=key, now=now):
        return False
    return line.number_reference is None or pool.keep(
        msisdn=line.number_reference, member_id=order.member_id, key=key, now=now
    )


def attribute_line(
    *,
    line_id: int,
    developer_rep_id: int | None,
    acceptor_rep_id: int | None,
    outlet_id: int | None,
    policy_version: int,
) -> None:
    """Freeze who is credited for a line; AttributionFrozen once the order is paid or closed."""
    unpaid = select(SalesOrder.id).where(SalesOrder.status == OrderStatus.PLACED)
    changed = db.session.execute(
        update(OrderLine)
        .where(OrderLine.id == line_id, OrderLine.order_id.in_(unpaid))
        .values(
            developer_rep_id=developer_rep_id,
            acceptor_rep_id=acceptor_rep_id,
            outlet_id=outlet_id,
            policy_version=policy_version,
        )
        .execution_options(synchronize_session="fetch")
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise AttributionFrozen


def fulfil_line(
    *, line_id: int, to: Fulfilment, actor: str, cause: str, now: datetime
) -> OrderLine:
    """Record how far a paid line has come; MoveRefused when it cannot go there."""
    order, line = locked_line(line_id)
    if order.status not in {OrderStatus.PAID, OrderStatus.PART_REFUNDED}:
        raise MoveRefused
    if not move_line(order, line, to, actor=actor, cause=cause, now=now):
        raise MoveRefused(status=line.fulfilment)
    return line


def locked_line(line_id: int) -> tuple[SalesOrder, OrderLine]:
    """A line and its order, order locked first; NotFound if there is no such line."""
    order_id = db.session.scalar(select(OrderLine.order_id).where(OrderLine.id == line_id))
    if order_id is None:
        raise NotFound
    order = locked_order(order_id)
    line = locked(select(OrderLine).where(OrderLine.id == line_id))
    assert line is not None  # noqa: S101 - lines are never deleted
    return order, line


def unpaid_orders_to_close(*, now: datetime, limit: int = 100) -> list[int]:
    """The next orders whose time to pay is over; each has its turn, hourly while it will not close."""
    return take_round(
        SalesOrder,
        SalesOrder.status == OrderStatus.PLACED,
        SalesOrder.expires_at <= now,
        or_(SalesOrder.chased_at.is_(None), SalesOrder.chased_at <= now - CLOSE_AGAIN),
        since=SalesOrder.expires_at,
        before=now,
        now=now,
        limit=limit,
    )
