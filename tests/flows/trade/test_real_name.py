"""Who a plan is for: billing waits for a pass; without one the money goes back, once."""

from typing import Any

import pytest
from sqlalchemy import select

from catalog.bundles import PartData, add_bundle
from catalog.models import BundlePart, Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData, add_product, add_sku
from flows.delivery import move_line_on
from flows.payment.ending import close_unpaid
from flows.real_name import (
    AlreadyDecided,
    ByHand,
    decide_by_hand,
    expire,
    link_for,
    refund_unverified,
)
from orders.hand_overs import hand_over_of
from orders.models import Fulfilment, RealName
from orders.real_name import words_on
from orders.values import Item
from org.models import OrgNode
from settlement.queries import income_of
from templates_msg.models import Message
from templates_msg.operations import set_template
from tests.catalog.pool import FIRST, Row, fill_pool, number_row
from tests.catalog.shelf import NOON, put_on_sale, stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    lines,
    order_row,
    order_status,
    refunds,
)
from tests.flows.trade.test_refund import agree_all
from tests.jobs import run_jobs
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput, NotFound
from wx_backend.outbox import defer


@pytest.fixture(autouse=True)
def _billing(market: Market, stage: Stage) -> None:
    """The pretend billing system knows our key and answers at once."""
    key = market.app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)


def plan(market: Market, **more: Any) -> Item:
    return Item(market.wares.plan, 1, user_name=b"u", user_phone=None, **more)


def buy(market: Market, *items: Item) -> int:
    """Bought and paid; nobody has shown who he is."""
    return market.buy(*items, is_known=False)


def states(order_id: int) -> list[tuple[str, str]]:
    """(real name, fulfilment) of every line."""
    return [(line.real_name_state, line.fulfilment) for line in lines(order_id)]


def bundle(market: Market, price_fen: int = 180_000) -> str:
    """The number of a bundle of the phone and the plan."""
    with transaction():
        data = ProductData(ProductKind.BUNDLE, market.wares.category_id, "星河套装")
        product = add_product(data=data, now=NOON)
        put_on_sale(product.id)
        parts = (PartData(market.wares.phone_id), PartData(market.wares.plan_id))
        sku = add_bundle(
            product_id=product.id, data=SkuData("标准", price_fen), parts=parts, now=NOON
        )
        return sku.number


def take_numbers(market: Market) -> None:
    """The plan comes with a number of the pool."""
    fill_pool()
    with transaction():
        sku = db.session.get_one(Sku, market.wares.plan_id)
        db.session.get_one(Product, sku.product_id).takes_number = True


def test_billing_hears_of_a_plan_when_its_user_is_known(market: Market, stage: Stage) -> None:
    order_id = buy(market, plan(market))
    assert (hand_over_of(order_id), stage.facts("billing.order")) == (None, [])
    assert market.decide(order_id, "passed") == [True]
    market.work()
    assert states(order_id) == [("passed", "activated")]
    assert len(stage.facts("billing.order")) == 1


def test_one_unknown_user_holds_the_order_until_he_is_decided_on(
    market: Market, stage: Stage
) -> None:
    order_id = buy(market, plan(market), plan(market))
    first, second = lines(order_id)
    market.decide_one(first.real_name_reference, "passed")
    market.work()
    assert stage.facts("billing.order") == []
    market.decide_one(second.real_name_reference, "refused")
    market.work()
    market.work()
    [taken] = stage.facts("billing.order")
    assert [line["position"] for line in taken["order"]["lines"]] == [1]
    assert states(order_id) == [("passed", "activated"), ("refused", "cancelled")]
    assert order_status(order_id) == "part_refunded"


def test_a_refused_plan_is_refunded_once_and_earns_nobody_anything(
    market: Market, stage: Stage
) -> None:
    order_id = buy(market, Item(market.wares.phone, 1), plan(market))
    assert market.decide(order_id, "refused") == [True]
    assert market.decide(order_id, "refused", "again") == [False]
    assert market.decide(order_id, "passed", "late") == [False]
    market.work()
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [10_000]
    assert states(order_id) == [("not_needed", "waiting"), ("refused", "cancelled")]
    assert income_of(market.alice_id).held_fen == 199_900 * 500 // 10_000
    assert stage.facts("billing.order") == []
    assert_books_and_witness_agree(stage)


def test_everything_said_is_kept_though_it_changes_nothing(market: Market) -> None:
    order_id = buy(market, plan(market))
    market.decide(order_id, "passed", "first")
    market.decide(order_id, "passed", "first")
    market.decide(order_id, "refused", "late")
    words = words_on([lines(order_id)[0].id])
    assert [(word.state, word.is_applied) for word in words] == [
        ("passed", True),
        ("refused", False),
    ]
    assert refunds() == []


def test_nobody_shows_who_he_is_in_time(market: Market, stage: Stage) -> None:
    order_id = buy(market, plan(market))
    market.pass_time(days=6, hours=23)
    market.work()
    assert states(order_id) == [("waiting", "waiting")]
    market.pass_time(hours=2)
    market.work()
    market.work()
    assert states(order_id) == [("expired", "cancelled")]
    assert order_status(order_id) == "refunded"
    assert market.decide(order_id, "passed") == [False]
    assert_books_and_witness_agree(stage)


def test_reminders_stop_when_it_is_decided(market: Market) -> None:
    with transaction():
        fields = {"number": "character_string1", "goods": "thing2", "until": "time3"}
        set_template(appid=SHOP, purpose="real_name", template_id="T1", fields=fields)
    order_id = buy(market, plan(market))
    market.pass_time(hours=2, minutes=1)
    market.work_here()
    assert len(reminders()) == 2
    assert order_row(order_id).number in str(reminders()[0].content)
    market.decide(order_id, "passed")
    market.pass_time(hours=30)
    market.work_here()
    assert len(reminders()) == 2


def reminders() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == "real_name")))


def test_a_bundle_goes_back_whole(market: Market, stage: Stage) -> None:
    before = stock_of(market.wares.phone_id)
    order_id = buy(market, Item(bundle(market), 1, user_name=b"u"))
    assert [line.paid_fen for line in lines(order_id)] == [170_000, 10_000]
    assert stock_of(market.wares.phone_id) == (before[0] - 1, 0)
    market.decide(order_id, "refused")
    market.work()
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [180_000]
    assert states(order_id) == [("not_needed", "cancelled"), ("refused", "cancelled")]
    assert stock_of(market.wares.phone_id) == before
    assert income_of(market.alice_id).held_fen == 0
    assert_books_and_witness_agree(stage)


def test_a_phone_on_its_way_stays_sold_at_the_bundles_price(market: Market) -> None:
    order_id = buy(market, Item(bundle(market), 1, user_name=b"u"))
    with transaction():
        move_line_on(
            line_id=lines(order_id)[0].id,
            to=Fulfilment.SENT,
            actor="staff:1",
            cause="courier",
            now=clock.now(),
        )
    market.decide(order_id, "refused")
    market.work()
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [10_000]
    assert states(order_id) == [("not_needed", "sent"), ("refused", "cancelled")]


def two_users(market: Market) -> str:
    """The number of a bundle whose plan and second card each have a user who proves his name.

    The console makes none of this kind; what is in the database counts.
    """
    number = bundle(market)
    with transaction():
        data = ProductData(ProductKind.SIM, market.wares.category_id, "副卡")
        card = add_product(data=data, now=NOON)
        second = add_sku(product_id=card.id, data=SkuData("标准", 1_000), now=NOON)
        made = db.session.scalars(select(Sku.id).where(Sku.number == number)).one()
        db.session.add(BundlePart(bundle_sku_id=made, sku_id=second.id, position=3))
    return number


@pytest.mark.parametrize(
    ("passed", "order", "how"),
    [
        (1, "passed first", "refused"),
        (2, "refused first", "refused"),
        (1, "refunded first", "refused"),
        (2, "passed first", "expired"),
    ],
)
def test_a_bundle_with_one_name_refused_goes_back_whole_and_billing_never_hears_of_it(
    market: Market, stage: Stage, passed: int, order: str, how: str
) -> None:
    order_id = buy(market, Item(two_users(market), 1, user_name=b"u"))
    good, bad = lines(order_id)[passed], lines(order_id)[3 - passed]

    def refuse() -> None:
        if how == "expired":
            db.session.rollback()
            retried(lambda: expire(line_id=bad.id))
        else:
            market.decide_one(bad.real_name_reference, "refused")

    words = [lambda: market.decide_one(good.real_name_reference, "passed"), refuse]
    for say in words if order == "passed first" else reversed(words):
        say()
        if order == "refunded first":
            market.work_without_calls()
    market.work()
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [180_000]
    assert [line.fulfilment for line in lines(order_id)] == ["cancelled"] * 3
    assert stage.facts("billing.order") == []
    assert hand_over_of(order_id) is None
    assert_books_and_witness_agree(stage)


def test_the_rest_of_a_bundle_on_its_way_goes_to_billing_without_who_was_refused(
    market: Market, stage: Stage
) -> None:
    order_id = buy(market, Item(two_users(market), 1, user_name=b"u"), plan(market))
    phone, first, second, other = lines(order_id)
    for each in (first, other):
        market.decide_one(each.real_name_reference, "passed")
    market.decide_one(second.real_name_reference, "refused")
    with transaction():
        move_line_on(
            line_id=phone.id, to=Fulfilment.SENT, actor="staff:1", cause="courier", now=clock.now()
        )
    market.work()
    market.work()
    [taken] = stage.facts("billing.order")
    assert [line["position"] for line in taken["order"]["lines"]] == [2, 4]
    assert [line.fulfilment for line in lines(order_id)] == [
        "sent",
        "activated",
        "cancelled",
        "activated",
    ]
    assert_books_and_witness_agree(stage)


def test_a_refund_too_soon_after_another_is_asked_for_again(market: Market) -> None:
    order_id = buy(market, Item(market.wares.phone, 1), plan(market), plan(market))
    _, first, second = lines(order_id)
    market.decide_one(first.real_name_reference, "refused")
    market.decide_one(second.real_name_reference, "refused")
    market.work()
    assert len(refunds()) == 1
    market.pass_time(minutes=2)
    market.work()
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [10_000, 10_000]
    assert [line.fulfilment for line in lines(order_id)] == ["waiting", "cancelled", "cancelled"]


def test_the_same_job_twice_refunds_once(market: Market) -> None:
    order_id = buy(market, plan(market))
    market.decide(order_id, "refused")
    market.work()
    line_id = lines(order_id)[0].id
    db.session.rollback()
    retried(lambda: refund_unverified(line_id=line_id))
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [10_000]


def test_who_took_the_order_back_is_asked_no_more(market: Market, stage: Stage) -> None:
    order_id = buy(market, plan(market))
    agree_all(order_id)
    assert market.decide(order_id, "passed") == [False]
    market.work()
    market.work()
    assert states(order_id) == [("waiting", "cancelled")]
    assert stage.facts("billing.order") == []


def test_a_number_is_sold_with_its_plan(market: Market, stage: Stage) -> None:
    take_numbers(market)
    order_id = market.buy(plan(market, number_reference=FIRST))
    key = f"line:{lines(order_id)[0].id}"
    assert number_row(FIRST) == Row("sold", market.bob.member_id, key)
    [taken] = stage.facts("billing.order")
    assert taken["order"]["lines"][0]["user_phone"] == FIRST


def test_a_number_rests_after_a_refusal_and_is_free_after_a_close(market: Market) -> None:
    take_numbers(market)
    order_id = buy(market, plan(market, number_reference=FIRST))
    assert number_row(FIRST).state == "held"
    market.decide(order_id, "refused")
    market.work()
    market.work()
    assert number_row(FIRST).state == "quarantined"
    other = market.order(plan(market, number_reference="14000000888"), key="submit-2")
    assert number_row("14000000888").state == "held"
    with transaction():
        defer(close_unpaid, order_id=other, cause="cancelled")
    run_jobs("call")
    assert order_status(other) == "closed"
    assert number_row("14000000888").state == "free"


def test_staff_decide_with_a_reason_within_their_part(market: Market) -> None:
    order_id = buy(market, plan(market))
    number = order_row(order_id).number
    outlet = db.session.scalars(select(OrgNode.id)).one()
    said = ByHand(number, 1, RealName.PASSED, "营业厅现场核验")

    def decide(said: ByHand, node_id: int = outlet) -> None:
        with transaction():
            decide_by_hand(said, staff_id=7, node_id=node_id, now=clock.now())

    with pytest.raises(BadInput):
        decide(ByHand(number, 1, RealName.PASSED, ""))
    with pytest.raises(BadInput):
        decide(ByHand(number, 1, RealName.EXPIRED, "x"))
    for foreign in (
        ByHand(number, 2, RealName.PASSED, "x"),
        ByHand("OD1", 1, RealName.PASSED, "x"),
    ):
        with pytest.raises(NotFound):
            decide(foreign)
    decide(said)
    with pytest.raises(AlreadyDecided):
        decide(said)
    [word] = [each for each in words_on([lines(order_id)[0].id]) if each.is_applied]
    assert (word.actor, word.reason) == ("staff:7", "营业厅现场核验")


def test_the_link_is_there_while_it_is_needed(market: Market) -> None:
    order_id = buy(market, Item(market.wares.phone, 1), plan(market))
    order = order_row(order_id)
    phone, tariff = lines(order_id)
    assert link_for(order, phone) == ""
    assert f"reference={tariff.real_name_reference}&" in link_for(order, tariff)
    market.decide(order_id, "passed")
    assert link_for(order_row(order_id), lines(order_id)[1]) == ""
