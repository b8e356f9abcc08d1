"""What the ledger says moved for a receiver within a month: the raw material of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, case, func, select

from ledger.models import Account, AccountKind, Entry, OwnerKind, Posting
from settlement.statements.models import Movement
from wx_backend.db import db

HELD: Final = (AccountKind.COMMISSION_HELD,)
FREE: Final = (AccountKind.COMMISSION_PAYABLE,)
MOVEMENTS: Final = {
    "commission.accrue": Movement.ACCRUED,
    "commission.vest": Movement.VESTED,
    "commission.take_back": Movement.TAKEN_BACK,
    "commission.end": Movement.TAKEN_BACK,  # the plan ended early
    "commission.unassign": Movement.TAKEN_BACK,  # another rep is credited after a dispute
    "commission.reassign": Movement.ACCRUED,  # the same as that rep sees it
    "commission.reach": Movement.TAKEN_BACK,  # a milestone reached late restores what was taken
    "payout.send": Movement.PAID,
    "payout.return": Movement.PAID,
}
"""Which kind of posting is which movement; a kind that is not named here is `other`."""

_HELD_FEN = func.sum(case((Account.kind.in_(HELD), -Entry.amount_fen), else_=0))
_FREE_FEN = func.sum(case((Account.kind.in_(FREE), -Entry.amount_fen), else_=0))


@dataclass(frozen=True, slots=True)
class Balance:
    """What we owe a receiver, in fen: what he has to wait for, and what he may have."""

    held_fen: int = 0
    free_fen: int = 0

    @property
    def total_fen(self) -> int:
        return self.held_fen + self.free_fen


@dataclass(frozen=True, slots=True)
class Line:
    """One posting as a receiver saw it, in fen; above zero is for him."""

    business_on: date
    movement: Movement
    reference: str
    held_fen: int
    free_fen: int

    @property
    def total_fen(self) -> int:
        return self.held_fen + self.free_fen


def balances_before(
    owner_kind: OwnerKind, owner_ids: Collection[int], day: date
) -> dict[int, Balance]:
    """What we owed these receivers when a day began."""
    rows = db.session.execute(
        select(Account.owner_id, _HELD_FEN, _FREE_FEN)
        .join(Entry, Entry.account_id == Account.id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(_belongs(owner_kind), Account.owner_id.in_(owner_ids), Posting.business_on < day)
        .group_by(Account.owner_id)
    )
    return {owner_id: Balance(int(held), int(free)) for owner_id, held, free in rows}


def lines_between(
    owner_kind: OwnerKind, owner_ids: Collection[int], first: date, last: date
) -> dict[int, list[Line]]:
    """What moved for these receivers from one day to another, both included, in order."""
    rows = db.session.execute(
        select(
            Account.owner_id, Posting.business_on, Posting.kind, Posting.key, _HELD_FEN, _FREE_FEN
        )
        .join(Entry, Entry.account_id == Account.id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(
            _belongs(owner_kind),
            Account.owner_id.in_(owner_ids),
            Posting.business_on.between(first, last),
        )
        .group_by(Account.owner_id, Posting.business_on, Posting.id, Posting.kind, Posting.key)
        .order_by(Account.owner_id, Posting.business_on, Posting.id)
    )
    found: dict[int, list[Line]] = defaultdict(list)
    for owner_id, day, kind, key, held, free in rows:
        found[owner_id].append(_line(day, kind, key, int(held), int(free)))
    return found


def owners_after(owner_kind: OwnerKind, after_id: int, limit: int) -> list[int]:
    """The next receivers that have an account, by id."""
    return list(
        db.session.scalars(
            select(Account.owner_id)
            .where(_belongs(owner_kind), Account.owner_id > after_id)
            .distinct()
            .order_by(Account.owner_id)
            .limit(limit)
        )
    )


def count_owners(owner_kind: OwnerKind) -> int:
    """How many receivers have an account."""
    query = select(func.count(Account.owner_id.distinct())).where(_belongs(owner_kind))
    return db.session.scalar(query) or 0


def entries_between(first: date, last: date) -> Iterator[tuple[str, ...]]:
    """Every entry of a month's postings as text, in the order they were made; read in pieces."""
    rows = db.session.execute(
        select(
            Posting.id,
            Posting.key,
            Posting.business_on,
            Account.kind,
            Account.owner_kind,
            Account.owner_id,
            Entry.amount_fen,
        )
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Posting.business_on.between(first, last))
        .order_by(Posting.id, Entry.id)
        .execution_options(yield_per=1_000)
    )
    for row in rows:
        yield tuple(str(value) for value in row)


def _belongs(owner_kind: OwnerKind) -> ColumnElement[bool]:
    return Account.kind.in_((*HELD, *FREE)) & (Account.owner_kind == owner_kind)


def _line(day: date, kind: str, key: str, held_fen: int, free_fen: int) -> Line:
    movement = MOVEMENTS.get(kind, Movement.OTHER)
    if movement is Movement.VESTED and held_fen + free_fen:
        movement = Movement.OTHER  # vesting gives and takes nothing
    return Line(day, movement, key, held_fen, free_fen)
