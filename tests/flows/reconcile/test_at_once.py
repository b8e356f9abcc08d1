"""Notice, query and bill at the same moment; prices that change; routes that must not exist."""

import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from catalog.models import Sku
from flows.payment.settle import settle
from flows.refund.settle import settle_refund
from ledger.models import AccountKind
from orders.values import Item
from payments.models import Payment, RefundStatus
from payments.operations import Outcome, Source
from payments.refunds import RefundOutcome
from payments.rules import PaymentFact, RefundFact
from settlement.queries import income_of
from tests.catalog.shelf import stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    order_status,
    payments,
    refunds,
    total,
)
from tests.flows.trade.test_refund import agree_all
from tests.racing import race
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import retried, transaction
from wx_backend.errors import AppError

NOTICES = "notice:*"


def test_notice_query_and_bill_at_once_settle_one_payment_once(
    app: Flask, market: Market, stage: Stage, size: int
) -> None:
    stage.chaos(NOTICES, "never", times=-1)
    for n in range(size):
        order_id = market.order(Item(market.wares.plan, 1), key=f"submit-{n}")
        market.pay(market.sheet(order_id))
        [payment] = payments(order_id)
        _settle_from_everywhere(app, payment, stage.facts("payment")[-1], seed=n)
        market.work_here()
        assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


def _settle_from_everywhere(
    app: Flask, payment: Payment, truth: dict[str, Any], *, seed: int
) -> None:
    """Notice, query and bill tell of one payment on many threads at the same moment."""
    fact = PaymentFact(
        mchid=payment.mchid,
        appid=payment.appid,
        out_trade_no=payment.out_trade_no,
        trade_state="SUCCESS",
        transaction_id=truth["transaction_id"],
        amount_fen=payment.amount_fen,
        currency="CNY",
        success_at=clock.now(),
    )
    sources = [*Source] * 8
    random.Random(seed).shuffle(sources)  # noqa: S311 - a repeatable order
    outcomes = race(
        app,
        lambda n: retried(lambda: settle(fact, source=sources[n], now=clock.now())).outcome,
        times=len(sources),
    )
    assert outcomes.count(Outcome.SETTLED) == 1
    assert outcomes.count(Outcome.REPEAT) == len(sources) - 1


def test_a_refunds_end_told_from_everywhere_at_once_gives_back_once(
    app: Flask, market: Market, stage: Stage
) -> None:
    order_id = market.buy()
    stage.chaos(NOTICES, "never", times=-1)
    agree_all(order_id)
    market.work()
    [refund] = refunds()
    assert refund.refund_id is not None
    fact = RefundFact(
        refund.out_refund_no,
        payments(order_id)[0].out_trade_no,
        refund.refund_id,
        RefundStatus.SUCCEEDED,
        refund.amount_fen,
    )
    outcomes = race(
        app, lambda _: retried(lambda: settle_refund(fact, now=clock.now())).outcome, times=16
    )
    assert outcomes.count(RefundOutcome.SUCCEEDED) <= 1
    market.work()
    income = income_of(market.alice_id)
    assert income.earned_fen == income.taken_back_fen == 9_995
    assert stock_of(market.wares.phone_id) == (20, 0)
    assert total(AccountKind.WECHAT_CLEARING) == 0


def test_a_price_that_changes_meanwhile_changes_no_order(market: Market, stage: Stage) -> None:
    """The prepay's answer is lost, the price changes, the page asks again."""
    order_id = market.order()
    stage.chaos("/v3/pay/transactions/jsapi", "drop_after")
    with pytest.raises(AppError, match="未得到确认"):
        market.sheet(order_id)
    with transaction() as session:
        session.execute(update(Sku).where(Sku.id == market.wares.phone_id).values(price_fen=1))
    market.pay(market.sheet(order_id))
    market.work()
    [payment] = payments(order_id)
    assert payment.amount_fen == 199_900
    assert [fact["amount_fen"] for fact in stage.facts("payment")] == [199_900]
    assert order_status(order_id) == "paid"


def test_no_route_pretends_a_payment(app: Flask) -> None:
    # Staff try out a message there; it says nothing of money.
    trial = "/console/message-templates/<account>/events/<event>/test"
    paths = {rule.rule for rule in app.url_map.iter_rules()} - {trial}
    for word in ("mock", "simul", "_sim", "debug", "test", "fake"):
        assert [path for path in paths if word in path.lower()] == []
