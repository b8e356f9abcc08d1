"""A bundle in an order: one line per part, together exactly the bundle's price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import ProductKind
from catalog.offers import Offer
from catalog.showing import Gift
from orders.errors import LinesRefused, NothingToPay, QuantityRefused
from orders.rules import priced, spread_discount
from orders.values import Item


def offer(number: str, price_fen: int, prepaid_fen: int = 0, **more: object) -> Offer:
    known = {
        "sku_id": 1,
        "sku_number": number,
        "product_id": 1,
        "product_number": "P",
        "category_id": 1,
        "kind": ProductKind.GOODS,
        "name": number,
        "is_for_sale": True,
    }
    values = {**known, "price_fen": price_fen, "prepaid_fen": prepaid_fen, **more}
    return Offer(**values)  # type: ignore[arg-type]  # named above


def bundle(price_fen: int, *parts: Offer, gifts: tuple[Gift, ...] = ()) -> Offer:
    return offer("B", price_fen, kind=ProductKind.BUNDLE, parts=parts, gifts=gifts)


@given(
    prices=st.lists(
        st.tuples(st.integers(1, 10**7), st.integers(0, 10**6)), min_size=2, max_size=5
    ),
    share=st.integers(0, 9_999),
    quantity=st.integers(1, 9),
    coupon=st.integers(0, 10_000),
)
def test_lines_add_up_to_the_bundles_price_and_what_a_coupon_leaves(
    prices: list[tuple[int, int]], share: int, quantity: int, coupon: int
) -> None:
    parts = [offer(f"P{n}", own + prepaid, prepaid) for n, (own, prepaid) in enumerate(prices)]
    price_fen = sum(own + prepaid for own, prepaid in prices)
    price_fen -= sum(own for own, _ in prices) * share // 10_000
    basket = priced([Item("B", quantity)], {"B": bundle(price_fen, *parts)})
    left = [line.list_fen - line.bundle_discount_fen for line in basket.lines]
    assert sum(left) == price_fen * quantity
    assert basket.total_fen - basket.bundle_discount_fen == price_fen * quantity
    assert all(fen >= line.prepaid_fen for fen, line in zip(left, basket.lines, strict=True))
    discount_fen = basket.discountable_fen * coupon // 10_000
    if discount_fen == price_fen * quantity:
        with pytest.raises(NothingToPay):
            spread_discount(basket, discount_fen)
        return
    shares = spread_discount(basket, discount_fen)
    assert sum(shares) == discount_fen
    for line, fen, off in zip(basket.lines, left, shares, strict=True):
        assert fen - off >= line.prepaid_fen


def test_the_user_and_the_number_go_to_the_plan_alone() -> None:
    parts = (offer("P", 100), offer("T", 100, kind=ProductKind.PLAN))
    item = Item("B", 1, user_name=b"u", user_phone=b"p", number_reference="14000000001")
    phone, plan = priced([item], {"B": bundle(150, *parts)}).lines
    assert (phone.item.user_name, phone.item.number_reference) == (None, None)
    assert (plan.item.user_phone, plan.item.number_reference) == (b"p", "14000000001")
    assert (phone.bundle_item, plan.bundle_item) == (1, 1)


def test_gifts_of_a_bundle_lie_with_what_is_packed() -> None:
    parts = (offer("T", 100, kind=ProductKind.PLAN), offer("P", 100))
    whole = bundle(150, *parts, gifts=(Gift("膜", 2),))
    assert [line.gifts for line in priced([Item("B", 3)], {"B": whole}).lines] == [
        (),
        (("膜", 6),),
    ]


def test_nobody_is_promised_gifts_with_what_is_never_packed() -> None:
    plan = offer("T", 100, kind=ProductKind.PLAN, gifts=(Gift("膜"),))
    assert [line.gifts for line in priced([Item("T", 1)], {"T": plan}).lines] == [()]


def test_two_of_a_bundle_are_two_of_each_part() -> None:
    parts = (offer("P", 100), offer("A", 10, quantity=3))
    lines = priced([Item("B", 2)], {"B": bundle(120, *parts)}).lines
    assert [line.quantity for line in lines] == [2, 6]
    with pytest.raises(QuantityRefused):
        priced([Item("B", 34)], {"B": bundle(120, *parts)})
    with pytest.raises(QuantityRefused):
        priced([Item("B", 2, number_reference="1")], {"B": bundle(120, *parts)})


def test_an_order_has_no_more_lines_for_being_bundles() -> None:
    found = {"B": bundle(150, offer("P", 100), offer("A", 100))}
    assert len(priced([Item("B", 1)] * 10, found).lines) == 20
    with pytest.raises(LinesRefused):
        priced([Item("B", 1)] * 11, found)
