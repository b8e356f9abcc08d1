"""Commission in parts: each waits for its own milestone, and an early end takes the months left."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from ledger.models import AccountKind
from org.reps import disable_rep, enable_rep
from settlement.accruals import accrue, start_vesting, unblock, vest, vest_due
from settlement.milestones import Step, months_between
from settlement.models import Milestone
from settlement.queries import blocked_of, commissions_of_line, due_accruals, income_of
from settlement.rates import set_terms
from settlement.refunds import end
from settlement.rules import LineFacts
from tests.settlement.world import (
    DAY,
    NOON,
    World,
    assert_books_balance,
    company,
    free,
    held,
    pay_out,
    receive,
    refund,
    vest_all,
)
from wx_backend.db import transaction
from wx_backend.errors import BadInput

ACTIVATED, TOP_UP, ALIVE = Milestone.ACTIVATED, Milestone.FIRST_TOP_UP, Milestone.MONTH_ALIVE
PARTS = [Step(ACTIVATED, 30, 4_000), Step(TOP_UP, 0, 3_000), Step(ALIVE, 0, 3_000, month=6)]
COMMISSION = 10_000


@pytest.fixture
def plan(world: World) -> LineFacts:
    """Alice sold a plan for 100 yuan that earns her all of it: 40 %, 30 % and 30 %, over a year."""
    return sold(world)


def sold(world: World, *, term_months: int | None = 12) -> LineFacts:
    world.rate(10_000)
    with transaction():
        set_terms(
            product_kind="plan", steps=PARTS, valid_from=date(2026, 3, 1), term_months=term_months
        )
    line = world.line(COMMISSION, kind="plan")
    with transaction():
        assert accrue(line=line, shares=world.alone(), now=NOON)
    return line


def reach(line: LineFacts, milestone: Milestone, at: datetime, month: int = 0) -> list[int]:
    with transaction():
        return start_vesting(
            order_line_id=line.order_line_id, milestone=milestone, reached_at=at, month=month
        )


def cancel(line: LineFacts, at: datetime) -> int:
    with transaction():
        return end(
            order_line_id=line.order_line_id, how=Milestone.CANCELLED, ended_at=at, now=at + DAY
        )


def free_what_is_due(now: datetime) -> None:
    with transaction():
        vest_due(now=now)


def test_each_part_is_free_after_its_own_milestone(world: World, plan: LineFacts) -> None:
    reach(plan, ACTIVATED, NOON)
    free_what_is_due(NOON + 29 * DAY)
    assert free(world.alice) == 0
    free_what_is_due(NOON + 30 * DAY)
    assert (free(world.alice), held(world.alice)) == (4_000, 6_000)

    reach(plan, TOP_UP, NOON + 40 * DAY)
    free_what_is_due(NOON + 40 * DAY)
    assert (free(world.alice), held(world.alice)) == (7_000, 3_000)

    for month in range(1, 7):
        reach(plan, ALIVE, NOON + 31 * month * DAY, month)
    free_what_is_due(NOON + 200 * DAY)
    assert (free(world.alice), held(world.alice)) == (10_000, 0)
    assert_books_balance()


def test_an_event_told_again_moves_nothing(world: World, plan: LineFacts) -> None:
    assert len(reach(plan, TOP_UP, NOON)) == 1
    assert reach(plan, TOP_UP, NOON + 9 * DAY) == []
    free_what_is_due(NOON)
    free_what_is_due(NOON)

    assert free(world.alice) == 3_000


def test_events_before_the_commission_are_kept_for_it(world: World) -> None:
    world.rate(10_000)
    with transaction():
        set_terms(product_kind="plan", steps=PARTS, valid_from=date(2026, 3, 1))
    line = world.line(COMMISSION, kind="plan")
    assert reach(line, ACTIVATED, NOON) == []
    with transaction():
        accrue(line=line, shares=world.alone(), now=NOON)
    free_what_is_due(NOON + 30 * DAY)

    assert free(world.alice) == 4_000


def test_an_early_end_takes_the_months_left_and_what_was_never_reached(
    world: World, plan: LineFacts
) -> None:
    reach(plan, ACTIVATED, NOON)
    reach(plan, TOP_UP, NOON)
    free_what_is_due(NOON + 30 * DAY)

    # Three of twelve months: a quarter of the reached 7,000 stays; the last 3,000 never came.
    assert cancel(plan, datetime(2026, 6, 10, tzinfo=UTC)) == 10_000 - 1_750
    assert (free(world.alice), held(world.alice)) == (1_750, 0)
    assert company(AccountKind.CLAWBACK) == -5_250
    assert cancel(plan, datetime(2026, 7, 10, tzinfo=UTC)) == 0
    assert_books_balance()


def test_an_early_end_after_the_pay_out_leaves_less_than_nothing(
    world: World, plan: LineFacts
) -> None:
    reach(plan, ACTIVATED, NOON)
    free_what_is_due(NOON + 30 * DAY)
    pay_out(world.alice, 4_000)
    cancel(plan, NOON + 31 * DAY)

    assert free(world.alice) == 334 - 4_000  # a twelfth, and the fen that does not divide
    assert_books_balance()


def test_after_the_contract_nothing_is_taken_back(world: World, plan: LineFacts) -> None:
    reach(plan, ACTIVATED, NOON)
    reach(plan, TOP_UP, NOON)
    reach(plan, ALIVE, NOON + 190 * DAY, 6)
    assert cancel(plan, NOON + 400 * DAY) == 0
    assert held(world.alice) == 10_000


def test_without_a_term_only_what_was_never_reached_goes(world: World) -> None:
    line = sold(world, term_months=0)
    reach(line, ACTIVATED, NOON)

    assert cancel(line, NOON + 40 * DAY) == 6_000
    assert held(world.alice) == 4_000


HISTORY = ("activated", "top_up", "alive", "cancelled", "refund")


@pytest.mark.parametrize("order", list(permutations(range(5)))[::17])
def test_the_order_in_which_events_are_told_makes_no_difference(
    world: World, plan: LineFacts, order: tuple[int, ...]
) -> None:
    told: dict[str, Callable[[], object]] = {
        "activated": lambda: reach(plan, ACTIVATED, NOON),
        "top_up": lambda: reach(plan, TOP_UP, NOON + 5 * DAY),
        "alive": lambda: reach(plan, ALIVE, NOON + 185 * DAY, 6),
        "cancelled": lambda: cancel(plan, datetime(2026, 9, 10, tzinfo=UTC)),
        "refund": lambda: refund(plan, 1_001),
    }
    for number in order:
        told[HISTORY[number]]()
        free_what_is_due(NOON + 300 * DAY)

    # Half of the year is over; of each part a tenth and a bit was refunded besides.
    left = sum(part - part * (20_000 - 8_999) // 20_000 for part in (4_000, 3_000, 3_000))
    assert held(world.alice) + free(world.alice) == left
    assert held(world.alice) == 0
    assert_books_balance()


def test_a_milestone_after_the_end_frees_nothing(plan: LineFacts) -> None:
    reach(plan, ACTIVATED, NOON)
    cancel(plan, NOON + 100 * DAY)
    reach(plan, ALIVE, NOON + 190 * DAY, 6)
    free_what_is_due(NOON + 400 * DAY)

    (_, _, alive) = commissions_of_line(plan.order_line_id)
    assert alive.net_fen == 0
    assert_books_balance()


def test_a_disabled_reps_money_waits_until_he_is_enabled(world: World) -> None:
    world.rate()
    line = world.accrued()
    receive(line)
    due = NOON + 8 * DAY
    with transaction():
        disable_rep(rep_id=world.alice)
        (accrual_id,) = due_accruals(now=due, limit=9)
        assert vest(accrual_id=accrual_id, now=due)

    assert (free(world.alice), held(world.alice)) == (0, 4_660)
    assert blocked_of(world.alice, now=due) == 4_660
    assert free(world.carol) == 1_996
    with transaction():
        assert due_accruals(now=due, limit=9) == []
        enable_rep(rep_id=world.alice)
        unblock(rep_id=world.alice)
    assert (free(world.alice), held(world.alice)) == (4_660, 0)
    assert blocked_of(world.alice, now=due) == 0


def test_a_refund_finds_the_held_money_of_a_disabled_rep(world: World) -> None:
    world.rate()
    line = world.accrued()
    with transaction():
        disable_rep(rep_id=world.alice)
    vest_all(line)
    refund(line, line.paid_fen)

    assert held(world.alice) == free(world.alice) == 0
    assert income_of(world.alice).taken_back_fen == 4_660
    assert_books_balance()


@pytest.mark.parametrize(
    ("start", "finish", "months"),
    [
        ((3, 2), (3, 31), 0),
        ((3, 2), (4, 1), 0),
        ((3, 2), (4, 2), 1),
        ((1, 31), (2, 27), 0),
        ((1, 31), (2, 28), 1),
        ((3, 15), (9, 14), 5),
    ],
)
def test_months_are_whole_calendar_months(
    start: tuple[int, int], finish: tuple[int, int], months: int
) -> None:
    first, last = (datetime(2026, *each, 4, tzinfo=UTC) for each in (start, finish))
    assert months_between(first, last) == months


def test_a_month_begins_at_midnight_in_shanghai() -> None:
    midnight = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert months_between(midnight, datetime(2026, 4, 30, 15, 59, 59, tzinfo=UTC)) == 0
    assert months_between(midnight, datetime(2026, 4, 30, 16, tzinfo=UTC)) == 1
    assert months_between(midnight - timedelta(seconds=1), midnight) == 0


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [Step(ACTIVATED, 0, 9_999)],
        [Step(ACTIVATED, 0, 5_000), Step(ACTIVATED, 1, 5_000)],
        [Step(ACTIVATED, 401)],
        [Step(ALIVE, 0)],
        [Step(ALIVE, 0, month=121)],
        [Step(ACTIVATED, 0, month=1)],
        [Step(Milestone.CANCELLED, 0)],
        [Step(ACTIVATED, 0, 10_001), Step(TOP_UP, 0, -1)],
    ],
)
def test_terms_that_make_no_sense_are_refused(world: World, steps: list[Step]) -> None:
    assert world
    with pytest.raises(BadInput), transaction():
        set_terms(product_kind="plan", steps=steps, valid_from=date(2026, 5, 1))
