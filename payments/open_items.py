"""What was open at the end of a day: money that came or goes back and had not come to rest.

All of it: whoever lets it pass, or explains a balance by it, answers for every item.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, or_, select

from payments.models import Payment, PaymentStatus, Refund, RefundLine, RefundStatus
from wx_backend.clock import SHANGHAI
from wx_backend.db import db

_ENDED = (RefundStatus.SUCCEEDED, RefundStatus.CLOSED)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One number and the fen that hang on it."""

    number: str
    what: str
    amount_fen: int


def end_of(day: date) -> datetime:
    """The first instant after a Shanghai day."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=SHANGHAI)


def owed_back_on(day: date) -> list[OpenItem]:
    """What we owed payers when a day ended: refunds agreed to, and payments nobody wanted."""
    return _agreed_on(end_of(day)) + _unwanted_on(end_of(day))


def unsettled_since(asked_before: datetime) -> list[OpenItem]:
    """Attempts and refunds still open that began before an instant: somebody should have asked."""
    attempts = db.session.scalars(
        select(Payment)
        .where(
            Payment.status.in_((PaymentStatus.PREPAYING, PaymentStatus.UNKNOWN)),
            Payment.created_at < asked_before,
        )
        .order_by(Payment.id)
    )
    refunds = db.session.scalars(
        select(Refund)
        .where(Refund.status.not_in(_ENDED), Refund.asked_at < asked_before)
        .order_by(Refund.id)
    )
    return [
        *(OpenItem(each.out_trade_no, "付款结果未知", each.amount_fen) for each in attempts),
        *(OpenItem(each.out_refund_no, "退款未完成", each.amount_fen) for each in refunds),
    ]


def _agreed_on(end: datetime) -> list[OpenItem]:
    of_lines = exists().where(RefundLine.refund_id == Refund.id)
    rows = db.session.scalars(
        select(Refund)
        .where(
            of_lines,
            Refund.asked_at < end,
            or_(Refund.ended_at.is_(None), Refund.ended_at >= end),
        )
        .order_by(Refund.id)
    )
    return [OpenItem(each.out_refund_no, "退款在途", each.amount_fen) for each in rows]


def _unwanted_on(end: datetime) -> list[OpenItem]:
    """Payments that go back whole: double, late, or for an order that was closed for shortage."""
    whole = ~exists().where(RefundLine.refund_id == Refund.id)
    came_back = exists().where(
        Refund.payment_id == Payment.id,
        whole,
        Refund.status == RefundStatus.SUCCEEDED,
        Refund.ended_at < end,
    )
    goes_back = exists().where(Refund.payment_id == Payment.id, whole)
    rows = db.session.scalars(
        select(Payment)
        .where(
            Payment.status == PaymentStatus.SUCCEEDED,
            Payment.settled_at < end,
            or_(Payment.is_winner.is_(False), goes_back),
            ~came_back,
        )
        .order_by(Payment.id)
    )
    return [OpenItem(each.out_trade_no, "应退回的付款", each.amount_fen) for each in rows]


def accepted_refunds(before: datetime) -> list[OpenItem]:
    """Refunds asked for before an instant that WeChat Pay has taken from us and not yet paid out."""
    rows = db.session.scalars(
        select(Refund)
        .where(
            Refund.refund_id.is_not(None),
            Refund.status.not_in(_ENDED),
            Refund.asked_at < before,
        )
        .order_by(Refund.id)
    )
    return [OpenItem(each.out_refund_no, "退款已受理", each.amount_fen) for each in rows]
