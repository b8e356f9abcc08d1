"""Reads of pay-outs: batches of a scope, payouts of a batch, what a receiver has to do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select

from ledger.balances import running_balances_of
from ledger.models import AccountKind, OwnerKind
from settlement.payouts.models import (
    BatchStatus,
    Payout,
    PayoutBatch,
    PayoutEvent,
    PayoutReceiver,
    PayoutReturn,
    PayoutStatus,
)
from settlement.payouts.rules import UNDER_WAY
from wx_backend.clock import SHANGHAI
from wx_backend.db import db

PAGE = 20


@dataclass(frozen=True, slots=True)
class Total:
    """How many payouts of a status a batch has, and their net fen together."""

    count: int
    net_fen: int


def free_balances() -> dict[tuple[OwnerKind, int], int]:
    """Everybody whose free balance is above zero, in fen; before any lock: only to propose."""
    return {
        (account.owner_kind, account.owner_id): -amount_fen
        for account, amount_fen in running_balances_of(AccountKind.COMMISSION_PAYABLE).items()
        if amount_fen < 0
    }


def undecided() -> dict[tuple[str, int], str]:
    """The receivers who wait in an undecided or unreleased batch, with its number."""
    rows = db.session.execute(
        select(PayoutReceiver.owner_kind, PayoutReceiver.owner_id, PayoutBatch.number)
        .join(Payout, Payout.receiver_id == PayoutReceiver.id)
        .join(PayoutBatch, PayoutBatch.id == Payout.batch_id)
        .where(Payout.status == PayoutStatus.PROPOSED)
    )
    return {(kind, owner_id): number for kind, owner_id, number in rows}


def batches_within(
    scope: Select[int], *, after: int = 0, limit: int = PAGE
) -> Sequence[PayoutBatch]:
    """The batches of a scope, the newest first."""
    query = select(PayoutBatch).where(PayoutBatch.node_id.in_(scope))
    return db.session.scalars(
        query.order_by(PayoutBatch.id.desc()).offset(after).limit(limit)
    ).all()


def batches_waiting(scope: Select[int]) -> Sequence[PayoutBatch]:
    """The batches of a scope that wait for a second person, the oldest first."""
    query = select(PayoutBatch).where(
        PayoutBatch.node_id.in_(scope), PayoutBatch.status == BatchStatus.PROPOSED
    )
    return db.session.scalars(query.order_by(PayoutBatch.id)).all()


def count_batches(scope: Select[int]) -> int:
    """How many batches a scope has."""
    query = select(func.count(PayoutBatch.id)).where(PayoutBatch.node_id.in_(scope))
    return db.session.scalar(query) or 0


def batch_within(number: str, scope: Select[int]) -> PayoutBatch | None:
    """The batch of this number, if it is one of the scope's."""
    return db.session.scalar(
        select(PayoutBatch)
        .where(PayoutBatch.number == number, PayoutBatch.node_id.in_(scope))
        .execution_options(populate_existing=True)
    )


def batch_by_id(batch_id: int) -> PayoutBatch:
    """The batch of this id, which is known to be there."""
    return db.session.get_one(PayoutBatch, batch_id)


def totals_of(batch_ids: Collection[int]) -> Mapping[int, dict[PayoutStatus, Total]]:
    """Count and sum per status for some batches."""
    found: dict[int, dict[PayoutStatus, Total]] = {batch_id: {} for batch_id in batch_ids}
    rows = db.session.execute(
        select(Payout.batch_id, Payout.status, func.count(), func.sum(Payout.net_fen))
        .where(Payout.batch_id.in_(batch_ids))
        .group_by(Payout.batch_id, Payout.status)
    )
    for batch_id, status, count, net_fen in rows:
        found[batch_id][PayoutStatus(status)] = Total(count, int(net_fen))
    return found


def payouts_of(
    batch_id: int,
    *,
    status: PayoutStatus | None = None,
    after: int = 0,
    limit: int | None = None,
    released_only: bool = False,
) -> Sequence[Payout]:
    """The payouts of a batch by id; `released_only` leaves out those that never left."""
    query = select(Payout).where(Payout.batch_id == batch_id).order_by(Payout.id)
    if status is not None:
        query = query.where(Payout.status == status)
    if released_only:
        query = query.where(Payout.released_at.is_not(None))
    return db.session.scalars(query.offset(after).limit(limit)).all()


def payout_numbers(ids: Collection[int]) -> dict[int, str]:
    """The numbers of these payouts."""
    rows = db.session.execute(select(Payout.id, Payout.number).where(Payout.id.in_(ids)))
    return {payout_id: number for payout_id, number in rows}  # noqa: C416 - rows are no pairs to dict()


def is_open_for(batch_id: int, *, reps: Select[int], nodes: Select[int]) -> bool:
    """Whether money of a batch is still on its way to some of these reps or places."""
    is_one = or_(
        (PayoutReceiver.owner_kind == OwnerKind.REP) & PayoutReceiver.owner_id.in_(reps),
        (PayoutReceiver.owner_kind == OwnerKind.ORG_NODE) & PayoutReceiver.owner_id.in_(nodes),
    )
    query = (
        select(Payout.id)
        .join(PayoutReceiver, PayoutReceiver.id == Payout.receiver_id)
        .where(Payout.batch_id == batch_id, Payout.status.in_(UNDER_WAY), is_one)
    )
    return db.session.scalar(query.limit(1)) is not None


def was_downloaded(batch_id: int) -> bool:
    """Whether somebody has the pay file of a batch."""
    query = select(PayoutEvent.id).where(
        PayoutEvent.batch_id == batch_id, PayoutEvent.what == "downloaded"
    )
    return db.session.scalar(query.limit(1)) is not None


def payout_in(number: str, batch_id: int) -> Payout | None:
    """The payout of this number, if the batch has it."""
    return db.session.scalar(
        select(Payout).where(Payout.number == number, Payout.batch_id == batch_id)
    )


def payout_by_id(payout_id: int) -> Payout:
    """The payout of this id, which is known to be there."""
    return db.session.get_one(Payout, payout_id)


def whole_net_fen(payout: Payout) -> int:
    """What a receiver gets of a batch, all parts together, whatever became of them."""
    query = select(func.sum(Payout.net_fen)).where(
        Payout.batch_id == payout.batch_id, Payout.receiver_id == payout.receiver_id
    )
    return int(db.session.scalar(query) or 0)


def payout_by_number(number: str) -> Payout | None:
    """The payout of this number."""
    return db.session.scalar(select(Payout).where(Payout.number == number))


def receiver_by_id(receiver_id: int) -> PayoutReceiver:
    """The receiver of this id, which is known to be there."""
    return db.session.get_one(PayoutReceiver, receiver_id)


def events_of(batch_id: int, *, limit: int = 100) -> Sequence[PayoutEvent]:
    """What was done with a batch, the newest first."""
    return db.session.scalars(
        select(PayoutEvent)
        .where(PayoutEvent.batch_id == batch_id)
        .order_by(PayoutEvent.id.desc())
        .limit(limit)
    ).all()


def times_paused(batch_id: int) -> int:
    """How often a batch was paused: names the exception item of the latest time."""
    query = select(func.count(PayoutEvent.id)).where(
        PayoutEvent.batch_id == batch_id, PayoutEvent.what == "paused"
    )
    return db.session.scalar(query) or 0


def returns_of(batch_id: int) -> Sequence[PayoutReturn]:
    """The return files of a batch, the newest first."""
    return db.session.scalars(
        select(PayoutReturn)
        .where(PayoutReturn.batch_id == batch_id)
        .order_by(PayoutReturn.id.desc())
    ).all()


def return_in(return_id: int, batch_id: int) -> PayoutReturn | None:
    """The return file of this id, if it is one of the batch's."""
    return db.session.scalar(
        select(PayoutReturn)
        .where(PayoutReturn.id == return_id, PayoutReturn.batch_id == batch_id)
        .execution_options(populate_existing=True)
    )


def payouts_to_rep(rep_id: int, *, limit: int) -> list[tuple[Payout, PayoutBatch]]:
    """What was or is to be paid to a rep, the newest first, its parts in turn; what never left is left out."""
    rows = db.session.execute(
        select(Payout, PayoutBatch)
        .join(PayoutBatch, PayoutBatch.id == Payout.batch_id)
        .join(PayoutReceiver, PayoutReceiver.id == Payout.receiver_id)
        .where(
            PayoutReceiver.owner_kind == OwnerKind.REP,
            PayoutReceiver.owner_id == rep_id,
            Payout.released_at.is_not(None),
        )
        .order_by(Payout.batch_id.desc(), Payout.part)
        .limit(limit)
    )
    return [(payout, batch) for payout, batch in rows]


def payout_to_rep(number: str, rep_id: int) -> Payout | None:
    """The payout of this number, if it is to this rep."""
    return db.session.scalar(
        select(Payout)
        .join(PayoutReceiver, PayoutReceiver.id == Payout.receiver_id)
        .where(
            Payout.number == number,
            PayoutReceiver.owner_kind == OwnerKind.REP,
            PayoutReceiver.owner_id == rep_id,
        )
        .execution_options(populate_existing=True)
    )


def ready_to_send(batch_id: int) -> Sequence[int]:
    """Ids of the payouts of a batch that nobody has asked WeChat Pay for."""
    return db.session.scalars(
        select(Payout.id)
        .where(Payout.batch_id == batch_id, Payout.status == PayoutStatus.READY)
        .order_by(Payout.id)
    ).all()


def unreleased_batches(*, before: datetime) -> Sequence[int]:
    """Ids of batches approved before an instant whose money has not all left."""
    return db.session.scalars(
        select(PayoutBatch.id).where(
            PayoutBatch.status == BatchStatus.APPROVED, PayoutBatch.decided_at <= before
        )
    ).all()


def in_transit_on(day: date) -> Sequence[Payout]:
    """The payouts whose money was on its way when a Shanghai day ended."""
    end = datetime(day.year, day.month, day.day, 23, 59, 59, 999_999, tzinfo=SHANGHAI)
    return db.session.scalars(
        select(Payout)
        .where(
            Payout.released_at <= end,
            or_(Payout.ended_at.is_(None), Payout.ended_at > end),
        )
        .order_by(Payout.id)
    ).all()


def is_under_way(payout: Payout) -> bool:
    """Whether its money is on its way."""
    return payout.status in UNDER_WAY
