"""Reads of the ledger: what a posting moved, balances, the trial balance and the proof behind it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from ledger.models import Account, AccountKind, Entry, OwnerKind, Posting
from ledger.values import AccountName
from wx_backend.db import db

NAME = (Account.kind, Account.owner_kind, Account.owner_id, Account.currency)


@dataclass(frozen=True, slots=True)
class TrialLine:
    """All accounts of one kind together, in fen; over all kinds debit and credit are equal."""

    kind: AccountKind
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        """Debit less credit."""
        return self.debit_fen - self.credit_fen


def is_account(account: AccountName) -> ColumnElement[bool]:
    """The condition that picks the row of an account."""
    return and_(
        Account.kind == account.kind,
        Account.owner_kind == account.owner_kind,
        Account.owner_id == account.owner_id,
        Account.currency == account.currency,
    )


def account_id(account: AccountName) -> int | None:
    """The id of the account's row; None before anything was posted there."""
    return db.session.scalar(select(Account.id).where(is_account(account)))


def account_ids(accounts: Collection[AccountName]) -> dict[AccountName, int]:
    """The ids of these accounts' rows; without those nothing was posted to."""
    query = select(*NAME, Account.id).where(or_(*(is_account(each) for each in accounts)))
    return dict(_named(query))


def posting_id(key: str) -> int | None:
    """The posting of a business key; None when there is none."""
    return db.session.scalar(select(Posting.id).where(Posting.key == key))


def is_reversed(posting_id: int) -> bool:
    """Whether the opposite of this posting was posted."""
    query = select(Posting.id).where(Posting.reverses_id == posting_id)
    return db.session.scalar(query) is not None


def amounts_of(posting_id: int) -> dict[AccountName, int]:
    """What a posting moved, in fen per account; empty for a posting that is not there."""
    query = (
        select(*NAME, Entry.amount_fen)
        .join(Entry, Entry.account_id == Account.id)
        .where(Entry.posting_id == posting_id)
    )
    return by_account(query)


def balance(account: AccountName, *, until: date | None = None) -> int:
    """Debit less credit in fen: over all time, or up to a business day and with it."""
    total = func.coalesce(func.sum(Entry.amount_fen), 0)
    query = select(total).join(Account, Account.id == Entry.account_id).where(is_account(account))
    if until is not None:
        query = query.join(Posting, Posting.id == Entry.posting_id)
        query = query.where(Posting.business_on <= until)
    return int(db.session.execute(query).scalar_one())


def balances(kind: AccountKind) -> dict[AccountName, int]:
    """Every account of a kind that is not at zero, in fen."""
    total = func.sum(Entry.amount_fen)
    query = (
        select(*NAME, total)
        .join(Entry, Entry.account_id == Account.id)
        .where(Account.kind == kind)
        .group_by(*NAME)
        .having(total != 0)
    )
    return by_account(query)


def balance_of_kind(kind: AccountKind, *, until: date) -> int:
    """Debit less credit in fen of all accounts of a kind, up to a business day and with it."""
    query = (
        select(func.coalesce(func.sum(Entry.amount_fen), 0))
        .join(Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Account.kind == kind, Posting.business_on <= until)
    )
    return int(db.session.execute(query).scalar_one())


def trial_balance() -> list[TrialLine]:
    """Debit and credit of every kind of account, over all time."""
    debit = func.sum(case((Entry.amount_fen > 0, Entry.amount_fen), else_=0))
    credit = func.sum(case((Entry.amount_fen < 0, -Entry.amount_fen), else_=0))
    query = (
        select(Account.kind, debit, credit)
        .join(Entry, Entry.account_id == Account.id)
        .group_by(Account.kind)
        .order_by(Account.kind)
    )
    return [
        TrialLine(AccountKind(kind), int(debit_fen), int(credit_fen))
        for kind, debit_fen, credit_fen in db.session.execute(query)
    ]


def unbalanced_postings() -> list[int]:
    """Postings whose entries, counted anew, do not add up to zero; always empty."""
    total, count = func.coalesce(func.sum(Entry.amount_fen), 0), func.count(Entry.id)
    query = (
        select(Posting.id)
        .join(Entry, Entry.posting_id == Posting.id, isouter=True)
        .group_by(Posting.id, Posting.entries)
        .having((total != 0) | (count != Posting.entries))
        .order_by(Posting.id)
    )
    return list(db.session.scalars(query))


def by_account(query: Select[str, str, int, str, int]) -> dict[AccountName, int]:
    """Amounts in fen by the account's name."""
    return {account: int(amount_fen) for account, amount_fen in _named(query)}


def _named(query: Select[str, str, int, str, int]) -> Iterator[tuple[AccountName, int]]:
    """What a query gives for each account, by its name."""
    for kind, owner_kind, owner_id, currency, value in db.session.execute(query):
        yield AccountName(AccountKind(kind), OwnerKind(owner_kind), owner_id, currency), value
