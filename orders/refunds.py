"""Verbs on the refunds of order lines: ask, give up, succeed; never more than was paid."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update

from catalog import numbers as pool
from catalog import stock
from orders.errors import RefundTooLarge
from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order, move_line, move_order
from orders.placement import reservation_key
from orders.queries import lines_of_order
from wx_backend.db import db


def reserve_line_refunds(*, order_id: int, amounts: Mapping[int, int]) -> None:
    """Set aside what is asked back, in fen by line id; RefundTooLarge beyond what was paid.

    Refunds under way count, so two people refunding at once cannot exceed a line together.
    """
    locked_order(order_id)
    for line_id, amount_fen in sorted(amounts.items()):
        if amount_fen <= 0 or not _change(order_id, line_id, reserved=amount_fen):
            raise RefundTooLarge(line=line_id)


def free_line_refunds(*, order_id: int, amounts: Mapping[int, int]) -> None:
    """A refund has definitely failed: what it set aside may be asked back again."""
    locked_order(order_id)
    for line_id, amount_fen in sorted(amounts.items()):
        _change(order_id, line_id, reserved=-amount_fen)


def record_line_refunds(
    *, order_id: int, amounts: Mapping[int, int], actor: str, now: datetime
) -> None:
    """A refund has succeeded: note it on the lines and move the order.

    A line whose money is all back before anything was sent is cancelled: its units go back to
    the shelf, its phone number rests. Call it once per refund.
    """
    order = locked_order(order_id)
    for line_id, amount_fen in sorted(amounts.items()):
        _change(order_id, line_id, refunded=amount_fen)
    lines = lines_of_order(order_id)
    for line in lines:
        db.session.refresh(line)
    is_whole = sum(line.refunded_fen for line in lines) == order.payable_fen
    to = OrderStatus.REFUNDED if is_whole else OrderStatus.PART_REFUNDED
    move_order(order, to, actor=actor, cause="refund", now=now)
    for line in sorted(lines, key=lambda line: (line.sku_id, line.position)):
        is_unsent = line.fulfilment == Fulfilment.WAITING
        if line.id in amounts and is_unsent and line.refunded_fen == line.paid_fen:
            cancel_line(order, line, actor=actor, cause="refund", now=now)


def cancel_line(
    order: SalesOrder, line: OrderLine, *, actor: str, cause: str, now: datetime
) -> bool:
    """Nothing will come of a line of a locked order: its units and its number go back. Once."""
    if not move_line(order, line, Fulfilment.CANCELLED, actor=actor, cause=cause, now=now):
        return False
    stock.put_back(key=reservation_key(line.id), now=now)
    pool.rest(key=reservation_key(line.id), now=now)
    return True


def refundable_fen(*, order_id: int) -> dict[int, int]:
    """What can still be asked back, in fen by line id; lines with nothing left are missing."""
    rows = db.session.execute(
        select(OrderLine.id, OrderLine.paid_fen - OrderLine.refund_reserved_fen).where(
            OrderLine.order_id == order_id
        )
    )
    return {line_id: fen for line_id, fen in rows if fen > 0}


def _change(order_id: int, line_id: int, *, reserved: int = 0, refunded: int = 0) -> bool:
    changed = db.session.execute(
        update(OrderLine)
        .where(
            OrderLine.id == line_id,
            OrderLine.order_id == order_id,
            OrderLine.refund_reserved_fen + reserved <= OrderLine.paid_fen,
        )
        .values(
            refund_reserved_fen=OrderLine.refund_reserved_fen + reserved,
            refunded_fen=OrderLine.refunded_fen + refunded,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
