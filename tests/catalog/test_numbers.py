"""The number pool: one number, one holder; held, claimed, kept, sold, given back, rested."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from catalog.number_models import NumberClass, NumberState
from catalog.number_queries import (
    Pattern,
    count_numbers,
    counts_by_node,
    number_by_msisdn,
    numbers_found,
    numbers_held,
    numbers_to_choose,
    taken_among,
)
from catalog.numbers import (
    HELD_FOR,
    HOLDS_MAX,
    QUARANTINE,
    NumberData,
    NumberTaken,
    TooManyHolds,
    claim,
    free_due,
    hold,
    import_numbers,
    keep,
    let_go,
    put_back,
    release,
    rest,
    sell,
    withdraw,
)
from org.queries import under
from tests.catalog.pool import FIRST, SECOND, Row, fill_pool, number_row
from tests.catalog.shelf import NOON
from tests.orders.buyers import add_buyer
from tests.racing import kept_waiting, race
from wx_backend.db import asks_for_retry, retried, transaction

FREE = Row("free", None, None)
LATER = NOON + HELD_FOR
MANY = tuple(f"141{n:08d}" for n in range(40))


@pytest.fixture
def bob(app: Flask) -> int:
    assert app.testing
    fill_pool()
    return add_buyer("Bob").member_id


@pytest.fixture
def carol(app: Flask) -> int:
    assert app.testing
    return add_buyer("Carol").member_id


def test_a_held_number_is_nobody_elses(bob: int, carol: int) -> None:
    with transaction():
        assert hold(msisdn=FIRST, member_id=bob, now=NOON) == LATER
    with pytest.raises(NumberTaken), transaction():
        hold(msisdn=FIRST, member_id=carol, now=NOON)
    assert number_row(FIRST) == Row("held", bob, None)
    with transaction():
        assert not let_go(msisdn=FIRST, member_id=carol)
        assert let_go(msisdn=FIRST, member_id=bob)
    assert number_row(FIRST) == FREE


def test_a_hold_ends_by_itself(bob: int, carol: int) -> None:
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)
    with transaction():
        hold(msisdn=FIRST, member_id=carol, now=LATER)
    assert number_row(FIRST).member_id == carol
    with transaction():
        assert free_due(now=LATER + HELD_FOR) == 1
        assert free_due(now=LATER + HELD_FOR) == 0
    assert number_row(FIRST) == FREE


def test_holding_again_lengthens_nothing(bob: int, carol: int) -> None:
    last = LATER - timedelta(seconds=1)
    with transaction():
        for now in (NOON, NOON + timedelta(minutes=7), last):
            assert hold(msisdn=FIRST, member_id=bob, now=now) == LATER
        with pytest.raises(NumberTaken):
            hold(msisdn=FIRST, member_id=carol, now=last)
        assert hold(msisdn=FIRST, member_id=carol, now=LATER) == LATER + HELD_FOR
        with pytest.raises(NumberTaken):
            hold(msisdn=FIRST, member_id=bob, now=LATER)


def test_nobody_holds_more_than_a_few(bob: int) -> None:
    fill_pool(*MANY, code="MORE")
    with transaction():
        for msisdn in MANY[:HOLDS_MAX]:
            hold(msisdn=msisdn, member_id=bob, now=NOON)
        hold(msisdn=MANY[0], member_id=bob, now=NOON)
        assert len(numbers_held(bob, NOON)) == HOLDS_MAX
    with pytest.raises(TooManyHolds), transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=LATER)


def test_a_number_goes_with_its_line_until_it_is_sold(bob: int, carol: int) -> None:
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        assert not let_go(msisdn=FIRST, member_id=bob)
        assert keep(msisdn=FIRST, member_id=bob, key="line:1", now=NOON)
        assert keep(msisdn=FIRST, member_id=bob, key="line:1", now=NOON)
        assert free_due(now=NOON + timedelta(days=400)) == 0
        assert sell(key="line:1")
    assert number_row(FIRST) == Row("sold", bob, "line:1")
    with pytest.raises(NumberTaken), transaction():
        hold(msisdn=FIRST, member_id=carol, now=NOON + timedelta(days=400))


def test_a_late_payment_gets_its_number_only_while_it_is_free(bob: int, carol: int) -> None:
    with transaction():
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        assert release(key="line:1")
        assert keep(msisdn=FIRST, member_id=bob, key="line:1", now=LATER)
        claim(msisdn=SECOND, member_id=bob, key="line:2", until=LATER, now=NOON)
        assert release(key="line:2")
        hold(msisdn=SECOND, member_id=carol, now=NOON)
        assert not keep(msisdn=SECOND, member_id=bob, key="line:2", now=NOON)


def test_what_was_paid_and_taken_back_rests(bob: int, carol: int) -> None:
    with transaction():
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        keep(msisdn=FIRST, member_id=bob, key="line:1", now=NOON)
        assert rest(key="line:1", now=NOON)
        assert not rest(key="line:1", now=NOON)
    assert number_row(FIRST) == Row("quarantined", None, None)
    with pytest.raises(NumberTaken), transaction():
        hold(msisdn=FIRST, member_id=carol, now=NOON + QUARANTINE - timedelta(seconds=1))
    with transaction():
        hold(msisdn=FIRST, member_id=carol, now=NOON + QUARANTINE)


def test_what_is_sold_elsewhere_is_nobodys_to_choose_until_it_is_put_back(
    bob: int, carol: int
) -> None:
    wanted = [FIRST, SECOND, "14000000999"]
    with transaction():
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        assert withdraw(node_id=1, numbers=wanted, now=NOON) == 1
        assert withdraw(node_id=1, numbers=wanted, now=NOON) == 0
    assert number_row(FIRST) == Row("held", bob, "line:1")
    assert number_row(SECOND) == Row("withdrawn", None, None)
    assert taken_among(1, wanted) == [FIRST]
    with pytest.raises(NumberTaken), transaction():
        hold(msisdn=SECOND, member_id=carol, now=NOON)
    with pytest.raises(NumberTaken), transaction():
        claim(msisdn=SECOND, member_id=carol, key="line:2", until=LATER, now=NOON)
    with transaction():
        assert not keep(msisdn=SECOND, member_id=carol, key="line:2", now=NOON)
        assert free_due(now=NOON + timedelta(days=400)) == 1  # Bob's alone
        assert import_numbers(node_id=1, numbers=[NumberData(SECOND)], now=NOON) == 0
    assert numbers_to_choose([1], Pattern(ending="888")) == []
    with transaction():
        assert put_back(node_id=2, numbers=wanted, now=NOON) == 0
        assert put_back(node_id=1, numbers=wanted, now=NOON) == 1
        hold(msisdn=SECOND, member_id=carol, now=NOON)


def test_a_number_that_rests_can_be_taken_out(bob: int) -> None:
    with transaction():
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        keep(msisdn=FIRST, member_id=bob, key="line:1", now=NOON)
        rest(key="line:1", now=NOON)
        assert withdraw(node_id=1, numbers=[FIRST], now=NOON) == 1
        assert free_due(now=NOON + QUARANTINE) == 0
    assert number_row(FIRST) == Row("withdrawn", None, None)


def test_what_is_put_back_rests_for_what_was_left_of_its_time(bob: int, carol: int) -> None:
    end = NOON + QUARANTINE
    with transaction():
        claim(msisdn=FIRST, member_id=bob, key="line:1", until=LATER, now=NOON)
        keep(msisdn=FIRST, member_id=bob, key="line:1", now=NOON)
        rest(key="line:1", now=NOON)
        for _ in range(2):
            assert withdraw(node_id=1, numbers=[FIRST], now=NOON) == 1
            assert put_back(node_id=1, numbers=[FIRST], now=NOON + timedelta(days=1)) == 1
    assert number_row(FIRST) == Row("quarantined", None, None)
    with pytest.raises(NumberTaken), transaction():
        hold(msisdn=FIRST, member_id=carol, now=end - timedelta(seconds=1))
    with transaction():
        assert withdraw(node_id=1, numbers=[FIRST], now=NOON) == 1
        assert put_back(node_id=1, numbers=[FIRST], now=end) == 1
    assert number_row(FIRST) == FREE


def test_what_is_held_again_is_not_let_go_before_that_is_answered(app: Flask, bob: int) -> None:
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)

    def let_it_go() -> None:
        retried(lambda: let_go(msisdn=FIRST, member_id=bob))

    def hold_again() -> None:
        assert hold(msisdn=FIRST, member_id=bob, now=NOON) == LATER

    with kept_waiting(app, let_it_go, by=hold_again):
        assert [each.until for each in numbers_held(bob, NOON)] == [LATER]
    assert number_row(FIRST) == FREE


def test_a_number_is_ordered_or_taken_out_and_never_both(app: Flask, bob: int) -> None:
    def work(n: int) -> bool:
        try:
            return bool(retried(lambda: _either(n, bob)))
        except NumberTaken:
            return False

    assert sorted(race(app, work, times=2)) == [False, True]


def _either(n: int, member_id: int) -> object:
    if n:
        return withdraw(node_id=1, numbers=[FIRST], now=NOON)
    claim(msisdn=FIRST, member_id=member_id, key="line:1", until=LATER, now=NOON)
    return True


def test_a_number_of_no_pool_is_taken(bob: int) -> None:
    with pytest.raises(NumberTaken) as refusal, transaction():
        claim(msisdn="13800000000", member_id=bob, key="line:1", until=LATER, now=NOON)
    assert refusal.value.details == {"number": "13800000000"}


def test_importing_again_changes_nothing(bob: int) -> None:
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)
        again = [NumberData(FIRST, NumberClass.PREMIUM), NumberData("14000000009")]
        assert import_numbers(node_id=1, numbers=again, now=NOON) == 1
    assert number_row(FIRST) == Row("held", bob, None)


def test_numbers_are_searched_by_their_digits(bob: int) -> None:
    assert bob
    node = fill_pool("14012345678", "14088800001", code="MORE")

    def found(**pattern: str) -> set[str]:
        return {row.msisdn for row in numbers_to_choose([1, node], Pattern(**pattern))}

    assert found() == {FIRST, SECOND, "14012345678", "14088800001"}
    assert found(ending="888") == {SECOND}
    assert found(contains="888") == {SECOND, "14088800001"}
    assert found(contains="234", ending="78") == {"14012345678"}
    assert found(ending="8%") == found(contains="_") == set()


def test_a_page_is_another_one_each_time(bob: int) -> None:
    assert bob
    node = fill_pool(*MANY, code="MORE")
    pages = {
        tuple(row.msisdn for row in numbers_to_choose([node], Pattern(), limit=5)) for _ in range(8)
    }
    assert len(pages) > 1
    assert all(len(set(page)) == 5 for page in pages)


def test_counts_say_how_many_are_left(bob: int) -> None:
    with transaction():
        hold(msisdn=FIRST, member_id=bob, now=NOON)
    scope = under(1)
    assert counts_by_node(scope) == {1: {"free": 1, "held": 1}}
    assert count_numbers(scope, state=NumberState.HELD) == 1
    assert [row.msisdn for row in numbers_found(scope, text="888")] == [SECOND]
    assert number_by_msisdn("1") is None


def test_two_people_never_hold_the_same_number(app: Flask, bob: int, carol: int) -> None:
    fill_pool(*MANY, code="MORE")
    members = (bob, carol)

    def try_it(n: int) -> tuple[int, str] | None:
        member, msisdn = members[n % 2], MANY[n // 4 % 6]

        def work() -> None:
            claim(msisdn=msisdn, member_id=member, key=f"line:{n}", until=LATER, now=NOON)

        return _attempt(work, (member, msisdn))

    won = [each for each in race(app, try_it, times=24) if each]
    assert sorted(msisdn for _, msisdn in won) == sorted(MANY[:6])
    for member, msisdn in won:
        assert number_row(msisdn).member_id == member


def _attempt(work: Callable[[], None], told: tuple[int, str]) -> tuple[int, str] | None:
    while True:
        try:
            retried(work)
        except NumberTaken:
            return None
        except DBAPIError as error:
            if not asks_for_retry(error):
                raise
        else:
            return told
