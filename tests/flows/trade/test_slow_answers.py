"""An answer half a minute late is not waited for, a refusal inside a 200 is one: nothing is sent again blindly."""

import pytest
from flask import Flask
from sqlalchemy import select

from flows.payment.prepay import PaymentUncertain
from flows.refund.agree import refund_whole_order
from payments.models import RefundStatus
from templates_msg.models import Message, MessageStatus
from tests.flows.trade.letters import set_up_templates, template_messages
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    order_status,
    payments,
    refunds,
)
from tests.simulator.stage import Stage
from wechat.transport import Http
from wx_backend import clock
from wx_backend.db import db, retried

pytestmark = pytest.mark.usefixtures("impatient")

LATE_SECONDS = 30.0
JSAPI = "/v3/pay/transactions/jsapi"
REFUNDS = "/v3/refund/domestic/refunds"
SEND = "/cgi-bin/message/template/send"


@pytest.fixture
def impatient(app: Flask) -> None:
    """The service waits for less long than it else does: far less than the late answer takes."""
    app.extensions["wx_clients"]._transport = Http(read_seconds=6.0, total_seconds=8.0)


def message() -> Message:
    db.session.rollback()
    return db.session.scalars(select(Message)).one()


def buy_and_be_told(market: Market, stage: Stage) -> None:
    set_up_templates(stage)
    market.buy()


def test_a_refund_answered_late_is_asked_about_not_repeated(market: Market, stage: Stage) -> None:
    order_id = market.buy()
    stage.chaos(REFUNDS, "delay", seconds=LATE_SECONDS)
    stage.chaos("notice:REFUND.*", "never", times=-1)
    retried(
        lambda: refund_whole_order(
            order_id=order_id, reason="不要了", actor="staff:1", key="r", now=clock.now()
        )
    )
    market.work()
    assert refunds()[0].status == RefundStatus.UNKNOWN

    market.pass_time(minutes=2)
    market.work()
    assert refunds()[0].status == RefundStatus.SUCCEEDED
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_a_prepay_answered_late_is_paid_once_under_its_number(market: Market, stage: Stage) -> None:
    order_id = market.order()
    stage.chaos(JSAPI, "delay", seconds=LATE_SECONDS)
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    assert [payment.status for payment in payments(order_id)] == ["unknown"]

    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.work()
    assert order_status(order_id) == "paid"
    assert len(payments(order_id)) == len(stage.facts("payment")) == 1
    assert_books_and_witness_agree(stage)


def test_a_message_answered_late_reaches_its_person_once(market: Market, stage: Stage) -> None:
    stage.chaos(SEND, "delay", seconds=LATE_SECONDS)
    buy_and_be_told(market, stage)
    assert (message().status, message().error) == (MessageStatus.UNKNOWN, "timeout")

    market.pass_time(minutes=1)
    market.work()
    assert message().status == MessageStatus.SENT
    assert template_messages(stage, "Bob") == 1


@pytest.mark.parametrize("code", [47003, 43101])
def test_a_refusal_in_a_200_ends_the_message_with_its_code(
    market: Market, stage: Stage, code: int
) -> None:
    stage.chaos(SEND, "fail_before", errcode=code)
    buy_and_be_told(market, stage)
    for _ in range(3):
        market.pass_time(minutes=1)
        market.work()

    assert message().status == MessageStatus.FAILED
    assert str(message().error).startswith(f"{code} ")
    assert template_messages(stage, "Bob") == 0


def test_a_busy_platform_in_a_200_is_asked_again_later(market: Market, stage: Stage) -> None:
    stage.chaos(SEND, "fail_before", errcode=-1)
    buy_and_be_told(market, stage)
    assert message().status == MessageStatus.QUEUED
    assert str(message().error).startswith("-1 ")

    market.pass_time(minutes=1)
    market.work()
    assert message().status == MessageStatus.SENT
    assert template_messages(stage, "Bob") == 1
