"""Whatever is posted, repeated and reversed: the ledger agrees with a model of a few lines."""

from datetime import timedelta
from itertools import count
from unittest import mock

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from ledger import balances
from ledger.balances import compare_balances, count_postings, running_balances
from ledger.models import AccountKind
from ledger.operations import DifferentPosting, post, reverse
from ledger.queries import amounts_of, balance, posting_id, trial_balance, unbalanced_postings
from ledger.values import AccountName, Leg, Unbalanced, of_rep
from tests.conftest import MachineSize
from tests.ledger.accounts import NOON
from wx_backend.clock import business_on
from wx_backend.db import transaction

_runs = count(1)
OWNERS = range(3)
AMOUNTS = st.lists(st.tuples(st.sampled_from(OWNERS), st.integers(-500, 500)), max_size=4)
TODAY = business_on(NOON)


class Books(RuleBasedStateMachine):
    """Three accounts of this run's own; the model is what each should hold and each key moved."""

    keys = Bundle("keys")
    unreversed = Bundle("unreversed")

    def __init__(self) -> None:
        super().__init__()
        self.run = next(_runs)
        self.holds = dict.fromkeys(OWNERS, 0)
        self.moved: dict[str, dict[int, int]] = {}

    def account(self, owner: int) -> AccountName:
        return of_rep(AccountKind.COMMISSION_HELD, self.run * len(OWNERS) + owner)

    def post(self, key: str, amounts: dict[int, int]) -> bool:
        legs = [Leg(self.account(owner), fen) for owner, fen in amounts.items()]
        with transaction():
            return post(kind="try", key=f"{self.run}:{key}", legs=legs, now=NOON)

    @rule(target=keys, amounts=AMOUNTS, closing=st.sampled_from(OWNERS))
    def post_something(self, amounts: list[tuple[int, int]], closing: int) -> object:
        wanted = dict.fromkeys(OWNERS, 0)
        for owner, fen in [*amounts, (closing, -sum(fen for _, fen in amounts))]:
            wanted[owner] += fen
        key = f"posting:{len(self.moved)}"
        try:
            assert self.post(key, wanted)
        except Unbalanced:
            assert not any(wanted.values())
            return multiple()
        self.moved[key] = {owner: fen for owner, fen in wanted.items() if fen}
        for owner, fen in wanted.items():
            self.holds[owner] += fen
        return key

    @rule(key=keys)
    def repeat(self, key: str) -> None:
        assert not self.post(key, self.moved[key])

    @rule(key=keys)
    def repeat_with_another_amount(self, key: str) -> None:
        try:
            self.post(key, {owner: 2 * fen for owner, fen in self.moved[key].items()})
        except DifferentPosting:
            return
        raise AssertionError("another amount under the same key was taken")

    @rule(target=unreversed, key=consumes(keys))
    def reverse_one(self, key: str) -> str:
        assert self.undo(key)
        for owner, fen in self.moved[key].items():
            self.holds[owner] -= fen
        return key

    @rule(key=unreversed)
    def reverse_again(self, key: str) -> None:
        assert not self.undo(key)

    @rule(some=st.integers(1, 3))
    def count(self, some: int) -> None:
        with mock.patch.object(balances, "BATCH", some), transaction():
            assert count_postings(now=NOON) <= some

    def undo(self, key: str) -> bool:
        found = posting_id(f"{self.run}:{key}")
        assert found is not None
        with transaction():
            return reverse(posting_id=found, key=f"{self.run}:undo:{key}", now=NOON)

    @invariant()
    def every_account_holds_what_the_model_says(self) -> None:
        for owner, fen in self.holds.items():
            account = self.account(owner)
            assert balance(account) == fen
            assert running_balances([account]).get(account, 0) == fen
        assert compare_balances(mend=False) == 0
        assert sum(line.balance_fen for line in trial_balance()) == 0

    @invariant()
    def the_newest_posting_is_what_was_posted(self) -> None:
        for key in list(self.moved)[-1:]:
            self.check(key)

    def check(self, key: str) -> None:
        found = posting_id(f"{self.run}:{key}")
        assert found is not None
        moved = {self.account(owner): fen for owner, fen in self.moved[key].items()}
        assert amounts_of(found) == moved

    def teardown(self) -> None:
        """Whatever came after it: every posting is still what it was."""
        for key in self.moved:
            self.check(key)
        assert unbalanced_postings() == []
        for owner, fen in self.holds.items():
            account = self.account(owner)
            before = balance(account, until=TODAY - timedelta(days=1))
            assert (before, balance(account, until=TODAY)) == (0, fen)


def test_the_ledger_agrees_with_its_model(app: Flask, machine_size: MachineSize) -> None:
    assert app.testing
    run_state_machine_as_test(Books, settings=machine_size(12, 15))
