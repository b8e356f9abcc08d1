"""The money is recorded: the order is paid, its units are sold, commission is earned."""

from datetime import datetime

from flows import books
from flows.attribution import attribute_again
from flows.billing import start_hand_over
from flows.delivery import start_days
from flows.fulfilment.opening import open_chains
from flows.refund.agree import send_back
from flows.thanks import thank
from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.operations import PaidOutcome, close_order, mark_order_paid
from orders.queries import lines_of_order
from org.queries import channel_class_of
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment
from payments.queries import order_of_attempt, payment_by_id
from referral.proofs import latest_attribution
from settlement.accruals import accrue
from settlement.models import ShareRole
from settlement.rules import LineFacts, Share
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
        start_hand_over(order, now=now)
        defer(open_chains, key=order.number, order_id=order.id)
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


@job("commission.accrue")
def accrue_commission(*, order_id: int) -> None:
    """Hold for each rep his part of what the order's lines bring; once per line."""
    now = clock.now()
    order = locked_order(order_id)
    for line in lines_of_order(order_id):
        if shares := _shares(line):
            accrue(line=_facts(order, line, shares), shares=shares, now=now)
            if line.fulfilled_at is not None:
                start_days(
                    line_id=line.id, reached=Fulfilment(line.fulfilment), at=line.fulfilled_at
                )


def _shares(line: OrderLine) -> list[Share]:
    """Who earns on the line, as its standing attribution says; nobody for an outlet's pool."""
    standing = latest_attribution(line.id)
    if standing is None:
        return []
    parts = (
        (standing.developer_rep_id, ShareRole.DEVELOPER, standing.developer_bp),
        (standing.acceptor_rep_id, ShareRole.ACCEPTOR, standing.acceptor_bp),
    )
    return [Share(rep_id, role, bp) for rep_id, role, bp in parts if rep_id is not None and bp]


def _facts(order: SalesOrder, line: OrderLine, shares: list[Share]) -> LineFacts:
    assert order.paid_at is not None  # noqa: S101 - deferred by the payment
    return LineFacts(
        order_line_id=line.id,
        product_id=line.product_id,
        category_id=line.category_id,
        channel_class=channel_class_of(shares[0].rep_id),
        paid_fen=line.paid_fen,
        product_kind=line.product_kind,
        paid_at=order.paid_at,
        quantity=line.quantity,
    )
