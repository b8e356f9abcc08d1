"""Pure rules of orders: quantities, prices, the spread of a discount, allowed moves."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from catalog.models import ProductKind
from catalog.offers import Offer
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

# Somebody uses these under his own name: his data is asked for, and his identity is checked.
HAVE_USERS = frozenset({ProductKind.PLAN, ProductKind.SIM})

# These are packed and handed over.
PACKED = frozenset({ProductKind.GOODS, ProductKind.SIM})

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
    changed = {
        item.sku_number: offers[item.sku_number].price_fen
        for item in items
        if item.expected_price_fen not in {None, offers[item.sku_number].price_fen}
    }
    if changed:
        raise PriceChanged(prices=changed)
    lines = [
        line
        for place, item in enumerate(items, 1)
        for line in _lines(item, offers[item.sku_number], place)
    ]
    if len(lines) > LINES_MAX:
        raise LinesRefused
    return Basket(tuple(lines))


def _check_quantity(item: Item) -> None:
    """Whole numbers only: True is no quantity, and neither is 1.0."""
    if type(item.quantity) is not int or not 1 <= item.quantity <= QUANTITY_MAX:
        raise QuantityRefused(sku=item.sku_number)


def _lines(item: Item, offer: Offer, place: int) -> list[PricedLine]:
    """One line, or one for each part of a bundle; the bundle's discount is split to the fen."""
    if any(piece.quantity * item.quantity > QUANTITY_MAX for piece in offer.pieces):
        raise QuantityRefused(sku=item.sku_number)
    if item.number_reference is not None and item.quantity != 1:
        raise QuantityRefused("选定号码的商品每次只能购买一份", sku=item.sku_number)
    discounts = offer.discounts(item.quantity)
    lines = [
        _line(_item_of(item, piece), piece, item.quantity * piece.quantity, discount_fen, whole)
        for piece, discount_fen in zip(offer.pieces, discounts, strict=True)
        for whole in [(offer.sku_id, place) if offer.parts else (None, None)]
    ]
    return _with_gifts(lines, offer, item.quantity)


def _with_gifts(lines: list[PricedLine], offer: Offer, quantity: int) -> list[PricedLine]:
    """What comes for nothing lies with the first line that is packed; with none, nobody hands it over."""
    gifts = tuple((gift.name, gift.quantity * quantity) for gift in offer.gifts)
    at = next((n for n, line in enumerate(lines) if line.kind in PACKED), None)
    return [replace(line, gifts=gifts) if n == at else line for n, line in enumerate(lines)]


def _item_of(item: Item, piece: Offer) -> Item:
    """What the line remembers: the user and the number belong to plans and cards alone."""
    if piece.kind in HAVE_USERS:
        return item
    return replace(item, user_name=None, user_phone=None, number_reference=None)


def _line(
    item: Item,
    offer: Offer,
    quantity: int,
    bundle_discount_fen: int,
    whole: tuple[int | None, int | None],
) -> PricedLine:
    return PricedLine(
        item=item,
        quantity=quantity,
        sku_id=offer.sku_id,
        product_id=offer.product_id,
        category_id=offer.category_id,
        kind=offer.kind,
        name=offer.name,
        unit_price_fen=offer.price_fen,
        list_fen=offer.price_fen * quantity,
        prepaid_fen=offer.prepaid_fen * quantity,
        bundle_discount_fen=bundle_discount_fen,
        bundle_sku_id=whole[0],
        bundle_item=whole[1],
    )


def spread_discount(basket: Basket, discount_fen: int) -> list[int]:
    """The discount of each line beside its bundle's, by what it costs without prepaid fees.

    It adds up exactly. Raises DiscountTooLarge, or NothingToPay when no money would be left to pay.
    """
    if discount_fen < 0 or discount_fen > basket.discountable_fen:
        raise DiscountTooLarge(limit_fen=basket.discountable_fen)
    if basket.total_fen <= discount_fen + basket.bundle_discount_fen:
        raise NothingToPay
    if not discount_fen:
        return [0] * len(basket.lines)
    weights = [line.list_fen - line.prepaid_fen - line.bundle_discount_fen for line in basket.lines]
    return money.split(discount_fen, weights)


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
