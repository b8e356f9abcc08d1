"""A stored balance is that of the entries, at every moment, whoever posts, counts and dies meanwhile."""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from ledger.balances import (
    compare_balances,
    count_postings,
    running_balances,
    running_balances_of,
)
from ledger.models import AccountBalance, AccountKind, PostingDelta
from ledger.queries import balance
from ledger.values import of_rep
from tests.ledger.accounts import CLEARING, NOON, REVENUE, sale
from tests.racing import race
from wx_backend.db import db, retried, transaction

SALES = 40
FEN = 7


def rows(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def die_after(work: Callable[[], object]) -> None:
    """Work whose transaction never commits."""
    work()
    raise RuntimeError("killed")


def count_all() -> int:
    counted = 0
    while some := retried(partial(count_postings, now=NOON)):
        counted += some
    return counted


def test_posted_counted_and_read_at_once(app: Flask) -> None:
    def one(n: int) -> int:
        if n % 3 == 0:
            return int(retried(partial(sale, f"sale:{n}", FEN)))
        if n % 3 == 1:
            return retried(partial(count_postings, now=NOON))
        # One look: what is counted while it reads is either stored or still noted.
        assert compare_balances(mend=False) == 0
        return 0

    done = race(app, one, times=3 * SALES)
    assert sum(done[0::3]) == SALES
    assert sum(done[1::3]) + count_all() == SALES
    assert rows(PostingDelta) == 0
    assert running_balances_of(AccountKind.REVENUE) == {REVENUE: -SALES * FEN}
    found = running_balances([CLEARING, REVENUE])
    assert found == {CLEARING: SALES * FEN, REVENUE: -SALES * FEN}
    assert balance(CLEARING) == SALES * FEN


def test_who_dies_while_counting_has_counted_nothing(app: Flask) -> None:
    assert app

    for number in range(3):
        retried(partial(sale, f"sale:{number}", FEN))
    with pytest.raises(RuntimeError, match="killed"):
        retried(partial(die_after, partial(count_postings, now=NOON)))
    assert (rows(AccountBalance), rows(PostingDelta)) == (0, 3)
    assert running_balances([CLEARING]) == {CLEARING: 3 * FEN}
    assert count_all() == 3
    assert count_all() == 0
    assert running_balances([CLEARING]) == {CLEARING: 3 * FEN}


def test_a_repeated_posting_is_noted_once_and_one_rolled_back_not_at_all(app: Flask) -> None:
    assert app
    for _ in range(2):
        retried(partial(sale, "sale:1", FEN))
    with pytest.raises(RuntimeError, match="killed"):
        retried(partial(die_after, partial(sale, "sale:2", FEN)))
    assert rows(PostingDelta) == 1


def test_a_wrong_balance_is_found_and_mended_while_postings_wait(app: Flask) -> None:
    assert app
    retried(partial(sale, "sale:1", FEN))
    count_all()
    retried(partial(sale, "sale:2", FEN))
    with transaction():
        db.session.execute(update(AccountBalance).values(balance_fen=99))
    assert compare_balances(mend=False) == 2
    db.session.rollback()
    assert retried(partial(compare_balances, mend=True)) == 2
    assert compare_balances(mend=False) == 0
    assert running_balances([CLEARING, REVENUE]) == {CLEARING: 2 * FEN, REVENUE: -2 * FEN}
    assert count_all() == 1
    assert compare_balances(mend=False) == 0


def test_an_account_that_is_not_open_has_none(app: Flask) -> None:
    assert app
    assert running_balances([of_rep(AccountKind.COMMISSION_HELD, 7)]) == {}
