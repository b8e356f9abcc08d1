"""Verbs of taking back: in proportion to what was refunded, at the original rate, to the fen."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from ledger.models import AccountKind
from ledger.values import credit, debit, of_company, of_rep
from settlement import queries
from settlement.books import accruals_under_lock, parts_of, record
from settlement.models import Accrual, Commission, TakeBack
from settlement.rules import taken_back
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict

EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)
CLAWBACK = of_company(AccountKind.CLAWBACK)


class DifferentRefund(Conflict):
    """This refund took back commission before, with another amount."""

    code, message = "different_refund", "这笔退款已处理过，金额不同"


class RefundExceedsLine(Conflict):
    """More would be refunded than the line cost."""

    code, message = "refund_exceeds_line", "退款金额超过该商品实付金额"


def take_back(*, order_line_id: int, refunded_fen: int, refund_key: str, now: datetime) -> int:
    """A line was refunded in part or whole: take commission back in proportion; the fen taken.

    The sum is the same however refunds are cut up. What is not free yet is taken from what is
    held; else the rep's free balance goes down, below zero if it must. A repeated refund takes
    nothing, nor does one of a line without commission. The caller holds the lock of the order.
    Raises DifferentRefund, RefundExceedsLine.
    """
    values = {
        "order_line_id": order_line_id,
        "refund_key": refund_key,
        "refunded_fen": refunded_fen,
        "taken_back_at": now,
    }
    if not upsert(TakeBack, values, key=("order_line_id", "refund_key")):
        _require_same(order_line_id, refund_key, refunded_fen)
        return 0
    accruals = accruals_under_lock(order_line_id)  # before counting: another refund may be at it
    total_fen = queries.refunded_so_far(order_line_id)
    return sum(follow_refunds(accrual, total_fen, key=refund_key, now=now) for accrual in accruals)


def forfeit(*, order_line_id: int, now: datetime) -> int:
    """Take back all that is left although nothing is refunded; the fen taken.

    For a plan that was free of charge and never activated, or cancelled at once.
    """
    return sum(
        _take("forfeit", accrual, lambda part: part.amount_fen, key="", now=now)
        for accrual in accruals_under_lock(order_line_id)
    )


def follow_refunds(accrual: Accrual, refunded_fen: int, *, key: str, now: datetime) -> int:
    """Take back what all refunds of the line so far ask for beyond what was taken; the fen taken.

    Raises RefundExceedsLine.
    """
    if refunded_fen > accrual.paid_fen:
        raise RefundExceedsLine
    if not refunded_fen:
        return 0
    accrual.refunded_fen = refunded_fen

    def due(part: Commission) -> int:
        return taken_back(part.amount_fen, refunded_fen=refunded_fen, paid_fen=accrual.paid_fen)

    return _take("take_back", accrual, due, key=key, now=now)


def _take(
    verb: str, accrual: Accrual, due: Callable[[Commission], int], *, key: str, now: datetime
) -> int:
    """Raise what was taken of every part to what is due; the fen taken by this."""
    is_free = accrual.vested_at is not None
    source = AccountKind.COMMISSION_PAYABLE if is_free else AccountKind.COMMISSION_HELD
    legs = []
    taken_fen = 0
    for part in parts_of(accrual):
        more_fen = max(0, due(part) - part.taken_back_fen)
        part.taken_back_fen += more_fen
        taken_fen += more_fen
        legs.append(debit(of_rep(source, part.rep_id), more_fen))
    legs.append(credit(CLAWBACK if is_free else EXPENSE, taken_fen))
    record(verb, accrual, legs, now=now, key=key)
    return taken_fen


def _require_same(order_line_id: int, refund_key: str, refunded_fen: int) -> None:
    query = select(TakeBack.refunded_fen).where(
        TakeBack.order_line_id == order_line_id, TakeBack.refund_key == refund_key
    )
    if db.session.scalar(query) != refunded_fen:
        raise DifferentRefund
