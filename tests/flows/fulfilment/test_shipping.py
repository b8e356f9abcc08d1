"""A mini-program's platform is told of the shipment once, as soon as it can be."""

from dataclasses import replace
from typing import Any

import pytest

from flows.fulfilment import desk
from flows.fulfilment.hooks import line_cancelled
from flows.fulfilment.shipping import NotRefused, report_again, report_shipping
from fulfilment.nodes import Node
from fulfilment.reports import report_of
from orders.models import Delivery
from orders.values import Item
from payments.queries import exceptions_of_order, winner_of
from tests.flows.fulfilment.counter import IMEI, OTHER_IMEI, Counter
from tests.flows.fulfilment.test_asking_back import call_return_off
from tests.flows.fulfilment.test_over_the_counter import refund
from tests.flows.trade.market import lines
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.outbox import defer


@pytest.fixture
def _mini_program(counter: Counter, stage: Stage) -> None:
    """The account Bob buys at is a mini-program whose money waits for shipping reports."""
    config = counter.market.app.extensions["wx_config"]
    account = replace(config.accounts[0], kind="mini_program")
    counter.market.app.extensions["wx_config"] = replace(
        config, accounts=(account, *config.accounts[1:])
    )
    stage.control("PUT", f"/accounts/{SHOP}", is_trade_managed=True)


def status(order_id: int) -> str | None:
    db.session.rollback()
    report = report_of(order_id)
    return report.status if report is not None else None


def shipping(counter: Counter, order_id: int) -> dict[str, Any]:
    """The shipment of an order as the platform knows it."""
    db.session.rollback()
    payment = winner_of(order_id)
    assert payment is not None
    stage = counter.market.stage
    shown = stage.call("/wxa/sec/order/get_order", SHOP, transaction_id=payment.transaction_id)
    return dict(shown["order"]["shipping"])


def report(counter: Counter) -> None:
    """A payment is known there a minute after it was made."""
    counter.market.work()
    counter.market.pass_time(minutes=5)
    counter.market.work()


def buy_two(counter: Counter, *carriers: str) -> int:
    """Two phones of one order leave in two parcels."""
    item = Item(counter.market.wares.phone, 1)
    order_id = counter.buy(item, item)
    for line, (imei, carrier) in enumerate(zip((IMEI, OTHER_IMEI), carriers, strict=True)):
        counter.pack(order_id, imei=imei, line=line)
        counter.send(order_id, carrier=carrier, waybill=f"WAYBILL{line}", line=line)
    return order_id


@pytest.mark.usefixtures("_mini_program")
def test_a_shipment_is_reported_when_its_payment_is_known_there(counter: Counter) -> None:
    order_id = counter.buy()
    assert status(order_id) is None
    counter.pack(order_id)
    counter.send(order_id)
    counter.market.work()
    assert status(order_id) == "waiting"
    report(counter)
    assert status(order_id) == "reported"
    [parcel] = shipping(counter, order_id)["shipping_list"]
    assert (parcel["express_company"], parcel["tracking_no"]) == ("SF", "SF1234567890")
    assert parcel["contact"] == {"receiver_contact": "138****8000"}


@pytest.mark.usefixtures("_mini_program")
def test_two_parcels_of_an_order_are_told_at_once_as_all_of_it(counter: Counter) -> None:
    order_id = buy_two(counter, "SF", "STO")
    report(counter)

    assert status(order_id) == "reported"
    told = shipping(counter, order_id)
    assert (told["delivery_mode"], told["finish_shipping"]) == (2, True)
    assert [(each["express_company"], "contact" in each) for each in told["shipping_list"]] == [
        ("SF", True),
        ("STO", False),
    ]


@pytest.mark.usefixtures("_mini_program")
def test_what_our_own_people_bring_is_told_as_brought_within_the_city(counter: Counter) -> None:
    order_id = buy_two(counter, "CITY", "CITY")
    report(counter)

    assert status(order_id) == "reported"
    told = shipping(counter, order_id)
    assert (told["logistics_type"], len(told["shipping_list"])) == (2, 1)


@pytest.mark.usefixtures("_mini_program")
def test_what_our_own_people_bring_is_no_parcel_beside_a_carriers(counter: Counter) -> None:
    order_id = buy_two(counter, "CITY", "SF")
    report(counter)

    assert status(order_id) == "reported"
    told = shipping(counter, order_id)
    assert (told["logistics_type"], told["delivery_mode"]) == (1, 1)
    assert [each["express_company"] for each in told["shipping_list"]] == ["SF"]


@pytest.mark.usefixtures("_mini_program")
def test_a_line_whose_return_was_called_off_is_out(counter: Counter) -> None:
    item = Item(counter.market.wares.phone, 1)
    order_id = counter.buy(item, item)
    counter.pack(order_id)
    counter.send(order_id)
    counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    call_return_off(counter, order_id)
    counter.pack(order_id, imei=OTHER_IMEI, line=1)
    counter.send(order_id, waybill="SF0987654321", line=1)
    report(counter)

    assert status(order_id) == "reported"
    parcels = shipping(counter, order_id)["shipping_list"]
    assert [each["tracking_no"] for each in parcels] == ["SF1234567890", "SF0987654321"]


@pytest.mark.usefixtures("_mini_program")
def test_what_is_given_back_before_it_left_holds_no_report_up(counter: Counter) -> None:
    item = Item(counter.market.wares.phone, 1)
    order_id = counter.buy(item, item)
    counter.pack(order_id)
    counter.send(order_id)
    refund(order_id, 1)
    assert status(order_id) is None  # no money moved yet: it may still go out
    report(counter)
    report(counter)

    assert status(order_id) == "reported"
    [parcel] = shipping(counter, order_id)["shipping_list"]
    assert parcel["tracking_no"] == "SF1234567890"


@pytest.mark.usefixtures("_mini_program")
def test_what_was_given_back_is_not_named_as_fetched(counter: Counter) -> None:
    item = Item(counter.market.wares.phone, 1)
    order_id = counter.buy(item, item, delivery=Delivery.PICKUP)
    counter.fetch(order_id)
    refund(order_id, 1)
    report(counter)
    report(counter)

    [told] = shipping(counter, order_id)["shipping_list"]
    assert told["item_desc"] == lines(order_id)[0].name


@pytest.mark.usefixtures("_mini_program")
def test_what_is_all_given_back_is_no_shipment(counter: Counter) -> None:
    order_id = counter.buy()
    refund(order_id, 0)
    report(counter)
    report(counter)
    assert status(order_id) is None


@pytest.mark.usefixtures("_mini_program")
def test_a_line_that_cost_nothing_holds_no_report_up_once_it_is_cancelled(
    counter: Counter,
) -> None:
    item = Item(counter.market.wares.phone, 1)
    order_id = counter.buy(item, item)
    counter.pack(order_id)
    counter.send(order_id)
    with transaction():
        line_id = lines(order_id)[1].id
        line_cancelled(line_id=line_id, reason="缺货", actor="staff:1", now=clock.now())
    assert status(order_id) == "waiting"


@pytest.mark.usefixtures("_mini_program")
def test_a_refused_report_is_put_before_a_person_once(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    path = "/wxa/sec/order/upload_shipping_info"
    counter.market.stage.chaos(path, "fail_before", errcode=10060014)
    report(counter)

    assert status(order_id) == "refused"
    with transaction():
        defer(report_shipping, order_id=order_id)
    counter.market.work()
    [item] = exceptions_of_order(order_id)
    assert item.kind == "shipping_refused"
    assert "10060014" in item.details["reason"]


@pytest.mark.usefixtures("_mini_program")
def test_a_report_refused_since_all_was_given_back_meanwhile_is_nobodys_work(
    counter: Counter,
) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    refund(order_id, 0)
    report(counter)

    assert status(order_id) == "not_needed"
    assert not exceptions_of_order(order_id)


@pytest.mark.usefixtures("_mini_program")
def test_a_report_refused_though_its_money_is_ours_is_put_before_a_person(
    counter: Counter,
) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    path = "/wxa/sec/order/upload_shipping_info"
    counter.market.stage.chaos(path, "fail_before", errcode=10060004)
    report(counter)

    assert status(order_id) == "refused"
    assert len(exceptions_of_order(order_id)) == 1


@pytest.mark.usefixtures("_mini_program")
def test_a_refused_report_is_made_again_and_shown_again_when_it_is_refused_again(
    counter: Counter,
) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    path = "/wxa/sec/order/upload_shipping_info"
    counter.market.stage.chaos(path, "fail_before", errcode=48001, times=2)
    report(counter)
    for due in ("refused", "reported"):
        with transaction():
            report_again(order_id, now=clock.now())
        with pytest.raises(NotRefused), transaction():
            report_again(order_id, now=clock.now())
        report(counter)
        assert status(order_id) == due

    assert len(exceptions_of_order(order_id)) == 2


@pytest.mark.usefixtures("_mini_program")
def test_a_report_that_is_refused_for_now_comes_again(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    path = "/wxa/sec/order/upload_shipping_info"
    counter.market.pass_time(minutes=5)
    counter.market.stage.chaos(path, "fail_before", errcode=10060019)
    report(counter)

    assert status(order_id) == "reported"
    assert not exceptions_of_order(order_id)


def test_an_official_accounts_orders_are_not_reported(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    counter.market.work()
    assert status(order_id) is None
