"""Chores: what the clock does when the job that should have done it has died."""

from sqlalchemy import update

from flows.chores import CHORES
from tests.flows.trade.market import Market, order_status
from wx_backend.claims import WorkStatus
from wx_backend.db import db, transaction
from wx_backend.outbox import Job


def test_an_order_whose_closing_job_died_is_closed_by_the_clock(market: Market) -> None:
    order_id = market.order()
    with transaction():
        db.session.execute(
            update(Job).where(Job.name == "order.close").values(status=WorkStatus.DEAD)
        )
    market.pass_time(minutes=31)
    market.work()
    assert order_status(order_id) == "placed"
    done = {chore.name: chore.do() for chore in CHORES}
    assert done["orders.close_expired"] == 1
    market.work()
    assert order_status(order_id) == "closed"


def test_chores_that_were_done_have_nothing_left_to_do(market: Market) -> None:
    market.order()
    for chore in CHORES:
        chore.do()
    assert {chore.do() for chore in CHORES} == {0}
