"""The money is recorded: the order is paid, its units are sold, commission is earned."""

from datetime import datetime

from flows import books
from flows.attribution import attribute_again
from flows.billing import start_hand_over
from flows.commission import accrue_commission
from flows.fulfilment.opening import open_chains
from flows.real_name import ask_who_it_is_for
from flows.refund.agree import send_back
from flows.tags.applying import something_happened
from flows.thanks import thank
from orders.models import OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.operations import PaidOutcome, close_order, mark_order_paid
from orders.queries import lines_of_order
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment
from payments.queries import order_of_attempt, payment_by_id
from wx_backend import clock, crash
from wx_backend.outbox import defer, job

AFTER_ORDER = crash.point("fulfil.after_order")
SHORTAGE = "商品已售罄自动退款"


@job("order.fulfil")
def fulfil(*, payment_id: int) -> None:
    """Pay the order once; money for an order that cannot be served goes back."""
    now = clock.now()
    order = locked_order(order_of_attempt(payment_id))
    payment = payment_by_id(payment_id)
    if order.status == OrderStatus.PLACED:
        attribute_again(order_id=order.id, now=now)
    outcome = mark_order_paid(
        order_id=order.id, paid_at=payment.success_at or now, cause="payment", now=now
    )
    crash.here(AFTER_ORDER)
    if outcome is PaidOutcome.PAID:
        books.sold(order, lines_of_order(order.id), now=now)
        defer(accrue_commission, key=order.number, order_id=order.id)
        defer(thank, key=order.number, order_id=order.id)
        ask_who_it_is_for(order, now=now)
        start_hand_over(order, now=now)
        defer(open_chains, key=order.number, order_id=order.id)
        something_happened(order.identity_id)
    elif outcome is not PaidOutcome.REPEAT:
        _cannot_serve(order, payment, outcome, now)


def _cannot_serve(order: SalesOrder, payment: Payment, outcome: PaidOutcome, now: datetime) -> None:
    """Close the order, say so to a person, send the money back."""
    close_order(order_id=order.id, actor="system", cause=outcome, now=now)
    books.sale_failed(payment, now=now)
    open_exception(
        kind=ExceptionKind.SHORTAGE,
        key=payment.out_trade_no,
        details={"order": order.number, "cause": outcome},
        now=now,
        payment_id=payment.id,
    )
    defer(send_back, key=payment.out_trade_no, payment_id=payment.id, reason=SHORTAGE)
