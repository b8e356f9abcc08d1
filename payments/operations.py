"""Settling payments: notice, query and bill are three inputs to one idempotent function."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from payments.attempts import close_attempt
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment, PaymentStatus
from payments.rules import Expected, PaymentFact, differences
from wx_backend import crash
from wx_backend.db import db, locked

AFTER_PAYMENT = crash.point("settle.after_payment")


class Source(StrEnum):
    """Where a fact came from."""

    NOTICE = "notice"
    QUERY = "query"
    BILL = "bill"


class Outcome(StrEnum):
    """What a fact did. Only the first three kinds of money are ours to act on, once each."""

    SETTLED = "settled"
    DOUBLE_PAYMENT = "double_payment"
    PAID_AFTER_CLOSE = "paid_after_close"
    REPEAT = "repeat"
    NOT_PAID = "not_paid"
    MISMATCH = "mismatch"
    UNKNOWN_ORDER = "unknown_order"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one fact."""

    outcome: Outcome
    payment_id: int | None = None


_NOT_WANTED = {
    Outcome.DOUBLE_PAYMENT: ExceptionKind.DOUBLE_PAYMENT,
    Outcome.PAID_AFTER_CLOSE: ExceptionKind.PAID_AFTER_CLOSE,
}


def settle_payment(
    *, fact: PaymentFact, takes_payment: bool, source: Source, now: datetime
) -> Settlement:
    """Apply what WeChat Pay states about one attempt; the same fact again changes nothing.

    The caller holds the order's lock and says whether the order still `takes_payment`. A fact
    whose mchid, appid, number, amount or currency is not what we asked for settles nothing and
    opens an exception item, whatever its signature. Money for an order that is closed, or paid
    by another attempt, is recorded and marked to go back.
    """
    payment = locked(select(Payment).where(Payment.out_trade_no == fact.out_trade_no))
    if payment is None:
        return _unknown(fact, source, now)
    if not fact.is_paid:
        if fact.is_closed:
            close_attempt(payment_id=payment.id, now=now)
        return Settlement(Outcome.NOT_PAID, payment.id)
    if wrong := differences(_expected(payment), fact) or _taken_elsewhere(payment, fact):
        return _mismatch(payment, fact, wrong, now)
    if payment.status == PaymentStatus.SUCCEEDED:
        return Settlement(Outcome.REPEAT, payment.id)
    outcome = _outcome(payment, takes_payment)
    _record_success(payment, fact, source, outcome, now)
    crash.here(AFTER_PAYMENT)
    return Settlement(outcome, payment.id)


def _expected(payment: Payment) -> Expected:
    return Expected(
        mchid=payment.mchid,
        appid=payment.appid,
        out_trade_no=payment.out_trade_no,
        amount_fen=payment.amount_fen,
        currency=payment.currency,
        transaction_id=payment.transaction_id,
    )


def _taken_elsewhere(payment: Payment, fact: PaymentFact) -> dict[str, list[Any]]:
    """One transaction of the platform pays one attempt of ours."""
    other = db.session.scalar(
        select(Payment.out_trade_no).where(
            Payment.transaction_id == fact.transaction_id, Payment.id != payment.id
        )
    )
    return {"transaction_id": [other, fact.transaction_id]} if other else {}


def _outcome(payment: Payment, takes_payment: bool) -> Outcome:
    winner = db.session.scalar(
        select(Payment.id).where(Payment.order_id == payment.order_id, Payment.is_winner)
    )
    if winner is not None:
        return Outcome.DOUBLE_PAYMENT
    return Outcome.SETTLED if takes_payment else Outcome.PAID_AFTER_CLOSE


def _record_success(
    payment: Payment, fact: PaymentFact, source: Source, outcome: Outcome, now: datetime
) -> None:
    payment.status = PaymentStatus.SUCCEEDED
    payment.is_winner = outcome is Outcome.SETTLED
    payment.transaction_id = fact.transaction_id
    payment.payer_total_fen = fact.payer_total_fen
    payment.success_at = fact.success_at
    payment.settled_at = now
    payment.source = source
    db.session.flush()
    if outcome in _NOT_WANTED:
        open_exception(
            kind=_NOT_WANTED[outcome],
            key=payment.out_trade_no,
            details={"transaction_id": fact.transaction_id, "amount_fen": fact.amount_fen},
            now=now,
            payment_id=payment.id,
        )


def _mismatch(
    payment: Payment, fact: PaymentFact, wrong: dict[str, list[Any]], now: datetime
) -> Settlement:
    open_exception(
        kind=ExceptionKind.MISMATCH,
        key=f"{fact.out_trade_no}:{fact.transaction_id}",
        details={"differences": wrong},
        now=now,
        payment_id=payment.id,
    )
    return Settlement(Outcome.MISMATCH, payment.id)


def _unknown(fact: PaymentFact, source: Source, now: datetime) -> Settlement:
    """Nobody asked for this number; money under it must not vanish."""
    if fact.is_paid:
        open_exception(
            kind=ExceptionKind.UNKNOWN_ORDER,
            key=f"{fact.out_trade_no}:{fact.transaction_id}",
            details={"amount_fen": fact.amount_fen, "source": source, "mchid": fact.mchid},
            now=now,
        )
    return Settlement(Outcome.UNKNOWN_ORDER)
