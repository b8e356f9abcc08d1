"""Placing orders: our prices, our stock, once per submit, discounts that add up."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from catalog.models import ProductKind
from catalog.operations import activate_sku, list_product, price_sku
from catalog.stock import SoldOut
from orders.errors import (
    ClientKeyReused,
    DiscountTooLarge,
    LinesRefused,
    NothingToPay,
    NotListed,
    PriceChanged,
    QuantityRefused,
)
from orders.models import OrderStatus, RealName, SalesOrder
from orders.rules import spread_discount
from orders.values import Basket, Item, PricedLine
from tests.catalog.shelf import Wares, assert_stock_conserved, put_on_shelf, stock_of
from tests.orders.buyers import (
    Buyer,
    add_buyer,
    assert_histories_hold,
    line_rows,
    order_row,
    phone,
    place,
    plan,
    with_key,
)
from tests.racing import race
from wx_backend.db import db, transaction


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf(units=20, phone_fen=199_900, plan_fen=10_000)


@pytest.fixture
def bob(app: Flask) -> Buyer:
    assert app.testing
    return add_buyer("Bob")


def test_an_order_freezes_the_servers_prices(wares: Wares, bob: Buyer) -> None:
    order_id = place(bob.wishes(phone(wares, 2), plan(wares)), discount_fen=10_001).order.id
    with transaction():
        price_sku(sku_id=wares.phone_id, price_fen=1, prepaid_fen=0, market_price_fen=None)

    order = order_row(order_id)
    assert (order.status, order.total_fen, order.discount_fen) == ("placed", 409_800, 10_001)
    assert order.payable_fen == 399_799
    phones, tariff = line_rows(order_id)
    assert (phones.unit_price_fen, phones.list_fen, phones.paid_fen) == (199_900, 399_800, 389_799)
    assert (tariff.discount_fen, tariff.paid_fen, tariff.collected_fen) == (0, 10_000, 10_000)
    assert (phones.real_name_state, tariff.real_name_state) == (
        RealName.NOT_NEEDED,
        RealName.WAITING,
    )
    assert (tariff.user_name, tariff.user_phone) == (b"u", b"p")
    assert stock_of(wares.phone_id) == (20, 2)
    assert_histories_hold()


def test_a_repeated_submit_is_the_same_order(wares: Wares, bob: Buyer) -> None:
    wish = bob.wishes(phone(wares))
    first = place(wish)
    first_id = first.order.id
    again = place(replace(wish, contact_name=b"another ciphertext of the same name"))
    assert first.is_new
    assert not again.is_new
    assert again.order.id == first_id
    assert stock_of(wares.phone_id) == (20, 1)


def test_one_submit_key_cannot_carry_two_contents(wares: Wares, bob: Buyer) -> None:
    place(bob.wishes(phone(wares)))
    with pytest.raises(ClientKeyReused):
        place(bob.wishes(phone(wares, 2)))


def test_two_members_may_use_the_same_key(wares: Wares, bob: Buyer) -> None:
    carol = add_buyer("Carol")
    assert place(bob.wishes(phone(wares))).is_new
    assert place(carol.wishes(phone(wares))).is_new


@pytest.mark.parametrize(
    "quantity", [-1, 0, 1.5, 1.0, 100, 2**31, True, "1", "１２", "1_0", "", None, float("nan")]
)
def test_quantities_are_whole_numbers_from_1_to_99(wares: Wares, bob: Buyer, quantity: Any) -> None:
    with pytest.raises(QuantityRefused):
        place(bob.wishes(Item(wares.phone, quantity)))
    assert stock_of(wares.phone_id) == (20, 0)
    assert db.session.scalar(select(func.count()).select_from(SalesOrder)) == 0


def test_a_changed_price_is_shown_before_anything_is_ordered(wares: Wares, bob: Buyer) -> None:
    with pytest.raises(PriceChanged) as refusal:
        place(bob.wishes(Item(wares.phone, 1, expected_price_fen=1)))
    assert refusal.value.details == {"prices": {wares.phone: 199_900}}
    assert place(bob.wishes(Item(wares.phone, 1, expected_price_fen=199_900))).is_new


def test_what_is_not_on_show_cannot_be_ordered(wares: Wares, bob: Buyer) -> None:
    with pytest.raises(NotListed):
        place(bob.wishes(Item("SK000000NOTHING", 1)))
    with transaction():
        activate_sku(sku_id=wares.plan_id, is_active=False)
        list_product(product_id=1, is_listed=False)
    for item in (phone(wares), plan(wares)):
        with pytest.raises(NotListed):
            place(bob.wishes(item))


def test_an_order_has_one_to_twenty_lines(wares: Wares, bob: Buyer) -> None:
    for count in (0, 21):
        with pytest.raises(LinesRefused):
            place(bob.wishes(*[plan(wares)] * count))
    assert place(bob.wishes(*[plan(wares)] * 20)).is_new


def test_prepaid_fees_are_never_discounted(wares: Wares, bob: Buyer) -> None:
    with pytest.raises(DiscountTooLarge) as refusal:
        place(bob.wishes(plan(wares)), discount_fen=1)
    assert refusal.value.details == {"limit_fen": 0}
    with pytest.raises(DiscountTooLarge):
        place(bob.wishes(phone(wares)), discount_fen=-1)


def test_an_order_for_nothing_is_refused(wares: Wares, bob: Buyer) -> None:
    with pytest.raises(NothingToPay):
        place(bob.wishes(phone(wares)), discount_fen=199_900)


def test_a_sold_out_line_leaves_no_order_and_no_promise(wares: Wares, bob: Buyer) -> None:
    with pytest.raises(SoldOut):
        place(bob.wishes(phone(wares, 15), plan(wares), phone(wares, 6)))
    assert stock_of(wares.phone_id) == (20, 0)
    assert db.session.scalar(select(func.count()).select_from(SalesOrder)) == 0


def test_copies_of_one_submit_at_once_make_one_order(app: Flask, wares: Wares, bob: Buyer) -> None:
    wish = bob.wishes(phone(wares))
    placed = race(app, lambda _: (lambda p: (p.order.id, p.is_new))(place(wish)), times=16)
    assert len({order_id for order_id, _ in placed}) == 1
    assert [is_new for _, is_new in placed].count(True) == 1
    assert stock_of(wares.phone_id) == (20, 1)


def test_sixty_orders_race_for_twenty_phones(app: Flask, wares: Wares, bob: Buyer) -> None:
    wish = bob.wishes(plan(wares), phone(wares))

    def buy(n: int) -> bool:
        try:
            place(with_key(wish, f"submit-{n}"))
        except SoldOut:
            return False
        return True

    outcomes = race(app, buy, times=60)

    assert outcomes.count(True) == 20
    assert stock_of(wares.phone_id) == (20, 20)
    assert db.session.scalar(select(func.count()).select_from(SalesOrder)) == 20
    assert_stock_conserved()
    assert_histories_hold()


@pytest.mark.parametrize(
    "statement", ["UPDATE order_transition SET cause = 'x'", "DELETE FROM order_transition"]
)
def test_the_history_of_an_order_cannot_be_changed(
    wares: Wares, bob: Buyer, statement: str
) -> None:
    order_id = place(bob.wishes(phone(wares))).order.id
    with pytest.raises(DatabaseError, match="history is added to"), transaction():
        db.session.execute(text(statement))
    assert order_row(order_id).status == OrderStatus.PLACED


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 10**6)), min_size=1, max_size=20
    ),
    part=st.integers(0, 10_000),
)
def test_a_spread_discount_adds_up_and_fits_every_line(
    lines: list[tuple[int, int]], part: int
) -> None:
    basket = Basket(tuple(priced_line(own, prepaid) for own, prepaid in lines))
    discount_fen = basket.discountable_fen * part // 10_000
    if discount_fen == basket.total_fen:
        return
    shares = spread_discount(basket, discount_fen)
    assert sum(shares) == discount_fen
    for share, (own, _) in zip(shares, lines, strict=True):
        assert 0 <= share <= own


def priced_line(own_fen: int, prepaid_fen: int) -> PricedLine:
    price_fen = own_fen + prepaid_fen
    item = Item("SK", 1)
    return PricedLine(item, 1, 1, 1, 1, ProductKind.GOODS, "x", price_fen, price_fen, prepaid_fen)
