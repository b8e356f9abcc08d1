"""Many at once: a line earns once, refunds add up, and no two rates overlap."""

from datetime import date
from functools import partial

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from settlement.accruals import accrue, start_vesting, vest
from settlement.models import Milestone, RateRule
from settlement.queries import due_accruals, income_of
from settlement.rates import RatesOverlap, add_rate
from settlement.refunds import take_back
from tests.ledger.accounts import at_once
from tests.settlement.world import COMMISSION, DAY, NOON, World, assert_books_balance, free, held
from wx_backend.db import db, transaction


def test_a_line_told_by_ten_at_once_earns_once(app: Flask, world: World) -> None:
    world.rate()
    line = world.line()

    told = at_once(app, [partial(accrue, line=line, shares=world.both(), now=NOON)] * 10)

    assert told.count(True) == 1
    assert held(world.alice) + held(world.carol) == COMMISSION
    assert_books_balance()


def test_refunds_at_once_take_back_what_one_would(app: Flask, world: World) -> None:
    world.rate()
    line = world.accrued()
    db.session.rollback()

    pieces = [19_990] * 10
    works = [
        partial(
            take_back,
            order_line_id=line.order_line_id,
            refunded_fen=fen,
            refund_key=f"RF{number}",
            now=NOON,
        )
        for number, fen in enumerate(pieces)
    ]
    taken = at_once(app, works + works)

    assert sum(taken) == COMMISSION
    assert held(world.alice) == held(world.carol) == 0
    assert_books_balance()


def test_a_refund_while_the_commission_becomes_free_loses_nothing(app: Flask, world: World) -> None:
    world.rate()
    line = world.accrued()
    due = NOON + 7 * DAY
    with transaction():
        start_vesting(
            order_line_id=line.order_line_id, milestone=Milestone.RECEIVED, reached_at=NOON
        )
        (accrual_id,) = due_accruals(now=due, limit=2)
    db.session.rollback()

    def refund() -> bool:
        fen = take_back(
            order_line_id=line.order_line_id, refunded_fen=99_950, refund_key="RF1", now=due
        )
        return fen > 0

    def become_free() -> bool:
        return vest(accrual_id=accrual_id, now=due)

    at_once(app, [become_free, refund] * 4)

    assert held(world.alice) == 0
    assert free(world.alice) == 4_660 - 2_330
    assert income_of(world.alice).paid_fen == 0
    assert_books_balance()


def test_overlapping_rates_added_at_once_leave_one(app: Flask, world: World) -> None:
    assert world

    def add(day: int) -> bool:
        try:
            add_rate(valid_from=date(2026, 3, day), rate_bp=100)
        except (RatesOverlap, DBAPIError):
            db.session.rollback()
            return False
        return True

    added = at_once(app, [partial(add, day) for day in range(1, 9)])

    assert added.count(True) == 1
    assert db.session.scalar(select(func.count(RateRule.id))) == 1
