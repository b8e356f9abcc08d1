"""Handing over to billing: once, word for word, activated by its receipt, whatever gets lost."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask

from billing.values import Accepted
from flows import billing
from flows.billing import (
    chase_hand_overs,
    content_for_billing,
    hand_over_again,
    take_receipt,
)
from flows.delivery import move_line_on
from flows.refund.agree import LinesBack, refund_order_lines
from flows.refund.settle import settle_refund
from orders.hand_overs import hand_over_of
from orders.models import Fulfilment, SalesOrder
from orders.moves import locked_order
from orders.queries import transitions_of
from orders.values import Item
from payments.models import RefundStatus
from payments.rules import RefundFact
from settlement.queries import income_of
from tests.flows.trade.market import (
    Market,
    lines,
    open_kinds,
    order_row,
    payments,
    refunds,
)
from tests.flows.trade.test_refund import REFUNDS, agree_all
from tests.racing import race
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound

ORDERS = "/billing/orders"


@pytest.fixture(autouse=True)
def _billing(market: Market, stage: Stage) -> None:
    """The pretend billing system knows our key and answers at once."""
    key = market.app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)


def buy_plan(market: Market) -> int:
    return market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))


def handed(order_id: int) -> tuple[str, str | None]:
    """(status, receipt number) of an order's hand-over."""
    db.session.rollback()
    row = hand_over_of(order_id)
    assert row is not None
    return row.status, row.receipt_no


def there(stage: Stage) -> list[dict[str, Any]]:
    """What billing truly took."""
    return stage.facts("billing.order")


def test_a_paid_plan_is_handed_over_with_its_codes_and_activated(
    market: Market, stage: Stage
) -> None:
    order_id = buy_plan(market)
    [taken] = there(stage)
    [line] = taken["order"]["lines"]
    assert taken["order"]["outlet_code"] == "O1"
    assert (line["developer_code"], line["staff_number"]) == ("D-Alice", "S-Alice")
    assert (line["sku"], line["paid_fen"], line["prepaid_fen"]) == (
        market.wares.plan,
        10_000,
        10_000,
    )
    assert handed(order_id) == ("accepted", taken["receipt_no"])
    assert [row.fulfilment for row in lines(order_id)] == ["waiting", "activated"]


def test_goods_alone_are_not_billings_business(market: Market, stage: Stage) -> None:
    order_id = market.buy()
    assert there(stage) == []
    assert hand_over_of(order_id) is None


def test_a_lost_answer_is_asked_for_again_and_activates_once(market: Market, stage: Stage) -> None:
    stage.chaos(ORDERS, "drop_after")
    order_id = buy_plan(market)
    assert handed(order_id)[0] == "unknown"
    market.pass_time(minutes=11)
    market.work()
    assert handed(order_id)[0] == "accepted"
    assert len(there(stage)) == 1
    assert len([move for move in moves(order_id) if move == "activated"]) == 1


def test_a_receipt_for_another_order_proves_nothing(market: Market, stage: Stage) -> None:
    stage.control("PUT", "/settings", billing_mode="wrong")
    order_id = buy_plan(market)
    assert handed(order_id)[0] == "unknown"
    stage.control("PUT", "/settings", billing_mode="ok")
    market.pass_time(minutes=11)
    market.work()
    assert handed(order_id)[0] == "accepted"


def test_a_repeated_receipt_changes_nothing(market: Market, stage: Stage) -> None:
    order_id = buy_plan(market)
    [taken] = there(stage)
    said = Accepted(
        order_number=order_row(order_id).number,
        receipt_no=taken["receipt_no"],
        accepted_at=clock.now(),
    )
    before = moves(order_id)
    retried(lambda: take_receipt(said, now=clock.now()))
    assert moves(order_id) == before


def test_a_receipt_for_an_order_we_never_handed_over_is_refused(market: Market) -> None:
    number = order_row(market.buy()).number
    said = Accepted(order_number=number, receipt_no="BR1", accepted_at=clock.now())
    with pytest.raises(NotFound), transaction():
        take_receipt(said, now=clock.now())


def test_a_plan_refunded_before_its_receipt_stays_cancelled_and_is_shown(
    market: Market, stage: Stage
) -> None:
    stage.chaos(ORDERS, "drop_after")
    order_id = buy_plan(market)
    agree_all(order_id)
    market.work()
    market.work()
    market.pass_time(minutes=11)
    market.work()
    assert handed(order_id)[0] == "accepted"
    assert [row.fulfilment for row in lines(order_id)] == ["cancelled", "cancelled"]
    assert open_kinds() == ["activated_refunded"]


def test_a_plan_refunded_before_billing_heard_of_it_never_gets_there(
    market: Market, stage: Stage
) -> None:
    order_id = refunded_unheard(market, stage)
    market.work()
    assert handed(order_id)[0] == "refused"
    assert there(stage) == []


def test_what_was_refunded_before_billing_heard_of_it_is_handed_over_by_nobody(
    market: Market, stage: Stage
) -> None:
    order_id = refunded_unheard(market, stage)
    with transaction():
        assert content_for_billing(order_id, now=clock.now()) is None
    market.work()
    with transaction():
        assert content_for_billing(order_id, now=clock.now()) is None
        assert not hand_over_again(order_row(order_id), by="staff:1", now=clock.now())
    market.work()
    assert handed(order_id)[0] == "refused"
    assert there(stage) == []


def test_a_plan_whose_refund_is_under_way_is_not_activated(market: Market, stage: Stage) -> None:
    order_id = market.order(Item(market.wares.plan, 1))
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    stage.settle()
    market.work_without_calls()
    assert market.decide(order_id, "passed") == [True]
    agree_all(order_id)
    stage.chaos(REFUNDS, "fail_before", status=500, times=-1)
    market.work()
    assert [refund.ended_at for refund in refunds()] == [None]
    assert there(stage) == []


def refunded_unheard(market: Market, stage: Stage) -> int:
    """A plan whose money is back while its hand-over has not left the house."""
    order_id = market.order(Item(market.wares.plan, 1))
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    stage.settle()
    market.work_without_calls()
    assert market.decide(order_id, "passed") == [True]
    agree_all(order_id)
    refund_arrives(order_id, 10_000)
    return order_id


def test_what_billing_refused_goes_again_without_what_was_refunded_since(
    market: Market, stage: Stage
) -> None:
    stage.chaos(ORDERS, "fail_before", status=422)
    order_id = market.buy(Item(market.wares.plan, 1), Item(market.wares.plan, 1))
    assert handed(order_id)[0] == "refused"
    first = lines(order_id)[0]
    with transaction():
        back = LinesBack(order_id, {first.id: first.paid_fen}, "test", "staff:1", "one")
        refund_order_lines(back, now=clock.now())
    refund_arrives(order_id, first.paid_fen)
    with transaction():
        assert hand_over_again(order_row(order_id), by="staff:1", now=clock.now())
    market.work()
    [taken] = there(stage)
    assert [line["position"] for line in taken["order"]["lines"]] == [2]
    assert [row.fulfilment for row in lines(order_id)] == ["cancelled", "activated"]


def refund_arrives(order_id: int, amount_fen: int) -> None:
    """The platform says that the money of the one refund is back."""
    said = RefundFact(
        out_refund_no=refunds()[0].out_refund_no,
        out_trade_no=payments(order_id)[0].out_trade_no,
        refund_id="50",
        status=RefundStatus.SUCCEEDED,
        amount_fen=amount_fen,
    )
    retried(lambda: settle_refund(said, now=clock.now()))


def test_the_same_receipt_twice_at_once_contradicts_nothing(
    app: Flask, market: Market, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.chaos(ORDERS, "drop_after")
    order_id = buy_plan(market)
    number = order_row(order_id).number
    said = Accepted(order_number=number, receipt_no="BR1", accepted_at=clock.now())
    both_are_here = Barrier(2)

    def wait_and_lock(order_id: int) -> SalesOrder:
        with suppress(BrokenBarrierError):  # SQLite lets in one after the other
            both_are_here.wait(timeout=1)
        return locked_order(order_id)

    monkeypatch.setattr(billing, "locked_order", wait_and_lock)
    race(app, lambda _: retried(lambda: take_receipt(said, now=clock.now())), times=2)
    assert handed(order_id) == ("accepted", "BR1")
    assert open_kinds() == []


def test_refunding_an_active_plan_asks_a_person_to_end_it_there(market: Market) -> None:
    order_id = buy_plan(market)
    agree_all(order_id)
    market.work()
    market.work()
    assert lines(order_id)[1].fulfilment == "activated"
    assert open_kinds() == ["activated_refunded"]


def test_a_refusal_waits_for_a_person(market: Market, stage: Stage) -> None:
    stage.chaos(ORDERS, "fail_before", status=422)
    order_id = buy_plan(market)
    assert handed(order_id)[0] == "refused"
    market.pass_time(hours=2)
    assert retried(lambda: chase_hand_overs(now=clock.now())) == 0


def test_commission_is_free_some_days_after_activation_or_receipt(market: Market) -> None:
    order_id = buy_plan(market)
    with transaction():
        move_line_on(
            line_id=lines(order_id)[0].id,
            to=Fulfilment.RECEIVED,
            actor="staff:1",
            cause="pickup",
            now=clock.now(),
        )
    market.pass_time(days=8)
    market.work_here()
    income = income_of(market.alice_id)
    assert (income.free_fen, income.held_fen) == (9_995, 500)
    market.pass_time(days=23)
    market.work_here()
    assert income_of(market.alice_id).free_fen == 10_495


def moves(order_id: int) -> list[str]:
    """Every state the order and its lines went through."""
    db.session.rollback()
    return [move.to_status for move in transitions_of(order_id)]
