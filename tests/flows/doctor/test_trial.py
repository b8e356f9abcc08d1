"""The order of 0.01 yuan: paid, refunded and on the bill, each step named until it is done."""

import pytest

from flows.doctor.trial import trial_findings
from orders.queries import order_by_id
from reconciliation.models import Difference
from tests.flows.reconcile.conftest import (  # noqa: F401 - fixtures
    _billing,
    config,
    keys,
    market,
    platform,
    receiver,
    stage,
)
from tests.flows.reconcile.morning import next_morning, plant, today
from tests.flows.trade.market import Market, payments
from tests.flows.trade.test_refund import agree_all
from tests.simulator.stage import Stage
from wx_backend.db import db, transaction

pytestmark = pytest.mark.usefixtures("app")


def number_of(order_id: int) -> str:
    db.session.rollback()
    order = order_by_id(order_id)
    assert order is not None
    return order.number


def steps(number: str) -> list[tuple[str, str]]:
    """Each step with how it stands, without the numbers."""
    found = trial_findings(number)
    return [(each.name.removeprefix(f"trial order {number}"), each.state) for each in found]


def test_it_is_followed_from_the_order_to_the_bill(market: Market) -> None:  # noqa: F811
    on = today()
    assert steps("OD26") == [("", "todo")]
    order_id = market.order()
    number = number_of(order_id)
    assert steps(number) == [(" is paid", "todo")]

    market.pay(market.sheet(order_id))
    market.work()
    assert steps(number) == [(" is paid", "fine"), (" is refunded", "todo")]

    agree_all(order_id)
    market.work()
    market.work()
    done = [(" is paid", "fine"), (" is refunded", "fine")]
    assert steps(number)[:2] == done
    assert [state for _, state in steps(number)[2:]] == ["todo"]

    next_morning(market, on)
    found = [*trial_findings(number)]
    assert [each.state for each in found] == ["fine"] * 4
    assert found[2].name.endswith(f"payment {payments(order_id)[0].out_trade_no} on the bill")


def test_a_bill_that_says_otherwise_is_told(market: Market) -> None:  # noqa: F811
    on = today()
    order_id = market.buy()
    agree_all(order_id)
    market.work()
    market.work()
    plant(
        market,
        {
            "action": "amount",
            "number": payments(order_id)[0].out_trade_no,
            "fen": 1,
            "day": str(on),
        },
    )
    next_morning(market, on)
    last = [*trial_findings(number_of(order_id))][-1]

    assert (last.state, last.said) == ("todo", "the bill and our books differ")
    assert last.next_step == "look under 财务 / 对账"


def test_wechat_pay_that_knows_nothing_of_it_is_told(
    market: Market,  # noqa: F811
    stage: Stage,  # noqa: F811
) -> None:
    order_id = market.buy()
    with transaction() as session:
        session.merge(payments(order_id)[0]).transaction_id = "4200000000000000000000000000"
    assert stage
    assert steps(number_of(order_id)) == [(" is paid", "todo")]
    assert db.session.query(Difference).count() == 0
