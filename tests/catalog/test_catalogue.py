"""The catalogue: prices that can be, shelves, what is on show, what is searched."""

from collections.abc import Callable

import pytest
from flask import Flask

from catalog.models import ProductKind
from catalog.offers import offers
from catalog.operations import (
    BadOffer,
    ProductData,
    SkuData,
    activate_sku,
    add_category,
    add_product,
    add_sku,
    list_product,
    price_sku,
)
from catalog.queries import (
    categories,
    category_slug,
    free_units,
    listed_products,
    product_by_number,
    sku_number,
    skus_of_product,
)
from catalog.stock import reserve
from catalog.stock_by_hand import receive_stock
from tests.catalog.shelf import NOON, Wares, put_on_sale, put_on_shelf
from wx_backend.db import transaction
from wx_backend.errors import NotFound


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf(units=20)


@pytest.mark.parametrize(
    ("prices", "fields"),
    [
        ((-1, 0, None), ["prepaid_fen", "price_fen"]),
        ((100, 101, None), ["prepaid_fen"]),
        ((100, -1, None), ["prepaid_fen"]),
        ((100, 0, 99), ["market_price_fen"]),
    ],
)
def test_prices_that_cannot_be_are_refused(
    wares: Wares, prices: tuple[int, int, int | None], fields: list[str]
) -> None:
    price_fen, prepaid_fen, market_price_fen = prices
    with pytest.raises(BadOffer) as refusal, transaction():
        price_sku(
            sku_id=wares.phone_id,
            price_fen=price_fen,
            prepaid_fen=prepaid_fen,
            market_price_fen=market_price_fen,
        )
    assert refusal.value.details["fields"] == fields
    assert sorted(refusal.value.details["reasons"]) == fields
    with pytest.raises(BadOffer), transaction():
        add_sku(product_id=1, data=SkuData("x", price_fen, prepaid_fen, market_price_fen), now=NOON)


def test_what_is_not_there_cannot_be_changed(wares: Wares) -> None:
    missing = wares.plan_id + 99
    changes: list[Callable[[], None]] = [
        lambda: price_sku(sku_id=missing, price_fen=1, prepaid_fen=0, market_price_fen=None),
        lambda: list_product(product_id=missing, is_listed=True),
        lambda: activate_sku(sku_id=missing, is_active=False),
    ]
    for change in changes:
        with pytest.raises(NotFound), transaction():
            change()


def test_an_offer_is_todays_price_of_what_is_on_show(wares: Wares) -> None:
    found = offers([wares.phone, wares.plan, "SK-nothing"], now=NOON)
    assert set(found) == {wares.phone, wares.plan}
    phone, plan = found[wares.phone], found[wares.plan]
    assert (phone.name, phone.price_fen, phone.is_for_sale) == ("星河手机 黑色 256G", 199_900, True)
    assert (plan.kind, plan.prepaid_fen) == (ProductKind.PLAN, 10_000)
    with transaction():
        activate_sku(sku_id=wares.phone_id, is_active=False)
    assert not offers([wares.phone], now=NOON)[wares.phone].is_for_sale
    assert sku_number(wares.phone_id) == wares.phone


def test_shelves_are_shown_in_their_order(wares: Wares) -> None:
    with transaction():
        add_category(slug="plans", name="套餐", position=-1)
    assert [category.slug for category in categories()] == ["plans", "phones"]
    assert category_slug(wares.category_id) == "phones"


def test_search_takes_every_word_as_it_is_written(wares: Wares) -> None:
    with transaction():
        data = ProductData(ProductKind.GOODS, wares.category_id, "100% 硅胶壳", subtitle="星河")
        product = add_product(data=data, now=NOON)
        put_on_sale(product.id)
        hidden = ProductData(ProductKind.GOODS, wares.category_id, "星河耳机")
        number = add_product(data=hidden, now=NOON).number

    def names(text: str) -> list[str]:
        return [product.name for product in listed_products(now=NOON, text=text)]

    assert names("星河") == ["星河手机", "100% 硅胶壳"]
    assert names("星河 硅胶") == ["100% 硅胶壳"]
    assert names("%") == ["100% 硅胶壳"]
    assert names("_") == names("耳机") == []
    assert len(listed_products(now=NOON, category_ids=[wares.category_id])) == 3
    assert listed_products(now=NOON, category_ids=[]) == []
    assert len(listed_products(now=NOON, after=2)) == 1
    unlisted = product_by_number(number)
    assert unlisted is not None
    assert not unlisted.is_listed


def test_units_promised_to_somebody_are_not_free(wares: Wares) -> None:
    with transaction():
        small = add_sku(product_id=1, data=SkuData("黑色 128G", 179_900), now=NOON)
        receive_stock(sku_id=small.id, quantity=3, actor="staff:1", now=NOON)
        reserve(key="a", sku_id=small.id, quantity=1, expires_at=NOON, now=NOON)
        small_id = small.id
    assert free_units([wares.phone_id, wares.plan_id, small_id]) == {
        wares.phone_id: 20,
        small_id: 2,
    }
    assert [sku.id for sku in skus_of_product(1)] == [wares.phone_id, small_id]


def test_a_delivery_has_at_least_one_unit(wares: Wares) -> None:
    with pytest.raises(ValueError, match="at least one"), transaction():
        receive_stock(sku_id=wares.phone_id, quantity=0, actor="staff:1", now=NOON)
