"""A buyer takes his order back before anybody has begun with it: all the money returns."""

from collections.abc import Sequence
from datetime import datetime

from flows.refund.agree import refund_whole_order
from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order
from payments.queries import refunds_of_order
from wx_backend.db import db
from wx_backend.errors import Conflict


class UnderWay(Conflict):
    """Sent, activated or partly returned already: the outlet has to decide."""

    code, message = "under_way", "订单尚未付款或已在处理中，退款请联系营业厅"


def take_back(*, order_id: int, actor: str, key: str, reason: str, now: datetime) -> None:
    """Give all of an order back; the same key is the same wish. Raises UnderWay."""
    order = locked_order(order_id)
    asked = {refund.key for refund in refunds_of_order(order_id)}
    lines = lines_of_order(order_id)
    for line in lines:
        db.session.refresh(line)  # as it is under the order's lock
    if not can_take_back(order, lines) and not any(each.endswith(f":{key}") for each in asked):
        raise UnderWay
    refund_whole_order(order_id=order_id, reason=reason, actor=actor, key=key, now=now)


def can_take_back(order: SalesOrder, lines: Sequence[OrderLine]) -> bool:
    """Whether it is paid, nothing of it begun, and nothing of it on the way back."""
    is_unsent = all(line.fulfilment == Fulfilment.WAITING for line in lines)
    is_whole = all(line.refund_reserved_fen == 0 for line in lines)
    return order.status == OrderStatus.PAID and is_unsent and is_whole
