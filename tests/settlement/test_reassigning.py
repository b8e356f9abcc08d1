"""The developer's commission goes to another rep: to the fen, wherever it is by then, and only once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from ledger.models import AccountKind
from settlement.accruals import vest
from settlement.queries import commissions_of_line, due_accruals, income_of
from settlement.reassigning import reassign, stake_in
from settlement.refunds import take_back
from settlement.rules import LineFacts
from settlement.statements.queries import running_month
from tests.ledger.accounts import at_once
from tests.settlement.world import (
    ALICE,
    CAROL,
    COMMISSION,
    DAY,
    NOON,
    World,
    add_rep,
    assert_books_balance,
    company,
    free,
    held,
    pay_out,
    receive,
    refund,
    vest_all,
)
from wx_backend.clock import business_on
from wx_backend.db import db, transaction


@pytest.fixture
def dan(world: World) -> int:
    """A third rep, who is at the outlet too."""
    world.rate()
    with transaction():
        return add_rep("Dan", world.outlet_id)


def give(world: World, line: LineFacts, dan: int, key: str = "1") -> int:
    """What Alice has of the line is Dan's; the fen that moved."""
    with transaction():
        return reassign(
            order_line_id=line.order_line_id,
            from_rep_id=world.alice,
            to_rep_id=dan,
            key=key,
            now=NOON + DAY,
        )


def test_what_is_held_is_held_for_the_other_and_given_once(world: World, dan: int) -> None:
    line = world.accrued()
    expense = company(AccountKind.COMMISSION_EXPENSE)

    assert [give(world, line, dan) for _ in range(2)] == [ALICE, 0]

    assert (held(world.alice), held(dan), held(world.carol)) == (0, ALICE, CAROL)
    assert company(AccountKind.COMMISSION_EXPENSE) == expense
    stake = stake_in(line.order_line_id)
    assert stake is not None
    assert (stake.rep_id, stake.left_fen) == (dan, ALICE)
    assert_books_balance()


def test_what_was_paid_out_is_owed_and_the_other_has_it_free(world: World, dan: int) -> None:
    line = world.accrued()
    vest_all(line)
    pay_out(world.alice, ALICE)

    assert give(world, line, dan) == ALICE

    assert (free(world.alice), free(dan)) == (-ALICE, ALICE)
    for rep_id, earned, paid in ((world.alice, 0, ALICE), (dan, ALICE, 0)):
        income = income_of(rep_id)
        assert (income.earned_fen, income.paid_fen, income.taken_back_fen) == (earned, paid, 0)
    assert_books_balance()


def test_a_part_of_which_is_free_already_moves_where_it_is(world: World, dan: int) -> None:
    """Of two lines one is free: each stays where it was, for the other rep."""
    first, second = world.accrued(), world.accrued()
    vest_all(first)
    assert [give(world, line, dan) for line in (first, second)] == [ALICE, ALICE]
    assert (free(dan), held(dan), free(world.alice), held(world.alice)) == (ALICE, ALICE, 0, 0)


@pytest.mark.parametrize("is_free", [False, True])
@pytest.mark.parametrize("before", [0, 1, 99_950])
def test_refunds_before_and_after_are_taken_from_whoever_has_it(
    world: World, dan: int, before: int, *, is_free: bool
) -> None:
    line = world.accrued()
    if is_free:
        vest_all(line)
    taken = refund(line, before, "RF1") if before else 0
    left = sum(
        e.net_fen for e in commissions_of_line(line.order_line_id) if e.rep_id == world.alice
    )

    assert give(world, line, dan) == left
    taken += refund(line, line.paid_fen - before, "RF2")

    assert taken == COMMISSION
    assert all(of(rep) == 0 for of in (held, free) for rep in (world.alice, world.carol, dan))
    assert income_of(world.alice).taken_back_fen == 0
    assert income_of(dan).taken_back_fen == ALICE
    assert give(world, line, dan, "2") == 0
    assert_books_balance()


def test_it_becomes_free_for_whoever_has_it_then(world: World, dan: int) -> None:
    line = world.accrued()
    receive(line)
    give(world, line, dan)
    with transaction():
        for accrual_id in due_accruals(now=NOON + 7 * DAY, limit=10):
            assert vest(accrual_id=accrual_id, now=NOON + 7 * DAY)
    assert (free(dan), held(dan), free(world.alice)) == (ALICE, 0, 0)


def test_both_read_it_in_their_month(world: World, dan: int) -> None:
    line = world.accrued()
    give(world, line, dan)
    day = business_on(NOON)
    month = (day.replace(day=1), day.replace(day=1) + timedelta(days=30))
    lost, won = (running_month(rep, *month).sums for rep in (world.alice, dan))
    assert (lost.accrued_fen, lost.taken_back_fen, lost.other_fen) == (ALICE, ALICE, 0)
    assert (won.accrued_fen, won.taken_back_fen, won.other_fen) == (ALICE, 0, 0)
    assert (lost.closing.held_fen, won.closing.held_fen) == (0, ALICE)


def test_a_line_of_nobody_has_nothing_to_give(world: World, dan: int) -> None:
    line = world.line()
    assert stake_in(line.order_line_id) is None
    assert give(world, line, dan) == 0


def test_two_at_once_give_it_once_and_a_refund_meanwhile_loses_nothing(
    app: Flask, world: World, dan: int
) -> None:
    line = world.accrued()
    receive(line)
    db.session.rollback()
    given = [
        partial(
            reassign,
            order_line_id=line.order_line_id,
            from_rep_id=world.alice,
            to_rep_id=dan,
            key=str(number),
            now=NOON,
        )
        for number in range(3)
    ]
    refunds = [
        partial(
            take_back,
            order_line_id=line.order_line_id,
            refunded_fen=fen,
            refund_key=f"RF{fen}",
            now=NOON,
        )
        for fen in (50_000, 149_900)
    ]
    (accrual_id,) = due_accruals(now=NOON + 7 * DAY, limit=10)
    db.session.rollback()
    vesting = partial(vest, accrual_id=accrual_id, now=NOON + 7 * DAY)
    works: list[Callable[[], int]] = [*given, *refunds, vesting]
    outcomes = at_once(app, works)

    assert sum(fen > 0 for fen in outcomes[:3]) <= 1
    assert sum(outcomes[3:5]) == COMMISSION
    assert all(of(rep) == 0 for of in (held, free) for rep in (world.alice, world.carol, dan))
    assert_books_balance()
