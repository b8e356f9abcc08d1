"""What patterns farming leaves, against an oracle that looks at every span there is."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from referral.farming.models import Source
from referral.farming.rules import Seen, again_and_again, bursts, newly_met

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at_minutes(*minutes: int) -> list[Seen]:
    return [
        Seen(Source.SCAN, number, number, NOON + each * MINUTE)
        for number, each in enumerate(minutes)
    ]


def rows_of(stretches: list[list[Seen]]) -> list[list[int]]:
    return [[row.row_id for row in stretch] for stretch in stretches]


def test_a_span_of_exactly_this_length_counts_and_one_row_less_does_not() -> None:
    rows = at_minutes(0, 30, 60)
    assert rows_of(bursts(rows, count=3, within=60 * MINUTE)) == [[0, 1, 2]]
    assert bursts(rows, count=3, within=59 * MINUTE) == []
    assert bursts(rows, count=4, within=60 * MINUTE) == []


def test_what_hangs_together_is_one_stretch_and_what_does_not_is_two() -> None:
    rows = at_minutes(0, 1, 2, 3, 100, 101, 102, 500)
    assert rows_of(bursts(rows, count=3, within=2 * MINUTE)) == [[0, 1, 2, 3], [4, 5, 6]]


@given(
    st.lists(st.integers(0, 40), max_size=25),
    st.integers(2, 6),
    st.integers(0, 10),
)
def test_a_row_is_in_a_burst_when_some_span_around_it_is_full(
    minutes: list[int], count: int, length: int
) -> None:
    rows = at_minutes(*minutes)
    full = {
        row.row_id
        for start in minutes
        if sum(start <= each <= start + length for each in minutes) >= count
        for row, minute in zip(rows, minutes, strict=True)
        if start <= minute <= start + length
    }
    found = bursts(rows, count=count, within=length * MINUTE)
    assert sorted(row.row_id for stretch in found for row in stretch) == sorted(full)
    assert all(len(stretch) >= count for stretch in found)


def test_the_same_people_again_are_enough_people_or_none() -> None:
    rows = [
        Seen(Source.FOLLOW, number, who, NOON + number * MINUTE)
        for number, who in enumerate([1, 2, 1, 2, 1, 2, 3, 3, 4])
    ]
    assert [row.row_id for row in again_and_again(rows, times=3, people=2)] == [0, 1, 2, 3, 4, 5]
    assert again_and_again(rows, times=3, people=3) == []


def test_one_person_is_met_once_however_often_he_scans() -> None:
    again = [Seen(Source.SCAN, number, 7, NOON - number * MINUTE) for number in range(500)]
    assert newly_met(again) == [again[-1]]
