"""What is told again after a day, or when no job remembers the first time, changes nothing."""

import pytest

from flows.commission import accrue_commission
from flows.payment.settle import settle
from flows.refund.settle import settle_refund
from ledger.queries import trial_balance
from orders.errors import ClientKeyReused
from orders.values import Item
from payments.models import RefundStatus
from payments.operations import Outcome, Source
from payments.refunds import RefundOutcome
from payments.rules import PaymentFact, RefundFact
from settlement.queries import income_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    lines,
    payments,
    refunds,
)
from tests.flows.trade.test_refund import agree
from tests.simulator.stage import MCHID, SHOP, Stage
from wx_backend import clock
from wx_backend.db import retried, transaction
from wx_backend.outbox import defer
from wx_backend.purge import purge


def paid(order_id: int) -> PaymentFact:
    """What the first notice said."""
    [payment] = payments(order_id)
    return PaymentFact(
        mchid=MCHID,
        appid=SHOP,
        out_trade_no=payment.out_trade_no,
        trade_state="SUCCESS",
        transaction_id=payment.transaction_id,
        amount_fen=payment.amount_fen,
        currency="CNY",
        success_at=payment.success_at,
    )


def given_back(order_id: int) -> RefundFact:
    """What the first notice of the refund said."""
    [refund] = refunds()
    return RefundFact(
        refund.out_refund_no,
        payments(order_id)[0].out_trade_no,
        refund.refund_id or "",
        RefundStatus.SUCCEEDED,
        refund.amount_fen,
    )


@pytest.mark.parametrize("hours", [25, 40 * 24])
def test_a_repeat_long_afterwards_changes_nothing(market: Market, stage: Stage, hours: int) -> None:
    order_id = market.buy()
    line_id = lines(order_id)[0].id
    refund_id = agree(order_id, {line_id: 99_950})
    market.work()
    market.work()
    books, income = trial_balance(), income_of(market.alice_id)
    market.pass_time(hours=hours)
    market.work()
    purge(now=clock.now())

    assert market.order() == order_id
    told = retried(lambda: settle(paid(order_id), source=Source.NOTICE, now=clock.now()))
    assert told.outcome is Outcome.REPEAT
    with transaction():
        defer(accrue_commission, key="again", order_id=order_id)
    assert agree(order_id, {line_id: 99_950}) == refund_id
    back = retried(lambda: settle_refund(given_back(order_id), now=clock.now()))
    assert back.outcome is RefundOutcome.REPEAT
    market.work()

    assert trial_balance() == books
    assert income_of(market.alice_id) == income
    assert len(stage.facts("refund")) == len(stage.facts("payment")) == 1
    assert_books_and_witness_agree(stage)


def test_a_key_used_long_ago_carries_nothing_else(market: Market) -> None:
    order_id = market.order()
    market.pass_time(hours=25)
    purge(now=clock.now())
    with pytest.raises(ClientKeyReused):
        market.order(Item(market.wares.phone, 2))
    assert market.order() == order_id
