"""Paying, end to end against the pretend platform: whatever goes wrong, money is settled once."""

from datetime import timedelta

import pytest

from catalog.stock import release_expired
from flows.checkout import AFTER_ORDER as CHECKED_OUT
from flows.payment.ending import ask_now
from flows.payment.fulfil import AFTER_ORDER
from flows.payment.prepay import PaymentUncertain
from flows.payment.settle import AFTER_LEDGER
from ledger.models import AccountKind
from orders.operations import close_order
from orders.values import Item
from payments import notices
from payments.operations import AFTER_PAYMENT
from settlement.queries import income_of
from tests.catalog.shelf import stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    lines,
    open_kinds,
    order_status,
    payments,
    total,
)
from tests.simulator.stage import Stage
from wx_backend import clock, crash, outbox
from wx_backend.db import retried, transaction

NOTICE = "notice:TRANSACTION.SUCCESS"
JSAPI = "/v3/pay/transactions/jsapi"


def test_a_paid_order_is_settled_booked_and_credited(market: Market, stage: Stage) -> None:
    order_id = market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))

    assert order_status(order_id) == "paid"
    assert [payment.status for payment in payments(order_id)] == ["succeeded"]
    assert stock_of(market.wares.phone_id) == (19, 0)
    assert total(AccountKind.WECHAT_CLEARING) == 209_900
    assert total(AccountKind.REVENUE) == -199_900
    assert total(AccountKind.COLLECTED_FOR_BILLING) == -10_000
    assert total(AccountKind.RECEIVABLE) == 0
    assert {line.developer_rep_id for line in lines(order_id)} == {market.alice_id}
    assert income_of(market.alice_id).held_fen == 209_900 * 5 // 100
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


def test_repeated_notices_change_nothing(market: Market, stage: Stage) -> None:
    stage.chaos(NOTICE, "duplicate", n=5, spacing=0.02)
    order_id = market.buy()
    assert order_status(order_id) == "paid"
    assert total(AccountKind.WECHAT_CLEARING) == 199_900
    assert_books_and_witness_agree(stage)


def test_a_forged_notice_is_refused_and_the_true_one_settles(market: Market, stage: Stage) -> None:
    stage.control("PUT", "/settings", time_scale=0.001)
    stage.chaos(NOTICE, "signtest")
    order_id = market.buy()
    assert market.refused
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


def test_a_lost_notice_is_found_by_query(market: Market, stage: Stage) -> None:
    stage.chaos(NOTICE, "never", times=-1)
    order_id = market.buy()
    assert order_status(order_id) == "placed"
    market.pass_time(minutes=2)
    market.work()
    assert order_status(order_id) == "paid"
    assert payments(order_id)[0].source == "query"
    assert_books_and_witness_agree(stage)


def test_a_page_that_says_paid_is_not_believed_but_asked_about(
    market: Market, stage: Stage
) -> None:
    stage.chaos(NOTICE, "never", times=-1)
    order_id = market.order()
    sheet = market.sheet(order_id)
    for _ in range(3):
        retried(lambda: ask_now(order_id=order_id, now=clock.now()))
        market.work()
    assert order_status(order_id) == "placed"
    assert market.pay(sheet).endswith(":ok")
    market.pass_time(seconds=5)
    retried(lambda: ask_now(order_id=order_id, now=clock.now()))
    market.work()
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


def test_an_unpaid_order_is_closed_there_and_here(market: Market, stage: Stage) -> None:
    order_id = market.order()
    sheet = market.sheet(order_id)
    market.pass_time(minutes=31)
    market.work()
    assert order_status(order_id) == "closed"
    assert [payment.status for payment in payments(order_id)] == ["closed"]
    assert stock_of(market.wares.phone_id) == (20, 0)
    assert market.pay(sheet).endswith(":fail")
    assert_books_and_witness_agree(stage)


def test_an_order_paid_in_the_last_moment_is_not_closed(market: Market, stage: Stage) -> None:
    stage.chaos(NOTICE, "never", times=-1)
    order_id = market.order()
    market.pass_time(minutes=29)
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.pass_time(minutes=2)
    market.work()
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


def test_money_for_a_cancelled_order_goes_back_by_itself(market: Market, stage: Stage) -> None:
    """The platform's close was lost, our close was not: the payer is faster than both."""
    order_id = market.order()
    sheet = market.sheet(order_id)

    with transaction():
        close_order(order_id=order_id, actor="staff:1", cause="by hand", now=clock.now())
    assert market.pay(sheet).endswith(":ok")
    market.work()
    market.work()
    assert order_status(order_id) == "closed"
    assert len(stage.facts("refund")) == 1
    assert total(AccountKind.WECHAT_CLEARING) == total(AccountKind.REFUND_CLEARING) == 0
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


def test_an_unanswered_prepay_keeps_its_number(market: Market, stage: Stage) -> None:

    order_id = market.order()
    stage.chaos(JSAPI, "drop_after")
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    assert [payment.status for payment in payments(order_id)] == ["unknown"]
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.work()
    assert [payment.status for payment in payments(order_id)] == ["succeeded"]
    assert_books_and_witness_agree(stage)


def test_a_sold_out_order_that_was_paid_is_refunded(market: Market, stage: Stage) -> None:

    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    with transaction():
        release_expired(now=clock.now() + timedelta(hours=3))
    market.order(Item(market.wares.phone, 20), key="all of them")
    market.work()
    market.work()
    assert order_status(order_id) == "closed"
    assert len(stage.facts("refund")) == 1
    assert total(AccountKind.REVENUE) == total(AccountKind.REFUND_CLEARING) == 0
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


POINTS = [
    AFTER_PAYMENT,
    AFTER_LEDGER,
    notices.BEFORE_DONE,
    notices.AFTER_DONE,
    AFTER_ORDER,
    outbox.BEFORE_DONE,
    outbox.AFTER_DONE,
]


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_anywhere_on_the_way_settles_exactly_once(
    market: Market, stage: Stage, point: str
) -> None:
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    stage.settle()
    crash.arm(point, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        market.work_here()
    crash.disarm()
    market.pass_time(minutes=2)
    market.work()
    assert order_status(order_id) == "paid"
    assert total(AccountKind.WECHAT_CLEARING) == 199_900
    assert income_of(market.alice_id).held_fen == 9_995
    assert_books_and_witness_agree(stage)


def test_a_crash_at_checkout_leaves_nothing(market: Market) -> None:
    crash.arm(CHECKED_OUT, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        market.order()
    crash.disarm()
    assert stock_of(market.wares.phone_id) == (20, 0)
    assert order_status(market.order()) == "placed"
