"""Asking to be paid, and changing one's mind: who may, when, and what a refusal leaves behind."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete

from flows.payment.ending import cancel_order
from flows.payment.prepay import PaymentRefused, PaymentUncertain, pay
from members.erasure import erase_member
from orders.errors import OrderClosed
from payments.errors import AlreadyPaid
from tests.catalog.shelf import stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    open_kinds,
    order_status,
    payments,
    refunds,
)
from tests.simulator.stage import Stage
from wx_backend import clock, platform
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound
from wx_backend.outbox import Job

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


def closed_there(order_id: int) -> bool:
    """Whether WeChat Pay takes no more money for any attempt of an order."""
    numbers = [payment.out_trade_no for payment in payments(order_id)]
    db.session.rollback()
    said = [platform.pay_client().query(number) for number in numbers]
    return all(each is None or each.trade_state == "CLOSED" for each in said)


def refuse(stage: Stage, code: str, status: int = 403) -> None:
    stage.chaos(JSAPI, "fail_before", status=status, code=code)


def cancel_now(market: Market, order_id: int) -> None:
    cancel(market, order_id)
    market.work()


def let_expire(market: Market, order_id: int) -> None:
    assert order_status(order_id) == "placed"
    market.pass_time(minutes=31)
    market.work()


ENDS = (cancel_now, let_expire)


@pytest.mark.parametrize("code", ["ORDERPAID", "INVALID_REQUEST", "RULE_LIMIT"])
def test_a_paid_order_whose_notice_is_lost_is_found_by_paying_again(
    market: Market, stage: Stage, code: str
) -> None:
    """Whatever the refusal is called: what WeChat Pay then says of the number counts."""
    stage.chaos("notice:TRANSACTION.SUCCESS", "never", times=-1)
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    refuse(stage, code)
    with pytest.raises(AlreadyPaid if code == "ORDERPAID" else PaymentRefused):
        market.sheet(order_id)
    market.work()
    assert order_status(order_id) == "paid"
    assert_books_and_witness_agree(stage)


@pytest.mark.parametrize("end", ENDS)
def test_what_was_paid_is_kept_though_the_buyer_paid_again_and_it_ends(
    market: Market, stage: Stage, end: Callable[[Market, int], None]
) -> None:
    """The notice is late, the second prepay is told that it is paid, nothing was asked yet."""
    stage.chaos("notice:TRANSACTION.SUCCESS", "never", times=-1)
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    with pytest.raises(AlreadyPaid):
        market.sheet(order_id)
    with transaction():
        db.session.execute(delete(Job).where(Job.name.in_(("payment.ask", "payment.query"))))
    end(market, order_id)
    assert order_status(order_id) == "paid"
    assert refunds() == []
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


@pytest.mark.parametrize("end", ENDS)
def test_an_attempt_whose_repeat_was_refused_is_closed_there(
    market: Market, stage: Stage, end: Callable[[Market, int], None]
) -> None:
    order_id = market.order()
    sheet = market.sheet(order_id)
    refuse(stage, "RULE_LIMIT")
    with pytest.raises(PaymentRefused):
        market.sheet(order_id)
    assert [payment.status for payment in payments(order_id)] == ["prepaid"]
    end(market, order_id)
    assert order_status(order_id) == "closed"
    assert closed_there(order_id)
    assert market.pay(sheet).endswith(":fail")
    assert_books_and_witness_agree(stage)


@pytest.mark.parametrize("end", ENDS)
def test_an_attempt_of_unknown_outcome_stays_one_though_its_repeat_is_refused(
    market: Market, stage: Stage, end: Callable[[Market, int], None]
) -> None:
    """WeChat Pay has it, and its answer was lost: nothing here but the status says so."""
    order_id = market.order()
    stage.chaos(JSAPI, "drop_after")
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    refuse(stage, "NO_AUTH")
    with pytest.raises(PaymentRefused):
        market.sheet(order_id)
    assert [payment.status for payment in payments(order_id)] == ["unknown"]
    assert not closed_there(order_id)
    end(market, order_id)
    assert order_status(order_id) == "closed"
    assert closed_there(order_id)


def test_a_refused_first_attempt_ends_with_its_order(market: Market, stage: Stage) -> None:
    """Another prepay of the same number may have been under way: WeChat Pay is asked all the same."""
    order_id = market.order()
    refuse(stage, "RULE_LIMIT")
    with pytest.raises(PaymentRefused):
        market.sheet(order_id)
    cancel(market, order_id)
    market.work()
    assert order_status(order_id) == "closed"
    assert [payment.status for payment in payments(order_id)] == ["closed"]


def test_a_number_that_is_closed_there_is_followed_by_a_new_one(
    market: Market, stage: Stage
) -> None:
    order_id = market.order()
    market.sheet(order_id)
    db.session.rollback()
    platform.pay_client().close(payments(order_id)[0].out_trade_no)
    with pytest.raises(PaymentRefused):
        market.sheet(order_id)
    market.work()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.work()
    assert order_status(order_id) == "paid"
    assert [payment.status for payment in payments(order_id)] == ["closed", "succeeded"]
    assert_books_and_witness_agree(stage)


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
