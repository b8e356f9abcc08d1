"""Releasing an approved batch: payout by payout, the balance looked at under the receiver's lock."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from settlement.payouts import books
from settlement.payouts.models import (
    BatchStatus,
    Payout,
    PayoutBatch,
    PayoutReceiver,
    PayoutStatus,
)
from settlement.payouts.proposals import locked_receiver
from settlement.payouts.rules import FINAL, SETTLED
from wx_backend.db import db, locked

AT_ONCE: Final = 100
Blocked = Callable[[PayoutReceiver], str]
"""Says why somebody must not be paid now; empty when he may."""


def release_some(*, batch_id: int, blocked: Blocked, now: datetime) -> bool:
    """Let the payouts of the next receivers of an approved batch go; whether more are left.

    What was free when it was proposed may be gone: paid by another batch, or taken back. Such a
    payment is left out with all its parts, never cut. The last of them make the batch `released`.
    """
    batch = locked_batch(batch_id)
    if batch.status != BatchStatus.APPROVED:
        return False
    receivers = db.session.scalars(
        select(Payout.receiver_id)
        .where(Payout.batch_id == batch_id, Payout.status == PayoutStatus.PROPOSED)
        .group_by(Payout.receiver_id)
        .order_by(Payout.receiver_id)
        .limit(AT_ONCE)
    ).all()
    for receiver_id in receivers:
        _release(batch_id, receiver_id, blocked, now)
    if len(receivers) == AT_ONCE:
        return True
    batch.status = BatchStatus.RELEASED
    db.session.flush()
    finish_batch(batch_id=batch_id, now=now)
    return False


def finish_batch(*, batch_id: int, now: datetime) -> bool:
    """Call a released batch done once nothing of it is open; False when something is.

    The caller holds the batch's lock: two who end the last payouts at once see each other.
    """
    still_open = select(Payout.id).where(Payout.batch_id == batch_id, Payout.status.not_in(SETTLED))
    if db.session.scalar(still_open.limit(1)) is not None:
        return False
    changed = db.session.execute(
        update(PayoutBatch)
        .where(
            PayoutBatch.id == batch_id,
            PayoutBatch.status.in_((BatchStatus.RELEASED, BatchStatus.PAUSED)),
        )
        .values(status=BatchStatus.DONE, done_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def locked_batch(batch_id: int) -> PayoutBatch:
    """The batch, locked: its release, and every payout of it that ends, wait for one another."""
    batch = locked(select(PayoutBatch).where(PayoutBatch.id == batch_id))
    if batch is None:
        raise RuntimeError("a batch is missing")
    return batch


def locked_payout(payout_id: int) -> tuple[Payout, PayoutReceiver]:
    """A payout and its receiver, locked in the order everybody locks them."""
    receiver_id = db.session.scalars(select(Payout.receiver_id).where(Payout.id == payout_id)).one()
    receiver = locked_receiver(receiver_id)
    payout = locked(select(Payout).where(Payout.id == payout_id))
    if payout is None:
        raise RuntimeError("a payout is missing")
    return payout, receiver


def is_final(payout: Payout) -> bool:
    """Whether nothing more can happen to it."""
    return payout.status in FINAL


def _release(batch_id: int, receiver_id: int, blocked: Blocked, now: datetime) -> None:
    """Send the money of a receiver on its way, all its parts, or leave him out."""
    receiver = locked_receiver(receiver_id)
    payouts = _proposed(batch_id, receiver_id)
    reason = blocked(receiver)
    if not reason and books.free_of(receiver) < sum(payout.gross_fen for payout in payouts):
        reason = "可发余额已不足"
    for payout in payouts:
        if reason:
            payout.status, payout.reason, payout.ended_at = PayoutStatus.LEFT_OUT, reason, now
        else:
            books.sent(payout, receiver, now=now)
            payout.status, payout.released_at = PayoutStatus.READY, now


def _proposed(batch_id: int, receiver_id: int) -> list[Payout]:
    """What a batch is to pay a receiver whose row is locked, part by part."""
    query = select(Payout.id).where(
        Payout.batch_id == batch_id,
        Payout.receiver_id == receiver_id,
        Payout.status == PayoutStatus.PROPOSED,
    )
    ids = db.session.scalars(query.order_by(Payout.part)).all()
    found = (locked(select(Payout).where(Payout.id == payout_id)) for payout_id in ids)
    return [payout for payout in found if payout and payout.status == PayoutStatus.PROPOSED]
