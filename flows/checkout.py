"""A member orders: prices and stock are ours, the credit is decided, the clock is set."""

from dataclasses import dataclass
from datetime import datetime

from flows.attribution import attribute_order
from flows.payment.ending import close_unpaid
from orders.counter import accept_at_counter
from orders.models import SalesOrder
from orders.placement import place_order
from orders.values import Wish
from wx_backend import crash, platform
from wx_backend.outbox import defer

AFTER_ORDER = crash.point("checkout.after_order")


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """The order of a submit; `is_new` is False for a repeated one."""

    order: SalesOrder
    is_new: bool


def check_out(
    *, wish: Wish, now: datetime, discount_fen: int = 0, acceptor_rep_id: int | None = None
) -> CheckedOut:
    """Place the order, decide who is credited, and have it closed if nobody pays in time.

    One transaction: all of it or nothing. Refusals are those of `place_order`. The discount
    comes from the promotions, never from the client; the acceptor is who took the order at his
    counter.
    """
    prefix = platform.config().service.number_prefix
    placed = place_order(wish=wish, discount_fen=discount_fen, now=now, prefix=prefix)
    order = placed.order
    crash.here(AFTER_ORDER)
    if placed.is_new:
        if acceptor_rep_id is not None:
            accept_at_counter(order_id=order.id, rep_id=acceptor_rep_id)
        attribute_order(order_id=order.id, now=now)
        defer(
            close_unpaid,
            key=f"{order.id}:expiry",
            due_at=order.expires_at,
            order_id=order.id,
            cause="expired",
        )
    return CheckedOut(order, placed.is_new)
