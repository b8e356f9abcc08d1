"""Money came: it is recorded first and by itself; the order follows in a job of its own."""

from datetime import datetime

from flows import books
from flows.payment.fulfil import fulfil
from flows.refund.agree import send_back
from orders.models import OrderStatus
from orders.moves import locked_order
from payments.operations import Outcome, Settlement, Source, settle_payment
from payments.queries import order_of_payment, payment_by_id
from payments.rules import PaymentFact
from wx_backend import crash
from wx_backend.outbox import defer

AFTER_LEDGER = crash.point("settle.after_ledger")
REASONS = {
    Outcome.DOUBLE_PAYMENT: "重复支付自动退款",
    Outcome.PAID_AFTER_CLOSE: "订单已关闭自动退款",
}


def settle(fact: PaymentFact, *, source: Source, now: datetime) -> Settlement:
    """Apply what a notice, a query or a bill says: settle once, or send back what nobody wanted.

    Nothing here can be stopped by a fault in orders' lines, attribution, commission or messages.
    """
    order_id = order_of_payment(fact.out_trade_no)
    takes_payment = order_id is not None and locked_order(order_id).status == OrderStatus.PLACED
    settlement = settle_payment(fact=fact, takes_payment=takes_payment, source=source, now=now)
    if settlement.payment_id is not None:
        _book(settlement.payment_id, settlement.outcome, now)
    return settlement


def _book(payment_id: int, outcome: Outcome, now: datetime) -> None:
    payment = payment_by_id(payment_id)
    if outcome is Outcome.SETTLED:
        books.money_came(payment, is_wanted=True, now=now)
        defer(fulfil, key=payment.out_trade_no, payment_id=payment_id)
    elif outcome in REASONS:
        books.money_came(payment, is_wanted=False, now=now)
        defer(send_back, key=payment.out_trade_no, payment_id=payment_id, reason=REASONS[outcome])
    crash.here(AFTER_LEDGER)
