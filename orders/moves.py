"""The one place where an order or a line changes state: a conditional update and a history row."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from orders.models import Fulfilment, OrderLine, OrderStatus, OrderTransition, SalesOrder
from orders.rules import LINE_MOVES, MOVES
from wx_backend.db import db, locked
from wx_backend.errors import NotFound


def locked_order(order_id: int) -> SalesOrder:
    """The order, locked and fresh; NotFound if there is none."""
    order = locked(select(SalesOrder).where(SalesOrder.id == order_id))
    if order is None:
        raise NotFound
    return order


def move_order(
    order: SalesOrder, to: OrderStatus, *, actor: str, cause: str, now: datetime, **instants: Any
) -> bool:
    """Move a locked order; False when it may not go there from where it is.

    `instants` are the columns that date the new state (`paid_at=...`).
    """
    source = OrderStatus(order.status)
    if to not in MOVES[source]:
        return False
    moved = db.session.scalars(
        update(SalesOrder)
        .where(SalesOrder.id == order.id, SalesOrder.status == source)
        .values(status=to, moves=SalesOrder.moves + 1, **instants)
        .returning(SalesOrder)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    assert moved is order, "the order was not locked"  # noqa: S101 - a bug of ours
    note_transition(order, source, to, actor=actor, cause=cause, moved_at=now)
    return True


def move_line(
    order: SalesOrder, line: OrderLine, to: Fulfilment, *, actor: str, cause: str, now: datetime
) -> bool:
    """Move one line of a locked order; False when it may not go there from where it is."""
    source = Fulfilment(line.fulfilment)
    if to not in LINE_MOVES[source]:
        return False
    line.fulfilment = to
    line.fulfilled_at = now if to in {Fulfilment.RECEIVED, Fulfilment.ACTIVATED} else None
    order.moves += 1
    note_transition(order, source, to, actor=actor, cause=cause, moved_at=now, line_id=line.id)
    return True


def note_transition(
    order: SalesOrder,
    source: OrderStatus | Fulfilment | None,
    to: OrderStatus | Fulfilment,
    *,
    line_id: int | None = None,
    **why: Any,
) -> None:
    """Write the row of a locked order's history that was counted last; `why` are its actor, cause and moved_at."""
    db.session.add(
        OrderTransition(
            order_id=order.id,
            position=order.moves,
            line_id=line_id,
            from_status=source,
            to_status=to,
            **why,
        )
    )
    db.session.flush()
