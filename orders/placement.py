"""Placing an order: the server's prices, the stock promised, everything frozen onto the lines."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from catalog import numbers as pool
from catalog import stock
from catalog.offers import offers
from orders.errors import ClientKeyReused
from orders.models import Delivery, OrderLine, OrderStatus, RealName, SalesOrder
from orders.moves import note_transition
from orders.rules import (
    HAVE_USERS,
    PAY_WITHIN,
    RESERVED_FOR_LONGER,
    content_digest,
    priced,
    spread_discount,
)
from orders.values import Basket, PricedLine, Wish
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, inserted


@dataclass(frozen=True, slots=True)
class Placed:
    """The order of a submit; `is_new` is False when the same submit had made it before."""

    order: SalesOrder
    is_new: bool


def price_basket(wish: Wish, now: datetime) -> Basket:
    """The wish at the prices of this moment; refusals as in `rules.priced`."""
    return priced(wish.items, offers((item.sku_number for item in wish.items), now=now))


def placed_before(wish: Wish) -> SalesOrder | None:
    """The order an earlier copy of this submit made; ClientKeyReused if it asked for something else."""
    order = db.session.scalars(
        select(SalesOrder).where(
            SalesOrder.member_id == wish.member_id, SalesOrder.client_key == wish.client_key
        )
    ).one_or_none()
    if order is not None and order.content != content_digest(wish):
        raise ClientKeyReused
    return order


def place_order(
    *,
    wish: Wish,
    discount_fen: int = 0,
    now: datetime,
    pay_within: timedelta = PAY_WITHIN,
    prefix: str = "",
) -> Placed:
    """Place an order and promise its stock; a repeated submit returns the first one's order.

    The discount comes from the promotions, never from the client. Raises ClientKeyReused,
    SoldOut, NumberTaken and the refusals of `rules.priced` and `rules.spread_discount`.
    """
    if (before := placed_before(wish)) is not None:
        return Placed(before, is_new=False)
    basket = price_basket(wish, now)
    discounts = spread_discount(basket, discount_fen)
    order = _insert_order(wish, basket, discount_fen, now, pay_within, prefix)
    if order is None:
        repeat = placed_before(wish)
        assert repeat is not None  # noqa: S101 - the insert met it
        return Placed(repeat, is_new=False)
    note_transition(
        order,
        None,
        OrderStatus.PLACED,
        actor=f"member:{wish.member_id}",
        cause="submit",
        moved_at=now,
    )
    lines = _insert_lines(order, basket, discounts)
    _promise_stock(order, lines, now)
    return Placed(order, is_new=True)


def _insert_order(
    wish: Wish, basket: Basket, discount_fen: int, now: datetime, pay_within: timedelta, prefix: str
) -> SalesOrder | None:
    """Insert the order; None when a copy of the submit was faster."""
    values = {
        "number": numbers.new_number(numbers.ORDER, on=business_on(now), prefix=prefix),
        "member_id": wish.member_id,
        "identity_id": wish.identity_id,
        "client_key": wish.client_key,
        "content": content_digest(wish),
        "status": OrderStatus.PLACED,
        "moves": 1,
        "total_fen": basket.total_fen,
        "discount_fen": discount_fen + basket.bundle_discount_fen,
        "payable_fen": basket.total_fen - discount_fen - basket.bundle_discount_fen,
        "contact_name": wish.contact_name,
        "contact_phone": wish.contact_phone,
        "contact_phone_index": wish.contact_phone_index,
        "delivery": wish.delivery,
        "sealed_address": wish.sealed_address,
        "outlet_id": wish.outlet_id,
        "placed_at": now,
        "expires_at": now + pay_within,
    }
    return inserted(SalesOrder, values, key=("member_id", "client_key"))


def _insert_lines(order: SalesOrder, basket: Basket, discounts: list[int]) -> list[OrderLine]:
    lines = [
        _order_line(order, position, line, discount_fen + line.bundle_discount_fen)
        for position, (line, discount_fen) in enumerate(
            zip(basket.lines, discounts, strict=True), start=1
        )
    ]
    db.session.add_all(lines)
    db.session.flush()
    return lines


def _order_line(order: SalesOrder, position: int, line: PricedLine, discount_fen: int) -> OrderLine:
    needs_real_name = line.kind in HAVE_USERS
    return OrderLine(
        order_id=order.id,
        position=position,
        sku_id=line.sku_id,
        product_id=line.product_id,
        category_id=line.category_id,
        product_kind=line.kind,
        name=line.name,
        quantity=line.quantity,
        unit_price_fen=line.unit_price_fen,
        list_fen=line.list_fen,
        discount_fen=discount_fen,
        paid_fen=line.list_fen - discount_fen,
        collected_fen=line.prepaid_fen,
        user_name=line.item.user_name,
        user_phone=line.item.user_phone,
        number_reference=line.item.number_reference,
        real_name_state=RealName.WAITING if needs_real_name else RealName.NOT_NEEDED,
        bundle_sku_id=line.bundle_sku_id,
        bundle_item=line.bundle_item,
        chosen_at=line.item.chosen_at,
        share_id=line.item.share_id,
        gifts=line.gifts,
    )


def _promise_stock(order: SalesOrder, lines: list[OrderLine], now: datetime) -> None:
    for line in sorted(lines, key=lambda line: (line.sku_id, line.position)):
        stock.reserve(
            key=reservation_key(line.id),
            sku_id=line.sku_id,
            quantity=line.quantity,
            expires_at=order.expires_at + RESERVED_FOR_LONGER,
            now=now,
            outlet_id=order.outlet_id if order.delivery == Delivery.PICKUP else None,
        )
    for line in sorted(lines, key=lambda line: line.number_reference or ""):
        if line.number_reference is not None:
            held_at = pool.claim(
                msisdn=line.number_reference,
                member_id=order.member_id,
                key=reservation_key(line.id),
                until=order.expires_at + RESERVED_FOR_LONGER,
                now=now,
            )
            _freeze(lines, line, held_at, now)


def _freeze(
    lines: list[OrderLine], numbered: OrderLine, held_at: datetime | None, now: datetime
) -> None:
    """A number that was held before: the credit of its line, and of its bundle, goes by that moment.

    Another process's clock may be ahead of ours: nothing is held after it is ordered.
    """
    if held_at is None:
        return
    for line in lines:
        is_with_it = line.bundle_item is not None and line.bundle_item == numbered.bundle_item
        if line is numbered or is_with_it:
            line.hold_at = min(held_at, now)


def reservation_key(line_id: int) -> str:
    """The key under which an order line's units are promised."""
    return f"line:{line_id}"
