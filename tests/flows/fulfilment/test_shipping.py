"""A mini-program's platform is told of the shipment once, as soon as it can be."""

from dataclasses import replace

import pytest

from fulfilment.reports import report_of
from tests.flows.fulfilment.counter import Counter
from tests.simulator.stage import SHOP, Stage
from wx_backend.db import db


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


@pytest.mark.usefixtures("_mini_program")
def test_a_shipment_is_reported_when_its_payment_is_known_there(counter: Counter) -> None:
    order_id = counter.buy()
    assert status(order_id) is None
    counter.pack(order_id)
    counter.send(order_id)
    counter.market.work()
    assert status(order_id) == "waiting"
    counter.market.pass_time(minutes=5)
    counter.market.work()
    assert status(order_id) == "reported"


def test_an_official_accounts_orders_are_not_reported(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    counter.market.work()
    assert status(order_id) is None
