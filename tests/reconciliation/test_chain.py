"""What an account held before and after a day, whatever the order of the rows within one second."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciliation.chain import Movement, closings, likeliest, openings

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
    assert openings(rows) == {begins_fen}
    assert closings(reversed(rows)) == {begins_fen + sum(map(sum, seconds))}


CIRCLES = st.lists(
    st.lists(AMOUNTS, min_size=1, max_size=5).map(lambda some: [*some, -sum(some)]),
    min_size=1,
    max_size=3,
)


@given(begins_fen=st.integers(0, 2_000), seconds=CIRCLES, data=st.data())
def test_seconds_that_all_end_as_they_began_leave_the_truth_among_what_may_be(
    begins_fen: int, seconds: list[list[int]], data: st.DataObject
) -> None:
    shuffled = [data.draw(st.permutations(rows)) for rows in moved(begins_fen, seconds)]
    rows = list(chain.from_iterable(shuffled))
    assert begins_fen in openings(rows)
    assert openings(rows) == closings(reversed(rows)), "whoever asks finds the same"
    assert likeliest(openings(rows), iter([-1, begins_fen])) == begins_fen


def test_a_payment_whose_fee_stands_before_it_began_with_nothing() -> None:
    paid, fee = Movement(NOON, 0, 19_900), Movement(NOON, 19_900, 19_781)
    assert openings([fee, paid]) == {0}
    assert closings([paid, fee]) == {19_781}


def test_a_second_that_ends_as_it_began_leaves_it_to_the_next() -> None:
    there, back = Movement(NOON, 100, 150), Movement(NOON, 150, 100)
    later = Movement(NOON + timedelta(seconds=1), 100, 130)
    assert openings([back, there, later]) == {100}


def test_what_two_circles_both_held_is_what_they_began_with() -> None:
    second = timedelta(seconds=1)
    one = [Movement(NOON, 150, 100), Movement(NOON, 100, 150)]
    other = [Movement(NOON + second, 70, 100), Movement(NOON + second, 100, 70)]
    assert openings([*one, *other]) == {100}


def test_where_nobody_tells_the_payment_came_before_its_refund() -> None:
    back, there = Movement(NOON, 150, 100), Movement(NOON, 100, 150)
    for rows in ([back, there], [there, back]):
        assert likeliest(openings(rows), ()) == 100
        assert likeliest(closings(reversed(rows)), [70]) == 100, "what nobody held tells nothing"


def test_who_knows_asks_nobody() -> None:
    def others() -> Iterator[int]:
        raise AssertionError("asked")
        yield 0

    assert likeliest({5}, others()) == 5
    assert likeliest((), others()) is None


@pytest.mark.parametrize("rows", [[], [Movement(NOON, 5, 9), Movement(NOON, 100, 130)]])
def test_without_a_chain_the_first_row_counts(rows: list[Movement]) -> None:
    assert openings(rows) == {row.before_fen for row in rows[:1]}
