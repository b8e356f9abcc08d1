"""Verbs on attempts to pay: open one, note how the prepay call went, close it.

The caller holds the order's lock. A status only moves on from what allows it: a payment that
has succeeded meanwhile stays succeeded whatever a late answer says.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, select, update

from payments.errors import AlreadyPaid
from payments.models import Payment, PaymentStatus, TradeType
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db

OPEN = (
    PaymentStatus.CREATED,
    PaymentStatus.PREPAYING,
    PaymentStatus.PREPAID,
    PaymentStatus.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be paid, by whom and through which account."""

    order_id: int
    identity_id: int
    mchid: str
    appid: str
    amount_fen: int
    description: str
    expires_at: datetime
    trade_type: TradeType = TradeType.JSAPI


def open_attempt(*, demand: Demand, now: datetime, prefix: str = "") -> Payment:
    """The attempt to pay this: the open one if the demand is the same, else a new one.

    The platform hands out a fresh prepay id for a repeated number with the same parameters;
    that is how "pay again" avoids double payment. AlreadyPaid once an attempt has won.
    """
    attempts = db.session.scalars(
        select(Payment).where(Payment.order_id == demand.order_id).order_by(Payment.id.desc())
    ).all()
    if any(attempt.is_winner for attempt in attempts):
        raise AlreadyPaid
    for attempt in attempts:
        if attempt.status in OPEN and _is_same(attempt, demand):
            return attempt
    return _new_attempt(demand, now, prefix)


def _is_same(attempt: Payment, demand: Demand) -> bool:
    names = (
        *("identity_id", "mchid", "appid", "amount_fen", "description", "expires_at"),
        "trade_type",
    )
    return all(getattr(attempt, name) == getattr(demand, name) for name in names)


def _new_attempt(demand: Demand, now: datetime, prefix: str) -> Payment:
    payment = Payment(
        out_trade_no=numbers.new_number(numbers.PAYMENT, on=business_on(now), prefix=prefix),
        order_id=demand.order_id,
        identity_id=demand.identity_id,
        mchid=demand.mchid,
        appid=demand.appid,
        amount_fen=demand.amount_fen,
        description=demand.description,
        trade_type=demand.trade_type,
        status=PaymentStatus.CREATED,
        created_at=now,
        expires_at=demand.expires_at,
    )
    db.session.add(payment)
    db.session.flush()
    return payment


def start_prepay(*, payment_id: int) -> bool:
    """Note, before the call, that a prepay is under way; False when the attempt is over."""
    return _move(payment_id, PaymentStatus.PREPAYING)


def record_prepay(*, payment_id: int, prepay_id: str, now: datetime) -> bool:
    """The platform gave a prepay id."""
    return _move(payment_id, PaymentStatus.PREPAID, prepay_id=prepay_id, prepaid_at=now)


def record_prepay_unknown(*, payment_id: int) -> bool:
    """No usable answer came: the number is kept, and queried or repeated with the same content."""
    return _move(payment_id, PaymentStatus.UNKNOWN)


def record_prepay_refused(*, payment_id: int, is_first: bool) -> bool:
    """The platform said no. Only a first refusal leaves nothing there: what an earlier prepay began still stands."""
    if is_first:
        return _move(payment_id, PaymentStatus.CREATED)
    has_id = Payment.prepay_id.is_not(None)
    return _move(
        payment_id, case((has_id, PaymentStatus.PREPAID.value), else_=PaymentStatus.UNKNOWN.value)
    )


def close_attempt(*, payment_id: int, now: datetime) -> bool:
    """The platform will take no money under this number any more; False if it already has."""
    return _move(payment_id, PaymentStatus.CLOSED, closed_at=now)


def _move(payment_id: int, to: PaymentStatus | ColumnElement[str], **values: Any) -> bool:
    changed = db.session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.status.in_(OPEN))
        .values(status=to, **values)
        .execution_options(synchronize_session="fetch")
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
