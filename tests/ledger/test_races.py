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
from tests.racing import race
from wx_backend.db import db, retried, transaction

THREADS = 20
POSTINGS = 500
REPS = 80


def in_turn(works: list[Callable[[], bool]]) -> Callable[[], bool]:
    """Several pieces of work in one transaction."""
    return lambda: all(work() for work in works)


def commission(key: str, rep_id: int, amount_fen: int = 7) -> bool:
    """A rep has earned."""
    legs = [
        debit(EXPENSE, amount_fen),
        credit(of_rep(AccountKind.COMMISSION_HELD, rep_id), amount_fen),
    ]
    return post(kind="commission", key=key, legs=legs, now=NOON)


def test_one_business_key_posted_by_twenty_threads_moves_money_once(app: Flask) -> None:
    done = at_once(app, [partial(sale, "payment:1", 500)] * THREADS)

    assert done.count(True) == 1
    assert balance(CLEARING) == 500


def test_every_posting_of_eighty_reps_reversed_twice_at_once_is_reversed_once(app: Flask) -> None:
    with transaction():
        for number in range(POSTINGS):
            commission(f"line:{number}", 1 + number % REPS, 1 + number)
        ids = [posting_id(f"line:{number}") or 0 for number in range(POSTINGS)]
    earned = balances(AccountKind.COMMISSION_HELD)
    assert len(earned) == REPS
    assert sum(earned.values()) == -sum(range(1, POSTINGS + 1))
    db.session.rollback()

    def undo(n: int) -> bool:
        id_ = ids[n // 2]
        return retried(lambda: reverse(posting_id=id_, key=f"undo:{id_}", now=NOON))

    done = race(app, undo, times=2 * POSTINGS, threads=THREADS)

    assert [done[n] + done[n + 1] for n in range(0, 2 * POSTINGS, 2)] == [1] * POSTINGS
    assert db.session.scalar(select(func.count(Posting.reverses_id))) == POSTINGS
    assert balances(AccountKind.COMMISSION_HELD) == {}
    assert {line.balance_fen for line in trial_balance()} == {0}
    assert unbalanced_postings() == []


def test_reversals_under_two_keys_at_once_count_once(app: Flask) -> None:
    with transaction():
        sale("payment:1", 500)
        first = posting_id("payment:1") or 0
    db.session.rollback()

    undo = [partial(reverse, posting_id=first, key=f"undo:{n}", now=NOON) for n in range(8)]
    assert at_once(app, undo).count(True) == 1
    assert balance(CLEARING) == 0


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


def test_a_thousand_postings_at_once_make_each_account_once_and_lose_nothing(app: Flask) -> None:
    """Any two reps at a time, in either order: whoever is in the way is waited for, not given up."""

    def give(n: int) -> bool:
        one, other = 1 + n % REPS, 1 + (n * 37 + 11) % REPS
        held = AccountKind.COMMISSION_HELD
        legs = [debit(EXPENSE, 7), credit(of_rep(held, one), 3), credit(of_rep(held, other), 4)]
        return retried(lambda: post(kind="commission", key=f"line:{n}", legs=legs, now=NOON))

    assert race(app, give, times=1_000, threads=THREADS).count(True) == 1_000

    assert db.session.scalar(select(func.count(Account.id))) == REPS + 1
    assert db.session.scalar(select(func.count(Posting.id))) == 1_000
    assert sum(balances(AccountKind.COMMISSION_HELD).values()) == -7_000
    assert balance(EXPENSE) == 7_000
    assert unbalanced_postings() == []
