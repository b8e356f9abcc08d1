"""What an account held before and after a day, whatever the order of the rows within one second."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciliation.chain import Movement, closing_fen, opening_fen

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
AMOUNTS = st.integers(-500, 500).filter(bool)
SECONDS = st.lists(st.lists(AMOUNTS, min_size=1, max_size=6), min_size=1, max_size=5)


def moved(begins_fen: int, seconds: list[list[int]]) -> list[list[Movement]]:
    """The movements of each second, in the order in which they happened."""
    held = accumulate(chain.from_iterable(seconds), initial=begins_fen)
    balances = iter(pairwise(held))
    return [
        [Movement(NOON + timedelta(seconds=n), *next(balances)) for _ in amounts]
        for n, amounts in enumerate(seconds)
    ]


@given(begins_fen=st.integers(0, 2_000), seconds=SECONDS, data=st.data())
def test_any_order_within_the_seconds_tells_the_same(
    begins_fen: int, seconds: list[list[int]], data: st.DataObject
) -> None:
    assume(any(map(sum, seconds)))  # else nothing tells where a circle began
    shuffled = [data.draw(st.permutations(rows)) for rows in moved(begins_fen, seconds)]
    rows = list(chain.from_iterable(shuffled))
    assert opening_fen(rows) == begins_fen
    assert closing_fen(reversed(rows)) == begins_fen + sum(map(sum, seconds))


def test_a_payment_whose_fee_stands_before_it_began_with_nothing() -> None:
    paid, fee = Movement(NOON, 0, 19_900), Movement(NOON, 19_900, 19_781)
    assert opening_fen([fee, paid]) == 0
    assert closing_fen([paid, fee]) == 19_781


def test_a_second_that_ends_as_it_began_leaves_it_to_the_next() -> None:
    there, back = Movement(NOON, 100, 150), Movement(NOON, 150, 100)
    later = Movement(NOON + timedelta(seconds=1), 100, 130)
    assert opening_fen([back, there, later]) == 100


@pytest.mark.parametrize("rows", [[], [Movement(NOON, 5, 9), Movement(NOON, 100, 130)]])
def test_without_a_chain_the_first_row_counts(rows: list[Movement]) -> None:
    assert opening_fen(rows) == (rows[0].before_fen if rows else None)
