"""How a payout ends: once, arrived or back; and what finance or staff may say about it."""

from dataclasses import dataclass
from datetime import datetime

from ledger.models import AccountKind
from ledger.values import AccountName, of_company
from settlement.payouts import books
from settlement.payouts.models import Payout, PayoutReceiver, PayoutStatus
from settlement.payouts.proposals import note_event
from settlement.payouts.release import finish_batch, is_final, locked_batch, locked_payout
from wx_backend import crash
from wx_backend.db import db
from wx_backend.errors import Conflict

BANK = of_company(AccountKind.PAYOUT_FUNDS)
AFTER_BOOKS = crash.point("payout.after_books")


class CannotCancel(Conflict):
    code, message = "cannot_cancel", "该笔已结束或结果未定，不能撤销"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a payout ended, who said so, and from which account it was paid if it was."""

    status: PayoutStatus
    actor: str
    reason: str = ""
    source: AccountName = BANK


def end(payout: Payout, receiver: PayoutReceiver, ending: Ending, *, now: datetime) -> None:
    """Book how a locked payout under way ended, and call its batch done if it was the last."""
    locked_batch(payout.batch_id)
    if ending.status is PayoutStatus.PAID:
        books.arrived(payout, receiver, ending.source, now=now)
    else:
        books.came_back(payout, receiver, now=now)
    crash.here(AFTER_BOOKS)
    payout.status, payout.reason = ending.status, ending.reason[:200]
    payout.ended_at, payout.package_info = now, None
    note_event(
        batch_id=payout.batch_id,
        payout_id=payout.id,
        what=ending.status,
        actor=ending.actor,
        note=ending.reason,
        now=now,
    )
    db.session.flush()
    finish_batch(batch_id=payout.batch_id, now=now)


def end_by_file(
    *, payout_id: int, status: PayoutStatus, reason: str, actor: str, now: datetime
) -> bool:
    """Finance says what became of a payout; False when it had ended before."""
    payout, receiver = locked_payout(payout_id)
    if is_final(payout):
        return False
    end(payout, receiver, Ending(status, actor, reason), now=now)
    return True


def cancel_unsent(*, payout_id: int, actor: str, now: datetime) -> bool:
    """Take back a payout WeChat Pay was never asked for; False when it was, and must be asked.

    Raises CannotCancel for one that has ended.
    """
    payout, receiver = locked_payout(payout_id)
    if payout.status == PayoutStatus.READY and payout.asked_at is None:
        end(payout, receiver, Ending(PayoutStatus.CANCELLED, actor, "人工撤销"), now=now)
        return True
    if is_final(payout) or payout.status in (PayoutStatus.PROPOSED, PayoutStatus.LEFT_OUT):
        raise CannotCancel
    note_event(
        batch_id=payout.batch_id, payout_id=payout.id, what="cancelling", actor=actor, now=now
    )
    return False
