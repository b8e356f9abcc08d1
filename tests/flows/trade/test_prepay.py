"""Asking to be paid, and changing one's mind: who may, when, and what a refusal leaves behind."""

from datetime import timedelta

import pytest

from flows.payment.ending import cancel_order
from flows.payment.prepay import PaymentRefused, PaymentUncertain, pay
from members.erasure import erase_member
from orders.errors import OrderClosed
from payments.errors import AlreadyPaid
from tests.catalog.shelf import stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    order_status,
    payments,
)
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import retried, transaction
from wx_backend.errors import NotFound

JSAPI = "/v3/pay/transactions/jsapi"
CLOSE = "/v3/pay/transactions/out-trade-no/*/close"


def cancel(market: Market, order_id: int) -> None:
    retried(lambda: cancel_order(order_id=order_id, member_id=market.bob.member_id))


def test_nobody_pays_or_cancels_somebody_elses_order(market: Market) -> None:
    order_id = market.order()
    stranger = market.bob.member_id + 1
    with pytest.raises(NotFound):
        pay(order_id=order_id, member_id=stranger)
    with pytest.raises(NotFound), transaction():
        cancel_order(order_id=order_id, member_id=stranger)
    assert payments(order_id) == []


def test_an_order_past_its_time_is_not_paid(market: Market) -> None:
    order_id = market.order()
    market.pass_time(minutes=30)
    with pytest.raises(OrderClosed):
        market.sheet(order_id)


def test_a_paid_order_is_not_paid_again(market: Market) -> None:
    with pytest.raises(AlreadyPaid):
        market.sheet(market.buy())


def test_a_closed_order_is_not_paid(market: Market) -> None:
    order_id = market.order()
    cancel(market, order_id)
    market.work()
    with pytest.raises(OrderClosed):
        market.sheet(order_id)


def test_a_refused_prepay_may_be_tried_again_under_its_number(market: Market, stage: Stage) -> None:
    order_id = market.order()
    stage.chaos(JSAPI, "fail_before", status=400, code="PARAM_ERROR")
    with pytest.raises(PaymentRefused) as refusal:
        market.sheet(order_id)
    assert refusal.value.details == {"reason": "PARAM_ERROR"}
    assert [payment.status for payment in payments(order_id)] == ["created"]
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    assert len(payments(order_id)) == 1


def test_a_throttled_prepay_is_uncertain_not_refused(market: Market, stage: Stage) -> None:
    order_id = market.order()
    stage.chaos(JSAPI, "fail_before", status=429, code="FREQUENCY_LIMITED")
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    assert [payment.status for payment in payments(order_id)] == ["unknown"]


def test_paying_again_gives_a_fresh_sheet_for_the_same_number(market: Market, stage: Stage) -> None:
    order_id = market.order()
    first, second = market.sheet(order_id), market.sheet(order_id)
    assert first["package"] != second["package"]
    assert market.pay(second).endswith(":ok")
    assert market.pay(first).endswith(":fail")
    market.work()
    assert len(payments(order_id)) == 1
    assert_books_and_witness_agree(stage)


def test_a_cancelled_order_is_closed_there_first(market: Market, stage: Stage) -> None:
    order_id = market.order()
    sheet = market.sheet(order_id)
    cancel(market, order_id)
    market.work()
    assert order_status(order_id) == "closed"
    assert stock_of(market.wares.phone_id) == (20, 0)
    assert market.pay(sheet).endswith(":fail")
    assert_books_and_witness_agree(stage)


def test_cancelling_what_is_being_paid_leaves_it_paid(market: Market, stage: Stage) -> None:
    stage.chaos("notice:TRANSACTION.SUCCESS", "never", times=-1)
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    cancel(market, order_id)
    market.work()
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


@pytest.mark.parametrize(
    ("status", "code"),
    [(202, "USERPAYING"), (429, "FREQUENCY_LIMITED"), (500, "SYSTEM_ERROR")],
)
def test_what_may_be_paid_just_now_is_not_closed(
    market: Market, stage: Stage, status: int, code: str
) -> None:
    order_id = market.order()
    sheet = market.sheet(order_id)
    stage.chaos(CLOSE, "fail_before", status=status, code=code)
    cancel(market, order_id)
    market.work()
    assert order_status(order_id) == "placed"
    assert market.pay(sheet).endswith(":ok")
    market.pass_time(minutes=1)
    market.work()
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


def test_a_close_that_says_paid_is_believed(market: Market, stage: Stage) -> None:
    """The money comes between our query and our close."""
    order_id = market.order()
    market.sheet(order_id)
    stage.chaos(CLOSE, "fail_before", status=400, code="ORDERPAID")
    cancel(market, order_id)
    market.work()
    assert order_status(order_id) == "placed"
    market.pass_time(minutes=1)
    market.work()
    assert order_status(order_id) == "closed"


def test_an_attempt_that_never_left_is_closed_without_a_trace(market: Market, stage: Stage) -> None:
    order_id = market.order()
    stage.chaos(JSAPI, "fail_before", status=500, code="SYSTEM_ERROR")
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    market.pass_time(minutes=31)
    market.work()
    assert order_status(order_id) == "closed"
    assert [payment.status for payment in payments(order_id)] == ["closed"]


def test_an_erased_buyer_cannot_be_asked_to_pay(market: Market) -> None:
    order_id = market.order()
    with transaction():
        erase_member(member_id=market.bob.member_id, now=clock.now() + timedelta(seconds=1))
    with pytest.raises(NotFound):
        market.sheet(order_id)
