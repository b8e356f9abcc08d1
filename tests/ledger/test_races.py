"""Many at once: every posting happens once and is reversed once, and nothing is half there."""

from collections.abc import Callable
from functools import partial

from flask import Flask
from sqlalchemy import func, select

from ledger.models import Account, AccountKind, Posting
from ledger.operations import post, reverse
from ledger.queries import balance, balances, posting_id, trial_balance, unbalanced_postings
from ledger.values import credit, debit, of_rep
from tests.ledger.accounts import CLEARING, EXPENSE, NOON, at_once, sale
from wx_backend.db import db, transaction

THREADS = 20
POSTINGS = 100


def in_turn(works: list[Callable[[], bool]]) -> Callable[[], bool]:
    """Several pieces of work in one transaction."""
    return lambda: all(work() for work in works)


def test_one_business_key_posted_by_twenty_threads_moves_money_once(app: Flask) -> None:
    done = at_once(app, [partial(sale, "payment:1", 500)] * THREADS)

    assert done.count(True) == 1
    assert balance(CLEARING) == 500


def test_postings_reversed_twice_at_once_are_reversed_once(app: Flask) -> None:
    with transaction():
        for number in range(POSTINGS):
            sale(f"payment:{number}", 1 + number)
        ids = [posting_id(f"payment:{number}") or 0 for number in range(POSTINGS)]
    db.session.rollback()

    for start in range(0, POSTINGS, THREADS // 2):
        batch = ids[start : start + THREADS // 2]
        undo = [partial(reverse, posting_id=id_, key=f"undo:{id_}", now=NOON) for id_ in batch]
        done = at_once(app, [*undo, *undo])
        assert done.count(True) == len(batch)

    reversed_once = select(func.count(func.distinct(Posting.reverses_id)))
    assert db.session.scalar(reversed_once) == POSTINGS
    assert balance(CLEARING) == 0
    assert unbalanced_postings() == []


def test_reversals_under_two_keys_at_once_count_once(app: Flask) -> None:
    with transaction():
        sale("payment:1", 500)
        first = posting_id("payment:1") or 0
    db.session.rollback()

    undo = [partial(reverse, posting_id=first, key=f"undo:{n}", now=NOON) for n in range(8)]
    assert at_once(app, undo).count(True) == 1
    assert balance(CLEARING) == 0


def commission(key: str, rep_id: int) -> bool:
    legs = [debit(EXPENSE, 7), credit(of_rep(AccountKind.COMMISSION_HELD, rep_id), 7)]
    return post(kind="commission", key=key, legs=legs, now=NOON)


def test_accounts_made_by_many_at_once_exist_once_each(app: Flask) -> None:
    reps = range(1, 6)
    works = [
        in_turn([partial(commission, f"line:{thread}:{rep}", rep) for rep in reps])
        for thread in range(5)
    ]
    # Half of them go through the reps backwards: who waits for whom must never be a circle
    # that nobody breaks.
    works += [
        in_turn([partial(commission, f"line:{thread}:{rep}", rep) for rep in reversed(reps)])
        for thread in range(5, 10)
    ]
    assert all(at_once(app, works))

    assert db.session.scalar(select(func.count(Account.id))) == len(reps) + 1
    held = balances(AccountKind.COMMISSION_HELD)
    assert set(held.values()) == {-7 * len(works)}
    assert sum(line.balance_fen for line in trial_balance()) == 0
