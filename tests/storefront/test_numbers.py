"""Plans in the mall: who may buy, which number, in which bundle, and who proves who he is."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalog.bundles import PartData, add_bundle
from catalog.models import Product, ProductKind, Sku
from catalog.number_models import NumberClass
from catalog.numbers import NumberData, import_numbers
from catalog.operations import ProductData, SkuData, add_product
from catalog.plans import Eligibility, Plan
from orders.models import OrderLine
from orders.queries import order_by_number
from org.models import OrgNode, Tier
from org.queries import ancestors
from tests.catalog.pool import FIRST, SECOND, fill_pool, number_row
from tests.catalog.shelf import NOON, put_on_sale
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import plan_line, wish
from wx_backend import clock
from wx_backend.config_guard import DEFAULTS
from wx_backend.db import db, transaction

FAR, FINE = "14000009999", "14000000666"
MANY = ("14000000101", "14000000102")


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


@pytest.fixture
def carol(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Carol")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


def plan_row(mall: Mall) -> Product:
    sku = db.session.get_one(Sku, mall.wares.plan_id)
    return db.session.get_one(Product, sku.product_id)


def only_for(mall: Mall, terms: Eligibility) -> None:
    """The plan is for these people."""
    with transaction():
        plan = Plan(monthly_fee_fen=5_900, contract_months=12, eligibility=terms)
        plan_row(mall).plan = plan.as_json()


def take_numbers(mall: Mall) -> None:
    """The plan comes with a number of the outlet's pool."""
    fill_pool(node_id=mall.outlet_id)
    with transaction():
        plan_row(mall).takes_number = True


def order_plan(phone: Phone, mall: Mall, key: str = "submit-0123456789", **line: Any) -> Any:
    body = wish(
        mall, client_key=key, lines=[plan_line(mall, **line)], delivery="none", address=None
    )
    return phone.post("/api/orders", **body)


def test_the_page_says_who_may_buy_and_the_checkout_holds_to_it(mall: Mall, bob: Phone) -> None:
    only_for(mall, Eligibility(one_per_person=True, age_from=60))
    with transaction():
        number = plan_row(mall).number
    page = bob.get(f"/p/{number}").text
    assert "每人限办一份" in page
    assert "60 岁及以上" in page
    assert order_plan(bob, mall, quantity=2).status_code == 409
    assert order_plan(bob, mall).status_code == 201
    assert order_plan(bob, mall).status_code == 201  # the same submit
    again = order_plan(bob, mall, key="submit-0000000002")
    assert again.get_json()["error"]["code"] == "not_eligible"
    assert "您已办理过" in again.get_json()["error"]["message"]


def test_a_plan_for_new_customers_is_sold_once(mall: Mall, bob: Phone, carol: Phone) -> None:
    assert order_plan(bob, mall).status_code == 201
    only_for(mall, Eligibility(new_customers=True))
    assert order_plan(bob, mall, key="submit-0000000002").status_code == 409
    assert order_plan(carol, mall).status_code == 201


def test_a_plan_beside_a_phone_and_in_its_region(mall: Mall, bob: Phone) -> None:
    only_for(mall, Eligibility(with_phone=True, regions=("广州市",)))
    assert "一同购买" in order_plan(bob, mall).get_json()["error"]["message"]
    phone = wish(mall)["lines"][0]
    both = wish(mall, lines=[phone, plan_line(mall)])
    assert bob.post("/api/orders", **both).status_code == 201
    far = both | {"client_key": "submit-0000000002", "address": {"region": "黑龙江", "street": "1"}}
    assert "仅限广州市" in bob.post("/api/orders", **far).get_json()["error"]["message"]


def test_a_number_is_shown_held_and_ordered(mall: Mall, bob: Phone, carol: Phone) -> None:
    take_numbers(mall)
    page = bob.get(f"/checkout?sku={mall.wares.plan}").text
    assert "data-numbers" in page
    shown = bob.get("/api/numbers").get_json()
    assert {each["number"] for each in shown["numbers"]} == {FIRST, SECOND}
    found = bob.get("/api/numbers?ending=888").get_json()["numbers"]
    assert [each["number"] for each in found] == [SECOND]
    assert bob.post("/api/numbers/hold", number=SECOND).status_code == 201
    assert carol.post("/api/numbers/hold", number=SECOND).status_code == 409
    assert [each["number"] for each in bob.get("/api/numbers").get_json()["held"]] == [SECOND]
    refused = order_plan(carol, mall, number=SECOND).get_json()
    assert refused["error"]["code"] == "number_taken"
    number = order_plan(bob, mall, number=SECOND).get_json()["number"]
    assert number_row(SECOND).key is not None
    assert "140 0000 0888" in bob.get(f"/orders/{number}").text


def test_a_number_is_let_go_and_asked_for_where_it_is_needed(mall: Mall, bob: Phone) -> None:
    take_numbers(mall)
    bob.post("/api/numbers/hold", number=FIRST)
    assert bob.post("/api/numbers/release", number=FIRST).status_code == 200
    assert number_row(FIRST).state == "free"
    refused = order_plan(bob, mall).get_json()["error"]
    assert refused["details"]["fields"] == ["number"]
    assert bob.post("/api/numbers/hold", number="x").status_code == 400
    assert bob.get("/api/numbers?ending=abc").status_code == 400
    needless = wish(mall)
    needless["lines"][0]["number"] = FIRST
    assert bob.post("/api/orders", **needless).status_code == 400


def test_whoever_keeps_holding_numbers_gets_no_more_time_and_is_stopped(
    mall: Mall, bob: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_numbers(mall)
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began)
    first = bob.post("/api/numbers/hold", number=FIRST).get_json()["until"]
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(minutes=7))
    most = DEFAULTS["number"].session
    again = [bob.post("/api/numbers/hold", number=FIRST) for _ in range(most)]
    assert {each.get_json()["until"] for each in again} == {first}
    assert bob.post("/api/numbers/hold", number=FIRST).status_code == 429


def test_a_number_of_another_city_is_neither_held_nor_ordered(mall: Mall, bob: Phone) -> None:
    take_numbers(mall)
    fill_pool(FAR, code="FAR")
    refused = bob.post("/api/numbers/hold", number=FAR)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "number_taken")
    assert order_plan(bob, mall, number=FAR).get_json()["error"]["code"] == "number_taken"
    assert number_row(FAR).state == "free"


def test_a_buyer_has_a_few_numbers_he_has_not_paid_for(mall: Mall, bob: Phone) -> None:
    take_numbers(mall)
    fill_pool(*MANY, node_id=mall.outlet_id)
    for place, number in enumerate(MANY[:2]):
        assert order_plan(bob, mall, key=f"submit-{place:010}", number=number).status_code == 201
    assert bob.post("/api/numbers/hold", number=FIRST).status_code == 201
    assert bob.post("/api/numbers/hold", number=SECOND).status_code == 409
    assert order_plan(bob, mall, number=SECOND).get_json()["error"]["code"] == "too_many_holds"
    assert order_plan(bob, mall, number=FIRST).status_code == 201


def test_a_fine_number_goes_with_a_plan_that_is_dear_enough(mall: Mall, bob: Phone) -> None:
    take_numbers(mall)
    with transaction():
        fine = [NumberData(FINE, NumberClass.FINE, 8_800), NumberData(FAR, minimum_fen=5_900)]
        import_numbers(node_id=mall.outlet_id, numbers=fine, now=NOON)
    only_for(mall, Eligibility())
    shown = bob.get("/api/numbers?ending=666").get_json()["numbers"]
    assert [(each["grade"], each["minimum_fen"]) for each in shown] == [("靓号", 8_800)]
    assert bob.post("/api/numbers/hold", number=FINE).status_code == 201
    refused = order_plan(bob, mall, number=FINE)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "number_too_fine")
    assert "月费不低于 88.00 元" in refused.get_json()["error"]["message"]
    assert order_plan(bob, mall, number=FAR).status_code == 201


def test_a_plan_for_a_region_takes_numbers_of_that_region(mall: Mall, bob: Phone) -> None:
    take_numbers(mall)
    only_for(mall, Eligibility(regions=("广州市",)))
    both = wish(mall, lines=[wish(mall)["lines"][0], plan_line(mall, number=FIRST)])
    refused = bob.post("/api/orders", **both).get_json()["error"]
    assert refused["code"] == "number_elsewhere"
    with transaction():
        city = ancestors(mall.outlet_id)[Tier.CITY]
        db.session.get_one(OrgNode, city).name = "广州市"
    assert bob.post("/api/orders", **both).status_code == 201


def test_a_bundle_is_one_choice_and_two_lines(mall: Mall, bob: Phone) -> None:
    with transaction():
        data = ProductData(ProductKind.BUNDLE, mall.wares.category_id, "星河套装")
        product = add_product(data=data, now=NOON)
        put_on_sale(product.id)
        parts = (PartData(mall.wares.phone_id), PartData(mall.wares.plan_id))
        sku = add_bundle(
            product_id=product.id, data=SkuData("标准", 180_000), parts=parts, now=NOON
        )
        bundle, page = sku.number, product.number
    assert "立省 ¥299.00" in bob.get(f"/p/{page}").text
    checkout = bob.get(f"/checkout?sku={bundle}").text
    assert "user_name" in checkout
    assert 'name="delivery" value="courier"' in checkout
    line = {
        "sku": bundle,
        "quantity": 1,
        "expected_price_fen": 180_000,
        "user_name": "鲍勃",
        "user_phone": "13800138000",
    }
    answer = bob.post("/api/orders", **wish(mall, lines=[line]))
    number = answer.get_json()["number"]
    order = order_by_number(number)
    assert order is not None
    assert (order.total_fen, order.payable_fen) == (209_900, 180_000)
    phone, plan = db.session.scalars(select(OrderLine).order_by(OrderLine.position))
    assert (phone.paid_fen, plan.paid_fen) == (170_000, 10_000)
    assert phone.bundle_sku_id == plan.bundle_sku_id == sku.id
    assert phone.user_name is None
    assert plan.user_name is not None
    shown = bob.get(f"/orders/{number}").text
    assert "套装：星河套装 标准" in shown
    line["expected_price_fen"] = 179_999
    changed = wish(mall, lines=[line], client_key="submit-0000000002")
    assert bob.post("/api/orders", **changed).get_json()["error"]["code"] == "price_changed"
