"""The cart: whose each line is, what has changed since, and that nothing of it is ordered twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalog.models import Product, Sku, Stock
from catalog.operations import activate_sku, price_sku
from catalog.stock_by_hand import correct_stock
from orders.cart import Choice, Owner, count_lines, lines_of, put_in_cart
from orders.cart_models import CartLine
from orders.models import OrderLine
from referral.proofs import latest_attribution, receipt_of
from referral.replay import is_consistent
from tests.catalog.shelf import assert_stock_conserved
from tests.counting import questions
from tests.racing import race
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall, product_of
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.test_orders import orders, wish
from wx_backend import clock, strict
from wx_backend.db import db, retried, transaction

DAY = 86_400
PassTime = Callable[[float], None]


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    """Bob's phone, signed in, having come by nobody."""
    assert mall
    phone = phone_of("Bob")
    phone.sign_in()
    return phone


def put(phone: Phone, sku: str, key: str = "press-0123456789", quantity: int = 1) -> int:
    return phone.post("/api/cart", client_key=key, sku=sku, quantity=quantity).status_code


def cart(phone: Phone) -> dict[str, dict[str, Any]]:
    """The lines of a phone's cart by sku."""
    return {line["sku"]: line for line in phone.get("/api/cart").get_json()["lines"]}


def order_all(phone: Phone, mall: Mall, **changes: Any) -> str:
    """Order the whole cart as the checkout page does."""
    lines = [
        {
            "sku": line["sku"],
            "quantity": line["quantity"],
            "expected_price_fen": line["price_fen"],
            "from_cart": True,
        }
        | ({"user_name": "鲍勃", "user_phone": "13800138000"} if line["kind"] == "plan" else {})
        for line in cart(phone).values()
    ]
    answer = phone.post("/api/orders", **wish(mall, lines=lines, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["number"])


def developers() -> dict[str, int | None]:
    """Who is credited for each line, by its product's kind."""
    db.session.rollback()
    rows = db.session.scalars(select(OrderLine))
    return {row.product_kind: row.developer_rep_id for row in rows}


def test_each_line_is_the_reps_by_whose_link_it_was_put_aside(
    mall: Mall, bob: Phone, pass_time: PassTime
) -> None:
    """Alice's link and the phone, Dave's link and the plan; one order, two reps, both proven."""
    bob.open(mall.link(mall.alice_id, mall.product))
    assert put(bob, mall.wares.phone) == 201
    pass_time(600)
    bob.open(mall.link(mall.dave_id))
    assert put(bob, mall.wares.plan) == 201
    pass_time(1200)
    page = bob.get(f"/orders/{order_all(bob, mall)}").text
    assert developers() == {"goods": mall.alice_id, "plan": mall.dave_id}
    assert "爱丽丝" in page
    assert "戴夫" in page
    for line in db.session.scalars(select(OrderLine)).all():
        standing = latest_attribution(line.id)
        assert standing is not None
        assert line.share_id == standing.share_id
        body = strict.fields(receipt_of(standing.id).body)
        assert is_consistent(body)
    verdicts = {row["verdict"]["reason"] for row in _body("goods")["touches"]}
    assert verdicts == {"won", "after_choice"}


def _body(kind: str) -> dict[str, Any]:
    line = db.session.scalars(select(OrderLine).where(OrderLine.product_kind == kind)).one()
    standing = latest_attribution(line.id)
    assert standing is not None
    body: Any = strict.loads(receipt_of(standing.id).body)
    return dict(body)


def test_what_lay_too_long_is_credited_as_of_the_order(
    mall: Mall, bob: Phone, pass_time: PassTime
) -> None:
    bob.open(mall.link(mall.alice_id, mall.product))
    put(bob, mall.wares.phone)
    pass_time(29 * DAY)
    bob.sign_in()
    bob.open(mall.link(mall.dave_id))
    pass_time(31 * DAY)
    bob.sign_in()
    order_all(bob, mall)
    assert developers() == {"goods": mall.dave_id}
    assert cart(bob) == {}


def test_a_link_whose_script_never_ran_counts_for_what_is_put_aside(
    mall: Mall, bob: Phone, pass_time: PassTime
) -> None:
    bob.follow(bob.get(mall.link(mall.alice_id)))
    put(bob, mall.wares.phone)
    pass_time(5)
    order_all(bob, mall)
    assert developers() == {"goods": mall.alice_id}


def test_pressing_again_adds_and_a_repeat_does_not(mall: Mall, bob: Phone) -> None:
    for key in ("press-aaaaaaaaaaaa", "press-aaaaaaaaaaaa", "press-bbbbbbbbbbbb"):
        put(bob, mall.wares.phone, key, 2)
    assert cart(bob)[mall.wares.phone]["quantity"] == 4
    put(bob, mall.wares.phone, "press-cccccccccccc", 99)
    assert cart(bob)[mall.wares.phone]["quantity"] == 99


def test_a_browsers_cart_is_the_persons_who_signs_in(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob")
    put(phone, mall.wares.phone, quantity=2)
    assert put(phone, mall.wares.plan) == 201
    assert cart(phone_of("Carol")) == {}
    phone.sign_in()
    assert {sku: line["quantity"] for sku, line in cart(phone).items()} == {
        mall.wares.phone: 2,
        mall.wares.plan: 1,
    }
    phone.post("/logout")
    assert cart(phone) == {}
    put(phone, mall.wares.phone, "press-bbbbbbbbbbbb")
    phone.sign_in()
    assert cart(phone)[mall.wares.phone]["quantity"] == 3
    db.session.rollback()
    assert set(db.session.scalars(select(CartLine.visitor_id))) == {None}


def test_a_repeated_order_of_the_cart_is_one_order_and_leaves_the_rest(
    mall: Mall, bob: Phone
) -> None:
    put(bob, mall.wares.phone)
    put(bob, mall.wares.plan)
    line = {"sku": mall.wares.phone, "quantity": 1, "expected_price_fen": 199_900}
    asked = wish(mall, lines=[line | {"from_cart": True}])
    numbers = {bob.post("/api/orders", **asked).get_json()["number"] for _ in range(3)}
    assert len(numbers) == len(orders()) == 1
    assert list(cart(bob)) == [mall.wares.plan]


def test_what_was_put_in_since_stays_when_a_submit_is_repeated(mall: Mall, bob: Phone) -> None:
    line = {"sku": mall.wares.phone, "quantity": 1, "expected_price_fen": 199_900}
    asked = wish(mall, lines=[line | {"from_cart": True}])
    put(bob, mall.wares.phone)
    first = bob.post("/api/orders", **asked).get_json()["number"]
    put(bob, mall.wares.phone, key="press-9876543210")
    assert bob.post("/api/orders", **asked).get_json()["number"] == first
    assert list(cart(bob)) == [mall.wares.phone]


def test_a_line_put_in_by_a_clock_ahead_of_ours_is_ordered_all_the_same(
    mall: Mall, bob: Phone
) -> None:
    put(bob, mall.wares.phone)
    db.session.rollback()
    with transaction():
        line = db.session.scalars(select(CartLine)).one()
        line.chosen_at = clock.now() + timedelta(seconds=5)
    order_all(bob, mall)
    ordered = db.session.scalars(select(OrderLine)).one()
    assert ordered.chosen_at == orders()[0].placed_at


def test_a_fuller_checkout_asks_the_database_no_more(mall: Mall, bob: Phone) -> None:
    path, asked = f"/checkout?line={mall.wares.phone}", []
    for sku in (mall.wares.phone, mall.wares.plan):
        put(bob, sku)
        path += f"&line={sku}"
        with questions() as said:
            assert bob.get(path).status_code == 200
        asked.append(len(said))
    assert asked[0] == asked[1]


def test_the_cart_tells_what_has_changed(mall: Mall, bob: Phone) -> None:
    put(bob, mall.wares.phone, quantity=2)
    put(bob, mall.wares.plan)
    db.session.rollback()
    with transaction():
        sku_id = mall.wares.phone_id
        price_sku(sku_id=sku_id, price_fen=189_900, prepaid_fen=0, market_price_fen=None)
        activate_sku(sku_id=mall.wares.plan_id, is_active=False)
    page = bob.get("/cart").text
    assert "加入后价格下降了 ¥100.00" in page
    assert "商品已下架" in page
    assert bob.get("/api/cart").get_json()["total_fen"] == 2 * 189_900
    assert (
        "畅享套餐" not in bob.get(f"/checkout?line={mall.wares.phone}&line={mall.wares.plan}").text
    )
    assert bob.get(f"/checkout?line={mall.wares.plan}").headers["Location"] == "/cart"
    for change, words in ((-19, "库存仅 1 件"), (-1, "已售罄")):
        stock_id = db.session.scalars(select(Stock.id)).one()
        db.session.rollback()
        with transaction():
            correct_stock(stock_id=stock_id, change=change, actor="staff:1", now=clock.now())
        assert words in bob.get("/cart").text
    assert bob.get("/api/cart").get_json()["total_fen"] == 0
    stale = wish(
        mall, lines=[{"sku": mall.wares.phone, "quantity": 1, "expected_price_fen": 199_900}]
    )
    error = bob.post("/api/orders", **stale).get_json()["error"]
    assert error["code"] == "price_changed"
    assert error["details"]["prices"] == {mall.wares.phone: 189_900}


def test_each_line_leads_to_its_product_while_that_is_on_sale(mall: Mall, bob: Phone) -> None:
    put(bob, mall.wares.phone)
    put(bob, mall.wares.plan)
    products = {mall.wares.phone: mall.product, mall.wares.plan: product_of(mall.wares.plan_id)}
    assert {sku: line["product"] for sku, line in cart(bob).items()} == products
    for number in products.values():
        assert f'href="/p/{number}"' in bob.get("/cart").text
        assert bob.get(f"/p/{number}").status_code == 200
    db.session.rollback()
    with transaction():
        activate_sku(sku_id=mall.wares.plan_id, is_active=False)
    assert [number in bob.get("/cart").text for number in products.values()] == [True, False]


def test_lines_are_changed_and_taken_out_by_their_owner_alone(
    mall: Mall, bob: Phone, phone_of: Phones
) -> None:
    put(bob, mall.wares.phone)
    mallory = phone_of("Mallory", DESKTOP)
    put(mallory, mall.wares.plan)
    for stranger in (mallory, phone_of("Carol", DESKTOP)):
        answer = stranger.post("/api/cart/change", sku=mall.wares.phone, quantity=9)
        assert answer.status_code == 404
    bob.post("/api/cart/change", sku=mall.wares.phone, quantity=3)
    assert cart(bob)[mall.wares.phone]["quantity"] == 3
    assert bob.post("/api/cart/change", sku=mall.wares.phone, quantity=100).status_code == 400
    bob.post("/api/cart/change", sku=mall.wares.phone, quantity=0)
    assert "购物车还是空的" in bob.get("/cart").text
    assert list(cart(mallory)) == [mall.wares.plan]


def test_what_cannot_be_put_aside_says_why(mall: Mall, bob: Phone) -> None:
    with transaction():
        product_id = db.session.get_one(Sku, mall.wares.plan_id).product_id
        db.session.get_one(Product, product_id).takes_number = True
    asked: dict[str, Any] = {"client_key": "press-0123456789", "quantity": 1}
    for sku, code in ((mall.wares.plan, "pick_number_first"), ("SK000000", "not_listed")):
        error = bob.post("/api/cart", sku=sku, **asked).get_json()["error"]
        assert error["code"] == code
        assert not error["message"].isascii()


def test_presses_at_one_moment_all_count_and_a_cart_is_carried_over_once(
    app: Flask, mall: Mall, phone_of: Phones
) -> None:
    phone = phone_of("Bob")
    put(phone, mall.wares.phone)
    phone.sign_in()
    db.session.rollback()
    owner = Owner(identity_id=db.session.scalar(select(func.max(CartLine.identity_id))))
    db.session.rollback()

    def press(n: int) -> None:
        choice = Choice(mall.wares.phone_id, 1, 199_900, None, f"press-{n}")
        retried(lambda: put_in_cart(owner=owner, choice=choice, now=clock.now()))

    race(app, press, times=8)
    db.session.rollback()
    assert count_lines(owner) == 1
    assert lines_of(owner)[0].quantity == 9
    assert_stock_conserved()
