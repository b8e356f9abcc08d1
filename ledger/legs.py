"""What one account got on one day, as a stream sorted by the numbers in the postings' keys."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select

from ledger.models import Account, Entry, Posting
from ledger.queries import is_account
from ledger.values import AccountName
from wx_backend.db import streamed
from wx_backend.sql import byte_order


def entries_of(account: AccountName, kind: str, on: date) -> Iterator[tuple[str, int]]:
    """Number and fen of the entries that postings of a kind, keyed `kind:number`, made on a day."""
    number = func.substr(Posting.key, len(kind) + 2)
    query = (
        select(number, Entry.amount_fen)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .where(is_account(account), Posting.business_on == on, Posting.kind == kind)
        .order_by(byte_order(number))
    )
    yield from streamed(query)
