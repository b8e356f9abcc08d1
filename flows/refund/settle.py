"""Applying what WeChat Pay says about a refund: once, in whatever order notice and answer come."""

from datetime import datetime

from flows import books
from flows.billing import start_hand_over, watch_refunded
from flows.fulfilment.hooks import refund_failed, refund_paid
from flows.refund.telling import tell_refunded
from orders.moves import locked_order
from orders.refunds import free_line_refunds, record_line_refunds
from payments.again import again_key, made_there
from payments.exceptions import close_exception
from payments.models import ExceptionKind, Payment, Refund
from payments.queries import (
    order_of_attempt,
    order_of_payment,
    order_of_refund,
    payment_by_id,
    refund_by_id,
    refund_lines,
)
from payments.refunds import (
    RefundOutcome,
    RefundSettlement,
    RefundWish,
    adopt_refund,
    apply_refund_fact,
    refuse_refund,
)
from payments.rules import RefundFact
from settlement.refunds import take_back
from wechat.pay.abnormal import Way
from wx_backend import crash
from wx_backend.outbox import defer

AFTER_REFUND = crash.point("refund.after_state")
TO_US = Way.MERCHANT
_UNWANTED = (
    ExceptionKind.DOUBLE_PAYMENT,
    ExceptionKind.PAID_AFTER_CLOSE,
    ExceptionKind.SHORTAGE,
)


def settle_refund(fact: RefundFact, *, now: datetime) -> RefundSettlement:
    """Apply one fact; money is booked and commission taken back on definite success only."""
    known_id = order_of_refund(fact.out_refund_no)
    order_id = known_id or order_of_payment(fact.out_trade_no)
    if order_id is not None:
        locked_order(order_id)
    if known_id is None:
        _adopt(fact, now)
    settlement = apply_refund_fact(fact=fact, now=now)
    crash.here(AFTER_REFUND)
    if settlement.refund_id is not None and order_id is not None:
        if settlement.outcome is RefundOutcome.SUCCEEDED:
            _succeeded(order_id, refund_by_id(settlement.refund_id), now)
        elif settlement.outcome is RefundOutcome.FAILED:
            _failed(order_id, refund_by_id(settlement.refund_id), now)
    return settlement


def _adopt(fact: RefundFact, now: datetime) -> None:
    """A refund somebody made in WeChat Pay's own console, after it closed ours, is what followed ours."""
    closed = made_there(fact)
    if closed is None:
        return
    wish = RefundWish(
        payment_id=closed.payment_id,
        amount_fen=fact.amount_fen,
        reason=closed.reason,
        actor="system",
        key=again_key(closed),
    )
    adopt_refund(wish=wish, out_refund_no=fact.out_refund_no, asked_at=fact.asked_at or now)
    for kind, number in (
        (ExceptionKind.REFUND_CLOSED, closed.out_refund_no),
        (ExceptionKind.UNKNOWN_REFUND, fact.out_refund_no),
    ):
        close_exception(
            kind=kind,
            key=number,
            by="system",
            resolution=f"已在微信支付退款 {fact.out_refund_no}",
            now=now,
        )


def give_up_refund(*, refund_id: int, error: str, now: datetime) -> None:
    """WeChat Pay refused the refund and knows nothing of it: no money moved, somebody must look."""
    refund = refund_by_id(refund_id)
    order_id = order_of_attempt(refund.payment_id)
    locked_order(order_id)
    if refuse_refund(refund_id=refund_id, error=error, now=now):
        _failed(order_id, refund, now)


def _succeeded(order_id: int, refund: Refund, now: datetime) -> None:
    payment = payment_by_id(refund.payment_id)
    amounts = refund_lines(refund.id)
    if amounts:
        record_line_refunds(order_id=order_id, amounts=amounts, actor=refund.actor, now=now)
        watch_refunded(order_id=order_id, now=now)
        start_hand_over(locked_order(order_id), now=now)  # what was taken back keeps nobody waiting
        refund_paid(amounts, actor=refund.actor, now=now)
        defer(tell_refunded, key=refund.out_refund_no, refund_id=refund.id)
    books.refund_paid(refund, payment, now=now)
    for line_id, amount_fen in amounts.items():
        take_back(
            order_line_id=line_id,
            refunded_fen=amount_fen,
            refund_key=refund.out_refund_no,
            now=now,
        )
    if not amounts:
        _put_right(payment, refund, now)
    if refund.way != TO_US:
        _close_abnormal(refund, now)


def _close_abnormal(refund: Refund, now: datetime) -> None:
    """The payer has his money. What came to us instead waits until a person has paid it to him."""
    close_exception(
        kind=ExceptionKind.REFUND_ABNORMAL,
        key=refund.out_refund_no,
        by="system",
        resolution="已退回用户",
        now=now,
    )


def _failed(order_id: int, refund: Refund, now: datetime) -> None:
    amounts = refund_lines(refund.id)
    free_line_refunds(order_id=order_id, amounts=amounts)
    refund_failed(amounts, actor=refund.actor, now=now)
    books.refund_failed(refund, now=now)


def _put_right(payment: Payment, refund: Refund, now: datetime) -> None:
    """The payment that should not have come is back with its payer."""
    for kind in _UNWANTED:
        close_exception(
            kind=kind,
            key=payment.out_trade_no,
            by="system",
            resolution=f"已自动退款 {refund.out_refund_no}",
            now=now,
        )
