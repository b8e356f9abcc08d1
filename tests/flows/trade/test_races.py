"""Paying, closing and expiring at once: every order ends one way, every unit and fen is somewhere."""

import pytest
from flask import Flask

from flows.payment.ending import close_unpaid
from flows.payment.settle import settle
from ledger.models import AccountKind
from orders.values import Item
from payments.operations import Outcome, Source
from payments.queries import winner_of
from payments.rules import PaymentFact
from tests.catalog.shelf import assert_stock_conserved, stock_of
from tests.flows.trade.market import Market, order_status, payments, refunds, total
from tests.orders.buyers import assert_histories_hold
from tests.racing import race
from tests.simulator.stage import MCHID, SHOP, Stage
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.outbox import Steps

ORDERS = 6


@pytest.fixture
def order_ids(market: Market) -> list[int]:
    """Six orders, each with a sent attempt that the platform no longer offers to anybody."""
    ids = [market.order(key=f"k{n}") for n in range(ORDERS)]
    for order_id in ids:
        market.sheet(order_id)
        market.forget_attempts(order_id)
    return ids


def fact(order_id: int) -> PaymentFact:
    payment = payments(order_id)[0]
    return PaymentFact(
        mchid=MCHID,
        appid=SHOP,
        out_trade_no=payment.out_trade_no,
        trade_state="SUCCESS",
        transaction_id=f"42{order_id:08d}",
        amount_fen=payment.amount_fen,
        payer_total_fen=payment.amount_fen,
        currency="CNY",
        success_at=clock.now(),
    )


def close(order_id: int) -> None:
    """The last step of closing, when every attempt has ended there."""

    def once() -> None:
        steps: Steps = close_unpaid(order_id=order_id, cause="expired")
        assert next(steps, None) is None

    retried(once)


def test_payment_and_closing_at_once(
    app: Flask, market: Market, stage: Stage, order_ids: list[int]
) -> None:
    facts = {order_id: fact(order_id) for order_id in order_ids}

    def end(n: int) -> Outcome | None:
        order_id = order_ids[n // 3]
        if n % 3 == 0:
            close(order_id)
            return None
        return retried(
            lambda: settle(facts[order_id], source=Source.NOTICE, now=clock.now())
        ).outcome

    race(app, end, times=3 * ORDERS)
    market.work_here()

    for order_id in order_ids:
        [payment] = payments(order_id)
        assert payment.status == "succeeded"
        assert order_status(order_id) == ("paid" if payment.is_winner else "closed")
    won = sum(payment.is_winner for order_id in order_ids for payment in payments(order_id))
    assert len(refunds()) == ORDERS - won
    assert total(AccountKind.REVENUE) == -199_900 * won
    assert total(AccountKind.REFUND_CLEARING) == -199_900 * (ORDERS - won)
    assert stock_of(market.wares.phone_id) == (20 - won, 0)
    assert_stock_conserved()
    assert_histories_hold()
    assert stage.facts("payment") == []


def test_the_last_units_go_to_who_pays_not_to_who_expired(
    app: Flask, market: Market, order_ids: list[int]
) -> None:
    """Freed units are sold to others while late money comes for them: none is sold twice."""
    for order_id in order_ids:
        close(order_id)
    facts = [fact(order_id) for order_id in order_ids]

    def act(n: int) -> Outcome | None:
        if n < ORDERS:
            return retried(lambda: settle(facts[n], source=Source.NOTICE, now=clock.now())).outcome
        market.order(Item(market.wares.phone, 3), key=f"new-{n}")
        return None

    outcomes = race(app, act, times=2 * ORDERS)
    market.work_here()

    assert outcomes[:ORDERS] == [Outcome.PAID_AFTER_CLOSE] * ORDERS
    assert stock_of(market.wares.phone_id) == (20, 18)
    assert total(AccountKind.REFUND_CLEARING) == -199_900 * ORDERS
    assert_stock_conserved()
    assert [winner_of(order_id) for order_id in order_ids] == [None] * ORDERS
