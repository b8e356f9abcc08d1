"""Verbs on refunds: ask for one, note what the platform says; never more back than came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from payments.errors import (
    NotAbnormal,
    NotPaid,
    RefundExceedsPayment,
    RefundTooLate,
    RefundTooSoon,
    TooManyRefunds,
)
from payments.exceptions import open_exception
from payments.models import (
    REFUNDS_MAX,
    ExceptionKind,
    Payment,
    PaymentStatus,
    Refund,
    RefundLine,
    RefundStatus,
)
from payments.rules import FINAL, REFUND_SPACING, REFUND_WITHIN, RefundFact, may_become
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, locked
from wx_backend.errors import NotFound
from wx_backend.rounds import take_round


@dataclass(frozen=True, slots=True)
class RefundWish:
    """Who wants how much of which payment back, and why.

    `lines` says how many fen belong to which order line, and `collected` how many of these are
    prepaid fees; both empty when a payment that should not have come goes back whole. `key`
    makes a repeated wish the same refund.
    """

    payment_id: int
    amount_fen: int
    reason: str
    actor: str
    key: str
    lines: Mapping[int, int] = field(default_factory=dict)
    collected: Mapping[int, int] = field(default_factory=dict)


class RefundOutcome(StrEnum):
    """What a fact about a refund did; all but the first two change no money of ours."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOTED = "noted"
    REPEAT = "repeat"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RefundSettlement:
    """What became of one refund fact."""

    outcome: RefundOutcome
    refund_id: int | None = None


def request_refund(*, wish: RefundWish, now: datetime, prefix: str = "") -> Refund:
    """Set the money aside and make the refund's row; the call to the platform comes after.

    The caller holds the order's lock. Raises NotPaid, RefundExceedsPayment, RefundTooSoon,
    TooManyRefunds or RefundTooLate; limits are WeChat Pay's: 50 per payment, a minute apart,
    within a year.
    """
    payment = locked(select(Payment).where(Payment.id == wish.payment_id))
    if payment is None:
        raise NotFound
    before = db.session.scalars(select(Refund).where(Refund.key == wish.key)).one_or_none()
    if before is not None:
        return before
    _check(payment, now)
    _set_aside(payment, wish.amount_fen, now)
    number = numbers.new_number(numbers.REFUND, on=business_on(now), prefix=prefix)
    return _insert(wish, number, now)


def adopt_refund(*, wish: RefundWish, out_refund_no: str, asked_at: datetime) -> Refund:
    """Set the money aside for a refund that was asked for elsewhere, under this number.

    The caller holds the order's lock. Raises RefundExceedsPayment.
    """
    payment = db.session.get_one(Payment, wish.payment_id)
    _set_aside(payment, wish.amount_fen, asked_at)
    return _insert(wish, out_refund_no, asked_at)


def _check(payment: Payment, now: datetime) -> None:
    if payment.status != PaymentStatus.SUCCEEDED or payment.success_at is None:
        raise NotPaid
    if payment.refund_count >= REFUNDS_MAX:
        raise TooManyRefunds
    if payment.refund_asked_at is not None and now < payment.refund_asked_at + REFUND_SPACING:
        raise RefundTooSoon
    if now > payment.success_at + REFUND_WITHIN:
        raise RefundTooLate


def _set_aside(payment: Payment, amount_fen: int, now: datetime) -> None:
    changed = amount_fen > 0 and _change(
        payment.id,
        Payment.refund_reserved_fen + amount_fen <= Payment.amount_fen,
        refund_reserved_fen=Payment.refund_reserved_fen + amount_fen,
        refund_count=Payment.refund_count + 1,
        refund_asked_at=now,
    )
    if not changed:
        raise RefundExceedsPayment


def _insert(wish: RefundWish, out_refund_no: str, asked_at: datetime) -> Refund:
    if wish.lines and sum(wish.lines.values()) != wish.amount_fen:
        raise ValueError("the lines of a refund add up to its amount")
    refund = Refund(
        out_refund_no=out_refund_no,
        key=wish.key,
        payment_id=wish.payment_id,
        amount_fen=wish.amount_fen,
        reason=wish.reason,
        actor=wish.actor,
        status=RefundStatus.REQUESTED,
        asked_at=asked_at,
    )
    db.session.add(refund)
    db.session.flush()
    for line_id, amount_fen in wish.lines.items():
        db.session.add(
            RefundLine(
                refund_id=refund.id,
                order_line_id=line_id,
                amount_fen=amount_fen,
                collected_fen=wish.collected.get(line_id, 0),
            )
        )
    db.session.flush()
    return refund


def record_refund_unknown(*, refund_id: int) -> None:
    """No usable answer came: the same number is sent or queried again, never another one."""
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.status == RefundStatus.REQUESTED)
        .values(status=RefundStatus.UNKNOWN)
        .execution_options(synchronize_session="fetch")
    )


def refuse_refund(*, refund_id: int, error: str, now: datetime) -> bool:
    """The platform knows nothing of this refund and will not take it; False if it has ended.

    The caller holds the order's lock, and gives free what the refund had set aside elsewhere.
    """
    seen = db.session.get_one(Refund, refund_id)
    refund = _locked_refund(seen.out_refund_no)
    if refund is None or refund.status in FINAL:
        return False
    payment = db.session.get_one(Payment, refund.payment_id)
    refund.status = RefundStatus.CLOSED
    refund.ended_at = now
    payment.refund_reserved_fen -= refund.amount_fen
    open_exception(
        kind=ExceptionKind.REFUND_CLOSED,
        key=refund.out_refund_no,
        details={"amount_fen": refund.amount_fen, "error": error},
        now=now,
        payment_id=payment.id,
    )
    return True


def refunds_to_chase(*, asked_before: datetime, now: datetime, limit: int = 50) -> list[int]:
    """The next refunds under way nobody has asked about since an instant; each has its turn."""
    under_way = [status for status in RefundStatus if status not in FINAL]
    return take_round(
        Refund,
        Refund.status.in_(under_way),
        since=Refund.asked_at,
        before=asked_before,
        now=now,
        limit=limit,
    )


def note_way_out(*, refund_id: int, way: str, actor: str) -> None:
    """A person sends an abnormal refund another way: it is being processed again.

    The caller holds the order's lock. Raises NotAbnormal.
    """
    refund = require_abnormal(refund_id)
    refund.status, refund.way, refund.way_by = RefundStatus.PROCESSING, way, actor


def require_abnormal(refund_id: int) -> Refund:
    """The refund, locked, of which somebody has to decide where it goes. Raises NotAbnormal."""
    seen = db.session.get_one(Refund, refund_id)
    refund = _locked_refund(seen.out_refund_no)
    if refund is None or refund.status != RefundStatus.ABNORMAL:
        raise NotAbnormal
    return refund


def apply_refund_fact(*, fact: RefundFact, now: datetime) -> RefundSettlement:
    """Apply what WeChat Pay states about one refund; repeats and stale states change nothing.

    The caller holds the order's lock. SUCCEEDED and FAILED are each told once: only then is
    money booked, or what was set aside given free.
    """
    refund = _locked_refund(fact.out_refund_no)
    if refund is None:
        return _refuse(fact, ExceptionKind.UNKNOWN_REFUND, RefundOutcome.UNKNOWN, now)
    payment = db.session.get_one(Payment, refund.payment_id)
    if (refund.amount_fen, payment.out_trade_no) != (fact.amount_fen, fact.out_trade_no):
        return _refuse(fact, ExceptionKind.REFUND_MISMATCH, RefundOutcome.MISMATCH, now, payment)
    current = RefundStatus(refund.status)
    if not may_become(current, fact.status):
        if {current, fact.status} == FINAL:
            _refuse(fact, ExceptionKind.REFUND_MISMATCH, RefundOutcome.MISMATCH, now, payment)
        return RefundSettlement(RefundOutcome.REPEAT, refund.id)
    return RefundSettlement(_record(refund, payment, fact, now), refund.id)


def _locked_refund(out_refund_no: str) -> Refund | None:
    """The refund with its payment locked before it."""
    query = select(Refund).where(Refund.out_refund_no == out_refund_no)
    seen = db.session.scalars(query).one_or_none()
    if seen is None:
        return None
    locked(select(Payment).where(Payment.id == seen.payment_id))
    return locked(query)


def _record(refund: Refund, payment: Payment, fact: RefundFact, now: datetime) -> RefundOutcome:
    refund.status = fact.status
    refund.refund_id = fact.refund_id
    if fact.status is RefundStatus.SUCCEEDED:
        refund.success_at = fact.success_at or now
        refund.ended_at = now
        payment.refunded_fen += refund.amount_fen
        return RefundOutcome.SUCCEEDED
    if fact.status is RefundStatus.CLOSED:
        refund.ended_at = now
        payment.refund_reserved_fen -= refund.amount_fen
        _refuse(fact, ExceptionKind.REFUND_CLOSED, RefundOutcome.FAILED, now, payment)
        return RefundOutcome.FAILED
    if fact.status is RefundStatus.ABNORMAL:
        _refuse(fact, ExceptionKind.REFUND_ABNORMAL, RefundOutcome.NOTED, now, payment)
    return RefundOutcome.NOTED


def _refuse(
    fact: RefundFact,
    kind: ExceptionKind,
    outcome: RefundOutcome,
    now: datetime,
    payment: Payment | None = None,
) -> RefundSettlement:
    """Show a person what did not go as asked."""
    open_exception(
        kind=kind,
        key=fact.out_refund_no,
        details={
            "out_trade_no": fact.out_trade_no,
            "amount_fen": fact.amount_fen,
            "status": fact.status,
        },
        now=now,
        payment_id=payment.id if payment else None,
    )
    return RefundSettlement(outcome)


def _change(payment_id: int, condition: Any, **values: Any) -> bool:
    changed = db.session.execute(
        update(Payment)
        .where(Payment.id == payment_id, condition)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
