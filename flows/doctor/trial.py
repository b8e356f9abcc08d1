"""The first order on a real merchant, of 0.01 yuan: paid, refunded, and found on the bill."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from flows.doctor.findings import Finding, State, fine, todo
from orders.queries import order_by_number
from payments.models import Payment, Refund, RefundStatus
from payments.queries import refunds_of_order, winner_of
from reconciliation.models import TradeKind
from reconciliation.queries import open_about, trade_from
from reconciliation.values import subject_of
from wx_backend.clock import business_on
from wx_backend.db import db
from wx_backend.errors import PlatformError
from wx_backend.platform import pay_client

BILLS_COME: Final = "bills come from ten o'clock of the next day on: ask again then"


def trial_findings(number: str) -> Iterator[Finding]:
    """Follow an order that somebody made for this, up to the first step that is still to do."""
    for found in _followed(number):
        db.session.rollback()
        yield found
        if found.state is State.TODO:
            return


def _followed(number: str) -> Iterator[Finding]:
    name, order = f"trial order {number}", order_by_number(number)
    payment = winner_of(order.id) if order is not None else None
    if order is None:
        yield todo(name, "nobody made it", "order something of 0.01 yuan in the mall")
    elif payment is None:
        yield todo(f"{name} is paid", "no money yet", "pay it in WeChat")
    else:
        yield _paid(name, payment)
        yield _refunded(name, payment, refunds_of_order(order.id))
        yield from _billed_rows(name, payment, refunds_of_order(order.id))


def _paid(name: str, payment: Payment) -> Finding:
    """Our books and WeChat Pay's answer under its own signature say the same."""
    label, number = f"{name} is paid", payment.out_trade_no
    ours, source = (payment.transaction_id, payment.amount_fen), payment.source
    db.session.rollback()  # nothing is held while WeChat Pay is asked
    try:
        theirs = pay_client().query(number)
    except PlatformError as error:
        said = f"{error.code} {error.message}".strip()
        return todo(label, said, "let this machine reach pay.api_url")
    paid = theirs.paid if theirs is not None else None
    if paid is None or (paid.transaction_id, paid.total_fen) != ours:
        return todo(label, "WeChat Pay says otherwise", "look under 财务 / 资金异常")
    return fine(label, f"{paid.total_fen} fen, told by {source}; WeChat Pay says so too")


def _refunded(name: str, payment: Payment, refunds: Sequence[Refund]) -> Finding:
    label = f"{name} is refunded"
    back = sum(each.amount_fen for each in refunds if each.status == RefundStatus.SUCCEEDED)
    if back == payment.amount_fen:
        return fine(label, f"{back} fen went back")
    if not refunds:
        return todo(label, "nobody asked", "refund the whole of it under 财务 / 退款")
    said = ", ".join(f"{each.out_refund_no} is {each.status}" for each in refunds)
    return todo(label, said, "have a second person agree if it waits; else ask again in a minute")


def _billed_rows(name: str, payment: Payment, refunds: Sequence[Refund]) -> Iterator[Finding]:
    paid_on = business_on(payment.success_at or payment.created_at)
    yield _billed(f"{name}: payment", TradeKind.PAYMENT, payment.out_trade_no, paid_on)
    for refund in refunds:
        asked_on = business_on(refund.asked_at)
        yield _billed(f"{name}: refund", TradeKind.REFUND, refund.out_refund_no, asked_on)


def _billed(name: str, kind: TradeKind, number: str, on: date) -> Finding:
    """On the bill with nothing open about it."""
    label, row = f"{name} {number} on the bill", trade_from(on, kind, number)
    if row is None:
        return todo(label, f"not on the bills read since {on}", BILLS_COME)
    if open_about(subject_of(kind, number)):
        return todo(label, "the bill and our books differ", "look under 财务 / 对账")
    return fine(label, f"{row.amount_fen} fen, {row.state}")
