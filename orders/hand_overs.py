"""Verbs on the hand-over to billing: open it once per order, note what billing says."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from orders.models import HandOver, HandOverStatus
from wx_backend.db import db, upsert

OPEN = (HandOverStatus.WAITING, HandOverStatus.UNKNOWN, HandOverStatus.RECEIVED)


def open_hand_over(*, order_id: int, positions: Sequence[int], now: datetime) -> bool:
    """Write down that these lines go to billing; False when that was done before."""
    values = {
        "order_id": order_id,
        "positions": list(positions),
        "status": HandOverStatus.WAITING,
        "asked_at": now,
    }
    return upsert(HandOver, values, key=("order_id",))


def begin_hand_over(*, order_id: int, positions: Sequence[int], now: datetime) -> bool:
    """Note, before the first call, that it is being made, for the lines that are still wanted.

    True if the call may be made. From now on the lines are fixed: billing may know them. With
    no line wanted any more, and no call ever made, the hand-over is at its end.
    """
    begun = {"status": HandOverStatus.UNKNOWN, "positions": list(positions)}
    ended = {
        "status": HandOverStatus.REFUSED,
        "reason": "cancelled before the hand-over",
        "ended_at": now,
    }
    db.session.execute(
        update(HandOver)
        .where(HandOver.order_id == order_id, HandOver.status == HandOverStatus.WAITING)
        .values(begun if positions else ended)
        .execution_options(synchronize_session="fetch")
    )
    row = hand_over_of(order_id)
    return row is not None and row.status in OPEN


def hand_over_of(order_id: int) -> HandOver | None:
    """The hand-over of an order, if it has one."""
    return db.session.scalars(select(HandOver).where(HandOver.order_id == order_id)).one_or_none()


def record_hand_over(
    *, order_id: int, status: HandOverStatus, note: str | None, now: datetime
) -> bool:
    """Note what billing said; False once it has accepted or refused, which is its last word.

    `note` is the receipt number of an accepted order, else a reason.
    """
    is_accepted = status is HandOverStatus.ACCEPTED
    changed = db.session.execute(
        update(HandOver)
        .where(HandOver.order_id == order_id, HandOver.status.in_(OPEN))
        .values(
            status=status,
            receipt_no=note if is_accepted else None,
            reason=None if is_accepted else note,
            ended_at=None if status in OPEN else now,
        )
        .execution_options(synchronize_session="fetch")
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def hand_overs_waiting(*, asked_before: datetime, limit: int = 100) -> Sequence[int]:
    """Orders handed over before an instant that billing has not decided on, oldest first."""
    return db.session.scalars(
        select(HandOver.order_id)
        .where(HandOver.status.in_(OPEN), HandOver.asked_at <= asked_before)
        .order_by(HandOver.asked_at)
        .limit(limit)
    ).all()
