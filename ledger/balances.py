"""Stored balances: counted a few postings at a time, read with what is not counted yet.

A posting notes itself in its own transaction, and is forgotten in the one that counts it. So a
balance read in one statement is that of all entries at that moment, whoever counts and dies.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, Select, delete, func, or_, select, true

from ledger.models import Account, AccountBalance, AccountKind, Entry, PostingDelta
from ledger.queries import NAME, by_account, is_account
from ledger.values import AccountName
from wx_backend.db import Rule, db, take_turns, upsert_all

BATCH: Final = 2_000
TURN: Final = b"account_balance"


def running_balances(accounts: Collection[AccountName]) -> dict[AccountName, int]:
    """Debit less credit over all time, in fen; accounts that are not open yet have none."""
    is_asked = or_(*(is_account(each) for each in accounts))
    return by_account(_running().where(is_asked))


def running_balances_of(kind: AccountKind) -> dict[AccountName, int]:
    """Debit less credit over all time of every account of a kind that is not at zero, in fen."""
    waiting = _sums(Entry.posting_id.in_(select(PostingDelta.posting_id))).subquery()
    total = func.coalesce(AccountBalance.balance_fen, 0) + func.coalesce(waiting.c.fen, 0)
    query = (
        select(*NAME, total)
        .outerjoin(AccountBalance, AccountBalance.account_id == Account.id)
        .outerjoin(waiting, waiting.c.account_id == Account.id)
        .where(Account.kind == kind, total != 0)
    )
    return by_account(query)


def count_postings(*, now: datetime) -> int:  # noqa: ARG001 - a chore
    """Add some of the postings that wait to the balances of their accounts; how many."""
    take_turns(TURN)
    waiting = select(PostingDelta.posting_id).order_by(PostingDelta.posting_id).limit(BATCH)
    taken = db.session.scalars(waiting).all()
    if not taken:
        return 0
    moved = db.session.execute(_sums(Entry.posting_id.in_(taken))).all()
    _store(moved, change=lambda old, new: old.balance_fen + new.balance_fen)
    db.session.execute(delete(PostingDelta).where(PostingDelta.posting_id.in_(taken)))
    return len(taken)


def compare_balances(*, mend: bool) -> int:
    """How many accounts are stored with another balance than their entries make; with `mend` no more."""
    if mend:
        take_turns(TURN)
    right = _sums(Entry.posting_id.not_in(select(PostingDelta.posting_id))).subquery()
    fen = func.coalesce(right.c.fen, 0)
    wrong = (
        select(Account.id, fen)
        .outerjoin(right, right.c.account_id == Account.id)
        .outerjoin(AccountBalance, AccountBalance.account_id == Account.id)
        .where(fen != func.coalesce(AccountBalance.balance_fen, 0))
    )
    found = db.session.execute(wrong).all()
    if mend:
        _store(found, change=lambda _old, new: new.balance_fen)
    return len(found)


def _running() -> Select[str, str, int, str, int]:
    waiting = (
        select(func.sum(Entry.amount_fen))
        .join(PostingDelta, PostingDelta.posting_id == Entry.posting_id)
        .where(Entry.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )
    counted = func.coalesce(AccountBalance.balance_fen, 0)
    return select(*NAME, counted + func.coalesce(waiting, 0)).outerjoin(
        AccountBalance, AccountBalance.account_id == Account.id
    )


def _sums(which: ColumnElement[bool]) -> Select[int, int]:
    """What these entries come to, by account."""
    fen = func.sum(Entry.amount_fen).label("fen")
    return select(Entry.account_id, fen).where(which).group_by(Entry.account_id)


def _store(balances: Sequence[Row[int, int]], *, change: Rule) -> None:
    upsert_all(
        AccountBalance,
        [{"account_id": each, "balance_fen": int(fen)} for each, fen in sorted(balances)],
        key=("account_id",),
        change=lambda old, new: {"balance_fen": change(old, new)},
        where=lambda _old, _new: true(),
    )
