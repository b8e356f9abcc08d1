"""Pure rules of orders: quantities, prices, the spread of a discount, allowed moves."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from catalog.queries import Offer
from orders.errors import (
    DiscountTooLarge,
    LinesRefused,
    NothingToPay,
    NotListed,
    PriceChanged,
    QuantityRefused,
)
from orders.models import Fulfilment, OrderStatus
from orders.values import Basket, Item, PricedLine, Wish
from wx_backend import money

QUANTITY_MAX = 99
LINES_MAX = 20
PAY_WITHIN = timedelta(minutes=30)
# Stock stays promised a while longer: the platform is asked first whether money has come.
RESERVED_FOR_LONGER = timedelta(hours=2)

MOVES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PLACED: frozenset({OrderStatus.PAID, OrderStatus.CLOSED}),
    OrderStatus.PAID: frozenset({OrderStatus.PART_REFUNDED, OrderStatus.REFUNDED}),
    OrderStatus.PART_REFUNDED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.REFUNDED: frozenset(),
    OrderStatus.CLOSED: frozenset(),
}

LINE_MOVES: Mapping[Fulfilment, frozenset[Fulfilment]] = {
    Fulfilment.WAITING: frozenset(
        {
            Fulfilment.SENT,
            Fulfilment.RECEIVED,
            Fulfilment.ACTIVATED,
            Fulfilment.FAILED,
            Fulfilment.CANCELLED,
        }
    ),
    Fulfilment.SENT: frozenset({Fulfilment.RECEIVED, Fulfilment.ACTIVATED, Fulfilment.FAILED}),
    Fulfilment.FAILED: frozenset({Fulfilment.WAITING, Fulfilment.SENT, Fulfilment.CANCELLED}),
    Fulfilment.RECEIVED: frozenset(),
    Fulfilment.ACTIVATED: frozenset(),
    Fulfilment.CANCELLED: frozenset(),
}


def priced(items: Sequence[Item], offers: Mapping[str, Offer]) -> Basket:
    """The items at today's prices.

    Raises LinesRefused, QuantityRefused, NotListed, or PriceChanged with the prices of today.
    """
    if not 1 <= len(items) <= LINES_MAX:
        raise LinesRefused
    for item in items:
        _check_quantity(item)
        offer = offers.get(item.sku_number)
        if offer is None or not offer.is_for_sale:
            raise NotListed(sku=item.sku_number)
    lines = tuple(_line(item, offers[item.sku_number]) for item in items)
    changed = {
        line.item.sku_number: line.unit_price_fen
        for line in lines
        if line.item.expected_price_fen not in {None, line.unit_price_fen}
    }
    if changed:
        raise PriceChanged(prices=changed)
    return Basket(lines)


def _check_quantity(item: Item) -> None:
    """Whole numbers only: True is no quantity, and neither is 1.0."""
    if type(item.quantity) is not int or not 1 <= item.quantity <= QUANTITY_MAX:
        raise QuantityRefused(sku=item.sku_number)


def _line(item: Item, offer: Offer) -> PricedLine:
    return PricedLine(
        item=item,
        sku_id=offer.sku_id,
        product_id=offer.product_id,
        category_id=offer.category_id,
        kind=offer.kind,
        name=offer.name,
        unit_price_fen=offer.price_fen,
        list_fen=offer.price_fen * item.quantity,
        prepaid_fen=offer.prepaid_fen * item.quantity,
    )


def spread_discount(basket: Basket, discount_fen: int) -> list[int]:
    """The discount of each line, by what it costs without prepaid fees; it adds up exactly.

    Raises DiscountTooLarge, or NothingToPay when no money would be left to pay.
    """
    if discount_fen < 0 or discount_fen > basket.discountable_fen:
        raise DiscountTooLarge(limit_fen=basket.discountable_fen)
    if basket.total_fen <= discount_fen:
        raise NothingToPay
    if not discount_fen:
        return [0] * len(basket.lines)
    return money.split(discount_fen, [line.list_fen - line.prepaid_fen for line in basket.lines])


def content_digest(wish: Wish) -> bytes:
    """16 bytes that tell whether two submits ask for the same; ciphertexts do not count."""
    content = {
        "items": [[item.sku_number, item.quantity, item.number_reference] for item in wish.items],
        "identity": wish.identity_id,
        "delivery": wish.delivery,
        "address": wish.address,
        "outlet": wish.outlet_id,
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2s(canonical.encode(), digest_size=16).digest()
