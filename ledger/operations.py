"""Verbs of the ledger: post a movement of money once, or reverse one once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from ledger import queries
from ledger.models import Account, Entry, Posting
from ledger.values import AccountName, Leg, balanced
from wx_backend.clock import business_on
from wx_backend.db import db, inserted, upsert
from wx_backend.errors import Conflict, NotFound

REVERSAL = "reversal"


class DifferentPosting(Conflict):
    """This business key was posted before with other accounts or amounts."""

    code, message = "different_posting", "这笔账已经记过，内容不同"


def account_id(account: AccountName) -> int:
    """The id of the account's row, made when missing; safe when two ask at once."""
    found = queries.account_id(account)
    if found is None:
        _open(account)
        found = queries.account_id(account)
    return _present(found)


def post(*, kind: str, key: str, legs: Iterable[Leg], now: datetime, memo: str = "") -> bool:
    """Move money between accounts; False when this business key was posted before.

    Legs on one account are added up, empty ones left out. Raises Unbalanced for legs that do
    not add up to zero and DifferentPosting when the earlier posting of the key says otherwise.
    """
    amounts = balanced(legs)
    posting = inserted(Posting, _posting(kind, key, memo, now, amounts), key=("key",))
    if posting is None:
        if queries.amounts_of(_present(queries.posting_id(key))) != amounts:
            raise DifferentPosting
        return False
    _add_entries(posting.id, amounts)
    return True


def reverse(*, posting_id: int, key: str, now: datetime, memo: str = "") -> bool:
    """Post the opposite of a posting today; False when it was reversed before, by any key.

    Raises NotFound for a posting that is not there, DifferentPosting for a key used elsewhere.
    """
    moved = queries.amounts_of(posting_id)
    if not moved:
        raise NotFound
    amounts = {account: -amount_fen for account, amount_fen in moved.items()}
    values = _posting(REVERSAL, key, memo, now, amounts) | {"reverses_id": posting_id}
    posting = inserted(Posting, values, key=())
    if posting is None:
        if not queries.is_reversed(posting_id):
            raise DifferentPosting
        return False
    _add_entries(posting.id, amounts)
    return True


def _open(account: AccountName) -> None:
    values = {
        "kind": account.kind,
        "owner_kind": account.owner_kind,
        "owner_id": account.owner_id,
        "currency": account.currency,
    }
    upsert(Account, values, key=("kind", "owner_kind", "owner_id", "currency"))


def _posting(
    kind: str, key: str, memo: str, now: datetime, amounts: Mapping[AccountName, int]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "key": key,
        "memo": memo,
        "posted_at": now,
        "business_on": business_on(now),
        "total_fen": 0,
        "entries": len(amounts),
    }


def _add_entries(posting_id: int, amounts: Mapping[AccountName, int]) -> None:
    """Write what moved; accounts are made in the order of names, touched in the order of ids."""
    known = queries.account_ids(amounts)
    rows = [
        {
            "posting_id": posting_id,
            "account_id": known.get(account) or account_id(account),
            "amount_fen": amounts[account],
        }
        for account in sorted(amounts)
    ]
    db.session.execute(insert(Entry), sorted(rows, key=lambda row: row["account_id"]))


def _present(row_id: int | None) -> int:
    """The id of a row that this transaction knows to be there."""
    if row_id is None:
        raise RuntimeError("a row of the ledger is missing")
    return row_id
