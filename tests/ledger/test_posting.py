"""Money moves once per business key, balanced, and only ever by new postings."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from ledger.models import AccountKind
from ledger.operations import DifferentPosting, account_id, post, reverse
from ledger.queries import (
    amounts_of,
    balance,
    balances,
    posting_id,
    trial_balance,
    unbalanced_postings,
)
from ledger.values import Leg, Unbalanced, credit, debit
from tests.ledger.accounts import ALICE_HELD, CLEARING, EXPENSE, NOON, REVENUE, sale
from wx_backend.db import transaction
from wx_backend.errors import NotFound
from wx_backend.money import FEN_MAX

pytestmark = pytest.mark.usefixtures("app")


def posted(key: str) -> int:
    found = posting_id(key)
    assert found is not None
    return found


def test_a_sale_moves_money_from_one_account_to_another() -> None:
    with transaction():
        assert sale("payment:1", 19_900)

    assert balance(CLEARING) == 19_900
    assert balance(REVENUE) == -19_900
    assert unbalanced_postings() == []


def test_a_repeated_business_key_moves_nothing() -> None:
    with transaction():
        sale("payment:1", 19_900)
    with transaction():
        assert not sale("payment:1", 19_900)

    assert balance(CLEARING) == 19_900


def test_a_business_key_repeated_with_another_amount_is_refused() -> None:
    with transaction():
        sale("payment:1", 19_900)

    with pytest.raises(DifferentPosting), transaction():
        sale("payment:1", 19_901)

    assert balance(CLEARING) == 19_900


def test_legs_on_one_account_are_added_up_and_empty_ones_left_out() -> None:
    legs = [debit(CLEARING, 60), debit(CLEARING, 40), credit(REVENUE, 100), credit(EXPENSE, 0)]
    with transaction():
        post(kind="sale", key="payment:1", legs=legs, now=NOON)

    assert amounts_of(posted("payment:1")) == {CLEARING: 100, REVENUE: -100}


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [debit(CLEARING, 0), credit(REVENUE, 0)],
        [debit(CLEARING, 100)],
        [debit(CLEARING, 100), credit(REVENUE, 99)],
        [debit(CLEARING, 100), credit(CLEARING, 100)],
        [Leg(CLEARING, 1), Leg(REVENUE, 1), Leg(EXPENSE, -1)],
    ],
)
def test_legs_that_do_not_balance_are_a_bug(legs: list[Leg]) -> None:
    with pytest.raises(Unbalanced):
        post(kind="sale", key="payment:1", legs=legs, now=NOON)


@pytest.mark.parametrize("side", [debit, credit])
def test_a_side_takes_no_negative_amount(side: type[Leg]) -> None:
    with pytest.raises(ValueError, match="other side"):
        side(CLEARING, -1)


def test_an_account_is_made_once() -> None:
    with transaction():
        first = account_id(ALICE_HELD)
        assert account_id(ALICE_HELD) == first


def test_a_reversal_brings_the_balances_back() -> None:
    with transaction():
        sale("payment:1", 19_900)
        assert reverse(posting_id=posted("payment:1"), key="undo:1", now=NOON)

    assert balance(CLEARING) == balance(REVENUE) == 0
    assert balances(AccountKind.REVENUE) == {}
    assert [line.balance_fen for line in trial_balance()] == [0, 0]


def test_a_posting_is_reversed_once_whatever_the_key() -> None:
    with transaction():
        sale("payment:1", 19_900)
        first = posted("payment:1")
        assert reverse(posting_id=first, key="undo:1", now=NOON)
        assert not reverse(posting_id=first, key="undo:1", now=NOON)
        assert not reverse(posting_id=first, key="undo:again", now=NOON)

    assert balance(CLEARING) == 0


def test_a_reversal_under_the_key_of_another_posting_is_refused() -> None:
    with transaction():
        sale("payment:1", 19_900)
        sale("payment:2", 5)

    with pytest.raises(DifferentPosting), transaction():
        reverse(posting_id=posted("payment:1"), key="payment:2", now=NOON)


def test_what_was_never_posted_cannot_be_reversed() -> None:
    with pytest.raises(NotFound), transaction():
        reverse(posting_id=7, key="undo:7", now=NOON)


def test_the_trial_balance_shows_both_sides_of_every_kind() -> None:
    with transaction():
        sale("payment:1", 19_900)
        sale("payment:2", 100)
        reverse(posting_id=posted("payment:2"), key="undo:2", now=NOON)

    lines = {line.kind: (line.debit_fen, line.credit_fen) for line in trial_balance()}
    assert lines == {
        AccountKind.REVENUE: (100, 20_000),
        AccountKind.WECHAT_CLEARING: (20_000, 100),
    }
    assert sum(line.balance_fen for line in trial_balance()) == 0


def test_ten_billion_yuan_are_exact() -> None:
    with transaction():
        for number in range(5):
            sale(f"payment:{number}", FEN_MAX)

    assert balance(CLEARING) == 5 * FEN_MAX
    assert balances(AccountKind.REVENUE) == {REVENUE: -5 * FEN_MAX}


@pytest.mark.parametrize("fen", [FEN_MAX + 1, 2**53 + 1, 2**63 - 1, 2**63])
def test_more_than_ten_billion_yuan_in_one_entry_are_refused(fen: int) -> None:
    with pytest.raises((DBAPIError, OverflowError)), transaction():
        sale("payment:1", fen)

    assert posting_id("payment:1") is None
    assert balance(CLEARING) == 0


def test_a_balance_counts_by_the_shanghai_day() -> None:
    last_second = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 3, 31, 16, tzinfo=UTC)
    with transaction():
        sale("payment:1", 100, now=NOON)
        sale("payment:2", 20, now=last_second)
        sale("payment:3", 3, now=midnight)

    days = (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 31), date(2026, 4, 1))
    assert [balance(CLEARING, until=day) for day in days] == [0, 100, 120, 123]


def test_a_late_reversal_leaves_the_closed_month_as_it_was() -> None:
    may = datetime(2026, 5, 2, tzinfo=UTC)
    with transaction():
        sale("payment:1", 100, now=NOON)
        reverse(posting_id=posted("payment:1"), key="undo:1", now=may)

    assert balance(CLEARING, until=date(2026, 3, 31)) == 100
    assert balance(CLEARING, until=date(2026, 5, 1)) == 100
    assert balance(CLEARING, until=date(2026, 5, 2)) == 0
