"""Reads of payments: who won, what is still open, what waits for a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from payments.attempts import OPEN
from payments.models import ExceptionItem, Payment, Refund, RefundLine, RefundStatus
from wx_backend.db import db


def payment_by_id(payment_id: int) -> Payment:
    """The attempt of this id, which is known to be there."""
    return db.session.get_one(Payment, payment_id)


def order_of_payment(out_trade_no: str) -> int | None:
    """The id of the order an attempt is for: what to lock before settling it."""
    return db.session.scalar(select(Payment.order_id).where(Payment.out_trade_no == out_trade_no))


def order_of_attempt(payment_id: int) -> int:
    """The id of the order an attempt is for."""
    return db.session.scalars(select(Payment.order_id).where(Payment.id == payment_id)).one()


def order_of_refund(out_refund_no: str) -> int | None:
    """The id of the order a refund belongs to: what to lock before applying a fact to it."""
    return db.session.scalar(
        select(Payment.order_id)
        .join(Refund, Refund.payment_id == Payment.id)
        .where(Refund.out_refund_no == out_refund_no)
    )


def order_of_number(number: str) -> int | None:
    """The order of an attempt to pay, by our number of it or WeChat Pay's."""
    return db.session.scalar(
        select(Payment.order_id)
        .where(or_(Payment.out_trade_no == number, Payment.transaction_id == number))
        .limit(1)
    )


def orders_with_open_exceptions() -> Select[int]:
    """The ids of orders about whose money something waits for a person, to filter others by."""
    return (
        select(Payment.order_id)
        .join(ExceptionItem, ExceptionItem.payment_id == Payment.id)
        .where(ExceptionItem.closed_at.is_(None))
    )


def exceptions_of_order(order_id: int) -> Sequence[ExceptionItem]:
    """What did not fit about an order's money, put right or not, the first one first."""
    return db.session.scalars(
        select(ExceptionItem)
        .join(Payment, Payment.id == ExceptionItem.payment_id)
        .where(Payment.order_id == order_id)
        .order_by(ExceptionItem.id)
    ).all()


def winner_of(order_id: int) -> Payment | None:
    """The attempt that paid an order; None while it is unpaid."""
    return db.session.scalars(
        select(Payment).where(Payment.order_id == order_id, Payment.is_winner)
    ).one_or_none()


def attempts_of(order_id: int) -> Sequence[Payment]:
    """All attempts to pay an order, first one first."""
    return db.session.scalars(
        select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)
    ).all()


def open_attempts_of(order_id: int) -> Sequence[Payment]:
    """Attempts of an order under which money may still come, refused ones too: only the platform knows."""
    return db.session.scalars(
        select(Payment)
        .where(Payment.order_id == order_id, Payment.status.in_(OPEN))
        .order_by(Payment.id)
    ).all()


def refund_by_id(refund_id: int) -> Refund:
    """The refund of this id, which is known to be there."""
    return db.session.get_one(Refund, refund_id)


def refund_by_key(key: str) -> Refund | None:
    """The refund an earlier copy of the same wish made."""
    return db.session.scalars(select(Refund).where(Refund.key == key)).one_or_none()


def refund_lines(refund_id: int) -> dict[int, int]:
    """What a refund gives back, in fen by order line id."""
    rows = db.session.scalars(select(RefundLine).where(RefundLine.refund_id == refund_id))
    return {row.order_line_id: row.amount_fen for row in rows}


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a refund that succeeded gave back of one order line."""

    id: int
    refund_id: int
    order_line_id: int
    amount_fen: int
    success_at: datetime


def given_back(refund_ids: Iterable[int]) -> list[GivenBack]:
    """The lines of these refunds, as far as they succeeded."""
    rows = db.session.execute(
        select(RefundLine, Refund.success_at)
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(
            Refund.id.in_(set(refund_ids)),
            Refund.status == RefundStatus.SUCCEEDED,
            Refund.success_at.is_not(None),
        )
        .order_by(RefundLine.id)
    )
    return [
        GivenBack(row.id, row.refund_id, row.order_line_id, row.amount_fen, success_at)
        for row, success_at in rows
        if success_at is not None
    ]


def lines_given_back(row_ids: Iterable[int]) -> dict[int, int]:
    """Which order line each of these lines of refunds is about."""
    rows = db.session.execute(
        select(RefundLine.id, RefundLine.order_line_id).where(RefundLine.id.in_(set(row_ids)))
    )
    return {row_id: line_id for row_id, line_id in rows}  # noqa: C416 - rows are no pairs to dict()


def refunds_after(refund_id: int, *, limit: int) -> Sequence[int]:
    """The next ids after one of refunds that succeeded."""
    return db.session.scalars(
        select(Refund.id)
        .where(Refund.id > refund_id, Refund.status == RefundStatus.SUCCEEDED)
        .order_by(Refund.id)
        .limit(limit)
    ).all()


def own_back_fen(order_line_id: int) -> int:
    """What refunds of a line, failed ones left out, took from our revenue so far, in fen."""
    total = db.session.scalar(
        select(func.coalesce(func.sum(RefundLine.amount_fen - RefundLine.collected_fen), 0))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(RefundLine.order_line_id == order_line_id, Refund.status != RefundStatus.CLOSED)
    )
    return int(total or 0)


def refunds_of_order(order_id: int) -> Sequence[Refund]:
    """All refunds of an order's payments, first one first."""
    return db.session.scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order_id)
        .order_by(Refund.id)
    ).all()
