"""Verbs of batches: proposed by one person, who may take it back, agreed to or not by another, never edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ledger.models import OwnerKind
from settlement.payouts.models import (
    BatchStatus,
    Payout,
    PayoutBatch,
    PayoutEvent,
    PayoutReceiver,
    PayoutStatus,
    Rail,
)
from settlement.payouts.rules import Amounts, Terms, parted
from settlement.periods import SamePerson
from wx_backend.clock import business_on
from wx_backend.db import db, locked, upsert
from wx_backend.errors import BadInput, Conflict, NotTheAsker
from wx_backend.numbers import new_number

BATCH: Final = "PB"
PAYOUT: Final = "PO"
RECEIVERS_MAX: Final = 5_000


class NobodyToPay(BadInput):
    code, message = "nobody_to_pay", "没有可发放的收款人"


class ProposedMeanwhile(Conflict):
    code, message = "proposed_meanwhile", "有收款人刚被列入另一批次，请重新提出"


class AlreadyDecided(Conflict):
    code, message = "already_decided", "该批次已处理，请刷新查看"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody with a free balance; `reason` says why he is left out, and is empty otherwise.

    What is too much for one transfer leaves in `parts`.
    """

    owner_kind: OwnerKind
    owner_id: int
    number: str
    name: str
    outlet_name: str
    amounts: Amounts
    reason: str = ""
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: for the receivers below a node, by which rail, on which terms."""

    node_id: int
    rail: Rail
    terms: Terms
    note: str
    actor: str


def propose(
    *, proposal: Proposal, candidates: Sequence[Candidate], now: datetime, prefix: str = ""
) -> PayoutBatch:
    """Write a batch down; those left out too, with their reasons. Raises NobodyToPay.

    A receiver who waits in another undecided batch is left out by the caller (see `undecided`);
    the database refuses one that came in between: ProposedMeanwhile.
    """
    if all(candidate.reason for candidate in candidates):
        raise NobodyToPay
    if len(candidates) > RECEIVERS_MAX:
        raise BadInput(f"一批最多{RECEIVERS_MAX}人，请缩小范围")
    batch = PayoutBatch(
        number=new_number(BATCH, on=business_on(now), prefix=prefix),
        rail=proposal.rail,
        node_id=proposal.node_id,
        note=proposal.note,
        minimum_fen=proposal.terms.minimum_fen,
        fee_fen=proposal.terms.fee_fen,
        tax_bp=proposal.terms.tax_bp,
        status=BatchStatus.PROPOSED,
        proposed_by=proposal.actor,
        proposed_at=now,
    )
    db.session.add(batch)
    db.session.flush()
    rows = [row for each in candidates for row in _rows(batch, each, now, prefix)]
    try:
        db.session.execute(insert(Payout), rows)
    except IntegrityError:
        raise ProposedMeanwhile from None
    note_event(batch_id=batch.id, what="proposed", actor=proposal.actor, now=now)
    return batch


def approve(*, batch_id: int, by: str, now: datetime) -> None:
    """A second person agrees: from here on it is being released. SamePerson, AlreadyDecided."""
    _decide(batch_id, BatchStatus.APPROVED, by, now)
    note_event(batch_id=batch_id, what="approved", actor=by, now=now)


def reject(*, batch_id: int, by: str, reason: str, now: datetime) -> None:
    """A second person turns a batch down. Raises SamePerson, AlreadyDecided, BadInput."""
    if not reason:
        raise BadInput("请填写原因", fields=["reason"])
    _decide(batch_id, BatchStatus.REJECTED, by, now)
    _let_go(batch_id, PayoutStatus.REJECTED, now)
    note_event(batch_id=batch_id, what="rejected", actor=by, note=reason, now=now)


def withdraw(*, batch_id: int, by: str, now: datetime) -> None:
    """Whoever proposed a batch takes it back. Raises NotTheAsker, AlreadyDecided."""
    _decide(batch_id, BatchStatus.WITHDRAWN, by, now)
    _let_go(batch_id, PayoutStatus.WITHDRAWN, now)
    note_event(batch_id=batch_id, what="withdrawn", actor=by, now=now)


def pause(*, batch_id: int, why: str, now: datetime) -> bool:
    """Ask for no more transfers of a batch: there is no money. False when it is paused already."""
    paused = _move(batch_id, BatchStatus.RELEASED, BatchStatus.PAUSED)
    if paused:
        note_event(batch_id=batch_id, what="paused", actor="system", note=why, now=now)
    return paused


def resume(*, batch_id: int, by: str, now: datetime) -> None:
    """A person says that there is money again. Raises AlreadyDecided."""
    if not _move(batch_id, BatchStatus.PAUSED, BatchStatus.RELEASED):
        raise AlreadyDecided
    note_event(batch_id=batch_id, what="resumed", actor=by, now=now)


def note_event(
    *,
    batch_id: int,
    what: str,
    actor: str,
    now: datetime,
    payout_id: int | None = None,
    note: str = "",
) -> None:
    """Write down what was done, by whom."""
    event = PayoutEvent(batch_id=batch_id, payout_id=payout_id, what=what, actor=actor)
    event.note, event.happened_at = note[:200], now
    db.session.add(event)


def receiver_of(owner_kind: OwnerKind, owner_id: int) -> int:
    """The id of the row whose lock a decision over this receiver's money needs."""
    upsert(
        PayoutReceiver,
        {"owner_kind": owner_kind, "owner_id": owner_id},
        key=("owner_kind", "owner_id"),
    )
    return db.session.scalars(
        select(PayoutReceiver.id).where(
            PayoutReceiver.owner_kind == owner_kind, PayoutReceiver.owner_id == owner_id
        )
    ).one()


def locked_receiver(receiver_id: int) -> PayoutReceiver:
    """The receiver, locked: nobody else decides over his free balance meanwhile."""
    receiver = locked(select(PayoutReceiver).where(PayoutReceiver.id == receiver_id))
    if receiver is None:
        raise RuntimeError("a receiver of a payout is missing")
    return receiver


def _decide(batch_id: int, status: BatchStatus, by: str, now: datetime) -> None:
    """Of those who decide at once one does; only who proposed it takes it back, and does nothing else."""
    proposer = db.session.scalar(select(PayoutBatch.proposed_by).where(PayoutBatch.id == batch_id))
    if status is BatchStatus.WITHDRAWN and proposer != by:
        raise NotTheAsker
    if status is not BatchStatus.WITHDRAWN and proposer == by:
        raise SamePerson
    decided = db.session.execute(
        update(PayoutBatch)
        .where(PayoutBatch.id == batch_id, PayoutBatch.status == BatchStatus.PROPOSED)
        .values(status=status, decided_by=by, decided_at=now)
        .execution_options(synchronize_session=False)
    )
    if not decided.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise AlreadyDecided


def _let_go(batch_id: int, status: PayoutStatus, now: datetime) -> None:
    """Nobody of a batch waits in it any more."""
    db.session.execute(
        update(Payout)
        .where(Payout.batch_id == batch_id, Payout.status == PayoutStatus.PROPOSED)
        .values(status=status, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def _move(batch_id: int, old: BatchStatus, new: BatchStatus) -> bool:
    changed = db.session.execute(
        update(PayoutBatch)
        .where(PayoutBatch.id == batch_id, PayoutBatch.status == old)
        .values(status=new)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _rows(
    batch: PayoutBatch, each: Candidate, now: datetime, prefix: str
) -> list[dict[str, object]]:
    """A receiver's payout, or each of its parts, under a number of its own."""
    receiver = {
        "batch_id": batch.id,
        "receiver_id": receiver_of(each.owner_kind, each.owner_id),
        "receiver_number": each.number,
        "receiver_name": each.name,
        "outlet_name": each.outlet_name,
        "status": PayoutStatus.LEFT_OUT if each.reason else PayoutStatus.PROPOSED,
        "reason": each.reason,
        "parts": each.parts,
    }
    return [
        receiver
        | {
            "number": new_number(PAYOUT, on=business_on(now), prefix=prefix),
            "part": part,
            "gross_fen": amounts.gross_fen,
            "tax_fen": amounts.tax_fen,
            "fee_fen": amounts.fee_fen,
            "net_fen": amounts.net_fen,
        }
        for part, amounts in enumerate(parted(each.amounts, each.parts), start=1)
    ]
