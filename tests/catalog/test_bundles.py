"""Bundles: what they are made of, what they save, and that every fen adds up."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from catalog.bundles import BadBundle, PartData, add_bundle
from catalog.models import ProductKind, Sku
from catalog.offers import offers
from catalog.operations import (
    ProductData,
    SkuData,
    activate_sku,
    add_product,
    list_product,
    price_sku,
)
from catalog.rules import Priced, bundle_discounts
from tests.catalog.shelf import NOON, Wares, put_on_sale, put_on_shelf
from wx_backend.db import transaction


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf()


def make(wares: Wares, price_fen: int = 180_000, *parts: PartData) -> Sku:
    """A bundle product with one variant, on sale."""
    with transaction():
        data = ProductData(ProductKind.BUNDLE, wares.category_id, "星河套装")
        product = add_product(data=data, now=NOON)
        put_on_sale(product.id)
        return add_bundle(
            product_id=product.id,
            data=SkuData("标准", price_fen),
            parts=parts or (PartData(wares.phone_id), PartData(wares.plan_id)),
            now=NOON,
        )


def test_a_bundle_offers_its_parts_for_less(wares: Wares) -> None:
    number = make(wares).number
    offer = offers([number], now=NOON)[number]
    assert (offer.kind, offer.is_for_sale, offer.saved_fen) == (ProductKind.BUNDLE, True, 29_900)
    assert [part.sku_number for part in offer.parts] == [wares.phone, wares.plan]
    # The plan's price is all prepaid fees, which belong to billing: the phone bears it all.
    assert offer.discounts(1) == [29_900, 0]


def test_a_part_need_not_be_on_show_but_has_to_be_offered(wares: Wares) -> None:
    number = make(wares).number
    with transaction():
        list_product(product_id=1, is_listed=False)
    assert offers([number], now=NOON)[number].is_for_sale
    with transaction():
        activate_sku(sku_id=wares.phone_id, is_active=False)
    assert not offers([number], now=NOON)[number].is_for_sale


def test_a_bundle_dearer_than_its_parts_is_not_sold(wares: Wares) -> None:
    number = make(wares).number
    with transaction():
        price_sku(sku_id=wares.phone_id, price_fen=100_000, prepaid_fen=0, market_price_fen=None)
    offer = offers([number], now=NOON)[number]
    assert (offer.is_for_sale, offer.saved_fen) == (False, 0)


@pytest.mark.parametrize("price_fen", [209_901, 9_999])
def test_a_price_that_cannot_be_is_refused(wares: Wares, price_fen: int) -> None:
    with pytest.raises(BadBundle):
        make(wares, price_fen)


def test_what_cannot_be_a_bundle_is_refused(wares: Wares) -> None:
    phone, plan = PartData(wares.phone_id), PartData(wares.plan_id)
    for parts in ((phone,), (phone, phone), (phone, PartData(999)), (phone, PartData(2, 2))):
        with pytest.raises(BadBundle):
            make(wares, 150_000, *parts)
    inner = make(wares).id
    with pytest.raises(BadBundle):
        make(wares, 150_000, PartData(inner), plan)
    with pytest.raises(BadBundle), transaction():
        add_bundle(product_id=1, data=SkuData("x", 1), parts=(phone, plan), now=NOON)


@given(
    parts=st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**6)), min_size=2, max_size=5),
    share=st.integers(0, 10_000),
)
def test_the_parts_cost_what_the_bundle_does(parts: list[tuple[int, int]], share: int) -> None:
    priced = [Priced(own + prepaid, prepaid) for own, prepaid in parts]
    own_fen = sum(own for own, _ in parts)
    full_fen = sum(each.list_fen for each in priced)
    price_fen = full_fen - own_fen * share // 10_000
    discounts = bundle_discounts(price_fen, priced)
    assert discounts is not None
    left = [each.list_fen - off for each, off in zip(priced, discounts, strict=True)]
    assert sum(left) == price_fen
    assert all(fen >= each.prepaid_fen for fen, each in zip(left, priced, strict=True))
    assert bundle_discounts(full_fen + 1, priced) is None
    assert bundle_discounts(full_fen - own_fen - 1, priced) is None
