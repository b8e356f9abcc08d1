"""What a customer is told on the way of his order: each step once, with what he has to know."""

from collections.abc import Callable

import pytest

from flows.fulfilment.handing_out import ACTIVATED, READY, REVIEW, SHIPPED, node_reached
from flows.refund.agree import LinesBack, refund_order_lines
from flows.refund.telling import TO_BUYER as REFUNDED
from fulfilment.nodes import Node
from orders.models import Delivery
from orders.values import Item
from templates_msg.operations import set_template
from tests.flows.fulfilment.counter import Counter
from tests.flows.fulfilment.test_customer import sign
from tests.flows.trade.market import lines, order_row
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock
from wx_backend.db import retried, transaction

NUMBER, GOODS, AMOUNT = "character_string1", "thing2", "amount3"
GOODS_FIELDS = {"number": NUMBER, "goods": GOODS}
MONEY_FIELDS = {"number": NUMBER, "amount": AMOUNT}

Told = Callable[[], list[tuple[str, dict[str, str]]]]


@pytest.fixture
def told(counter: Counter, stage: Stage) -> Told:
    """What Bob was told until now: purpose and fields of each message, in order."""
    for purpose in (READY, SHIPPED, ACTIVATED, REVIEW, REFUNDED):
        fields = MONEY_FIELDS if purpose == REFUNDED else GOODS_FIELDS
        content = "\n".join(f"{{{{{key}.DATA}}}}" for key in fields.values())
        named = f"T-{purpose}"
        stage.control("PUT", f"/accounts/{SHOP}/templates/{named}", title="通知", content=content)
        with transaction():
            set_template(appid=SHOP, purpose=purpose, template_id=named, fields=fields)

    def messages() -> list[tuple[str, dict[str, str]]]:
        counter.market.work()
        shown = [line["content"] for line in stage.chat("Bob") if line["kind"] == "template"]
        return [(each["template_id"].removeprefix("T-"), each["data"]) for each in shown]

    return messages


def of_order(order_id: int) -> dict[str, str]:
    return {NUMBER: order_row(order_id).number, GOODS: lines(order_id)[0].name}


def test_a_parcels_customer_hears_that_it_left_and_is_asked_how_it_was(
    counter: Counter, told: Told
) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    assert told() == []
    counter.send(order_id)
    assert told() == [(SHIPPED, of_order(order_id))]
    sign(order_id)
    assert told() == [(SHIPPED, of_order(order_id)), (REVIEW, of_order(order_id))]


def test_who_fetches_it_hears_when_it_is_packed(counter: Counter, told: Told) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    assert told() == []
    counter.pack(order_id)
    assert told() == [(READY, of_order(order_id))]


def test_a_plans_user_hears_that_it_is_on(counter: Counter, stage: Stage, told: Told) -> None:
    key = counter.market.app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)
    order_id = counter.buy(Item(counter.market.wares.plan, 1), delivery=Delivery.NONE)
    assert told() == []
    counter.market.decide(order_id, "passed")
    assert (ACTIVATED, of_order(order_id)) in told()
    assert [purpose for purpose, _ in told()].count(ACTIVATED) == 1


def test_who_gets_money_back_hears_how_much_each_time(counter: Counter, told: Told) -> None:
    order_id = counter.buy()
    [line] = lines(order_id)
    for key, fen in (("a", 12_345), ("b", 5)):
        back = LinesBack(order_id, {line.id: fen}, "划痕", "staff:1", key)
        for _ in range(2):  # the form comes twice
            retried(lambda back=back: refund_order_lines(back, now=clock.now()))  # type: ignore[misc]
        told()
        counter.market.pass_time(minutes=2)
    amounts = [fields[AMOUNT] for purpose, fields in told() if purpose == REFUNDED]
    assert amounts == ["123.45元", "0.05元"]


def test_a_node_that_is_reached_again_is_told_of_once(counter: Counter, told: Told) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    before = told()
    for _ in range(3):
        chain = counter.chain(order_id)
        with transaction():
            node_reached(chain, Node.HANDED_OVER, now=clock.now())
    assert told() == before
