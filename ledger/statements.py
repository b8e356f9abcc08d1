"""Statements: what happened on one account over a span of business days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from ledger.models import Account, Entry, Posting
from ledger.queries import balance, is_account
from ledger.values import AccountName
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting as an account saw it, with what was there afterwards, in fen."""

    posting_id: int
    kind: str
    key: str
    memo: str
    posted_at: datetime
    business_on: date
    amount_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over a span of business days, in fen."""

    opening_fen: int
    lines: tuple[StatementLine, ...]

    @property
    def closing_fen(self) -> int:
        """What was there at the end of the last day."""
        return self.lines[-1].balance_fen if self.lines else self.opening_fen


def statement(account: AccountName, *, first: date, last: date) -> Statement:
    """The postings of an account from one business day to another, both included, in order."""
    opening_fen = balance(account, until=first - timedelta(days=1))
    return Statement(opening_fen, tuple(_lines(account, first, last, opening_fen)))


def _lines(
    account: AccountName, first: date, last: date, balance_fen: int
) -> Iterator[StatementLine]:
    query = (
        select(Posting, Entry.amount_fen)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .where(is_account(account), Posting.business_on.between(first, last))
        .order_by(Posting.business_on, Posting.id)
    )
    for posting, amount_fen in db.session.execute(query):
        balance_fen += amount_fen
        yield StatementLine(
            posting_id=posting.id,
            kind=posting.kind,
            key=posting.key,
            memo=posting.memo,
            posted_at=posting.posted_at,
            business_on=posting.business_on,
            amount_fen=amount_fen,
            balance_fen=balance_fen,
        )
