"""The accounts and the day the ledger's tests speak of."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

from flask import Flask

from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_company, of_merchant, of_rep
from wx_backend.db import retried

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon in Shanghai

CLEARING = of_merchant(AccountKind.WECHAT_CLEARING, "1900000001")
REVENUE = of_company(AccountKind.REVENUE)
EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)
ALICE_HELD = of_rep(AccountKind.COMMISSION_HELD, 1)
ALICE_PAYABLE = of_rep(AccountKind.COMMISSION_PAYABLE, 1)

Outcome = TypeVar("Outcome")


def sale(key: str, amount_fen: int, *, now: datetime = NOON) -> bool:
    """Bob pays: what we sold comes to WeChat's clearing account."""
    legs = [debit(CLEARING, amount_fen), credit(REVENUE, amount_fen)]
    return post(kind="sale", key=key, legs=legs, now=now, memo="Bob buys")


def at_once(app: Flask, works: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run each piece of work in a thread and transaction of its own, all at the same moment."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Outcome]) -> Outcome:
        with app.app_context():
            barrier.wait(10)
            return retried(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
