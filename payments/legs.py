"""Payments and refunds of a span as streams sorted by number, to be laid beside a bill or the ledger."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from payments.models import Payment, PaymentStatus, Refund, RefundStatus
from wx_backend.db import streamed
from wx_backend.sql import byte_order

Row = tuple[str, str, int, str, str, int]
"""Our number, the platform's or empty, fen, currency, state, order id."""

_PAYMENT = (
    Payment.out_trade_no,
    func.coalesce(Payment.transaction_id, ""),
    Payment.amount_fen,
    Payment.currency,
    Payment.status,
    Payment.order_id,
)
_REFUND = (
    Refund.out_refund_no,
    func.coalesce(Refund.refund_id, ""),
    Refund.amount_fen,
    Payment.currency,
    Refund.status,
    Payment.order_id,
)


def payments_of(since: datetime, until: datetime) -> Iterator[Row]:
    """The payments WeChat Pay dates into a span; `until` is not included."""
    query = select(*_PAYMENT).where(
        Payment.settled_at >= since,
        Payment.status == PaymentStatus.SUCCEEDED,
        Payment.success_at >= since,
        Payment.success_at < until,
    )
    return _rows(query.order_by(byte_order(Payment.out_trade_no)))


def refunds_of(since: datetime, until: datetime) -> Iterator[Row]:
    """The refunds asked for in a span that WeChat Pay has heard of; `until` is not included."""
    was_heard = or_(Refund.refund_id.is_not(None), Refund.status == RefundStatus.SUCCEEDED)
    query = _refunds().where(and_(Refund.asked_at >= since, Refund.asked_at < until, was_heard))
    return _rows(query.order_by(byte_order(Refund.out_refund_no)))


def payments_numbered(numbers: Sequence[str]) -> list[Row]:
    """The attempts of these numbers, whatever became of them."""
    query = select(*_PAYMENT).where(Payment.out_trade_no.in_(numbers))
    return list(_rows(query))


def refunds_numbered(numbers: Sequence[str]) -> list[Row]:
    """The refunds of these numbers, whatever became of them."""
    query = _refunds().where(Refund.out_refund_no.in_(numbers))
    return list(_rows(query))


def payments_at_platform(numbers: Sequence[str]) -> list[Row]:
    """The payments that WeChat Pay knows by these numbers of its own."""
    return list(_rows(select(*_PAYMENT).where(Payment.transaction_id.in_(numbers))))


def refunds_at_platform(numbers: Sequence[str]) -> list[Row]:
    """The refunds that WeChat Pay knows by these numbers of its own."""
    return list(_rows(_refunds().where(Refund.refund_id.in_(numbers))))


def settled_payments(since: datetime, until: datetime) -> Iterator[tuple[str, int]]:
    """Number and fen of what was settled in a span: what the clearing account got by it."""
    query = select(Payment.out_trade_no, Payment.amount_fen).where(
        Payment.settled_at >= since, Payment.settled_at < until
    )
    yield from streamed(query.order_by(byte_order(Payment.out_trade_no)))


def ended_refunds(since: datetime, until: datetime) -> Iterator[tuple[str, int]]:
    """Number and fen, below zero, of the refunds that succeeded in a span."""
    query = select(Refund.out_refund_no, -Refund.amount_fen).where(
        Refund.ended_at >= since,
        Refund.ended_at < until,
        Refund.status == RefundStatus.SUCCEEDED,
    )
    yield from streamed(query.order_by(byte_order(Refund.out_refund_no)))


def _refunds() -> Select[str, str, int, str, str, int]:
    return select(*_REFUND).join(Payment, Payment.id == Refund.payment_id)


def _rows(query: Select[str, str, int, str, str, int]) -> Iterator[Row]:
    yield from streamed(query)
