"""Verbs of taking back: for refunds in proportion at the original rate, for an early end by months."""

from datetime import datetime

from sqlalchemy import select

from settlement import queries
from settlement.books import accruals_under_lock
from settlement.following import follow
from settlement.models import Accrual, Milestone, MilestoneEvent, TakeBack
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict


class DifferentRefund(Conflict):
    """This refund took back commission before, with another amount."""

    code, message = "different_refund", "这笔退款已处理过，金额不同"


class RefundExceedsLine(Conflict):
    """More would be refunded than the line cost."""

    code, message = "refund_exceeds_line", "退款金额超过该商品实付金额"


def take_back(*, order_line_id: int, refunded_fen: int, refund_key: str, now: datetime) -> int:
    """A line was refunded in part or whole: take commission back in proportion; the fen taken.

    The sum is the same however refunds are cut up. What is not free yet is taken from what is
    held; else the receiver's free balance goes down, below zero if it must. A repeated refund
    takes nothing, nor does one of a line without commission. The caller holds the lock of the
    order. Raises DifferentRefund, RefundExceedsLine.
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

    For a plan that was free of charge and never activated.
    """
    return end(order_line_id=order_line_id, how=Milestone.FORFEITED, ended_at=now, now=now)


def end(*, order_line_id: int, how: Milestone, ended_at: datetime, now: datetime) -> int:
    """A plan ended early (or never began): take back the months that were left; the fen taken.

    Kept for commission that becomes known later; told again it changes nothing.
    """
    event = {
        "order_line_id": order_line_id,
        "milestone": how,
        "month": 0,
        "happened_at": ended_at,
    }
    if not upsert(MilestoneEvent, event, key=("order_line_id", "milestone", "month")):
        return 0
    return sum(
        follow("end", accrual, key=how, now=now) for accrual in accruals_under_lock(order_line_id)
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
    return follow("take_back", accrual, key=key, now=now)


def _require_same(order_line_id: int, refund_key: str, refunded_fen: int) -> None:
    query = select(TakeBack.refunded_fen).where(
        TakeBack.order_line_id == order_line_id, TakeBack.refund_key == refund_key
    )
    if db.session.scalar(query) != refunded_fen:
        raise DifferentRefund
