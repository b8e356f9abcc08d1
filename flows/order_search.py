"""What staff type to find orders: an order or payment number, a phone, a rep; and further filters."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Select

from catalog.queries import product_by_number
from flows.sealed import vault
from members.phones import BadPhone, normalised
from members.queries import members_by_phone
from orders.models import OrderStatus
from orders.search import OrderFilter
from org.models import ChannelClass
from org.queries import rep_by_number, under
from org.roster import RepFilter, reps_meant, reps_of_channel
from payments.queries import order_of_number, orders_with_open_exceptions

NOTHING: Final = 0  # no row has this id


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for at a place and below it; empty fields leave things open.

    `text` is one of: the beginning of an order number, a whole order number, the number of a
    payment (ours or WeChat's), a phone, a rep's number or a part of his name. Each of `among`
    selects orders.
    """

    node_id: int
    text: str = ""
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    product: str = ""
    channel: ChannelClass | None = None
    is_troubled: bool = False
    among: tuple[Select[int], ...] = ()


def order_filter(search: Search) -> OrderFilter:
    """The filter that a search means."""
    wanted = OrderFilter(
        scope=under(search.node_id),
        status=search.status,
        placed_from=search.placed_from,
        placed_until=search.placed_until,
        product_id=_product_id(search.product),
        reps=(reps_of_channel(search.channel),) if search.channel is not None else (),
        ids=(*search.among, *((orders_with_open_exceptions(),) if search.is_troubled else ())),
    )
    return _with_text(wanted, search.text) if search.text else wanted


def _with_text(wanted: OrderFilter, text: str) -> OrderFilter:
    if phone := phone_in(text):
        index = vault().index(phone)
        return replace(wanted, phone=index, member_ids=frozenset(members_by_phone(index)))
    if (order_id := order_of_number(text)) is not None:
        return replace(wanted, ids=(*wanted.ids, [order_id]))
    number = text.upper()
    is_number = number.isascii() and number.isalnum()
    if is_number and rep_by_number(number) is None:
        return replace(wanted, number=number)
    meant = RepFilter(scope=wanted.scope, text=number if is_number else text)
    return replace(wanted, reps=(*wanted.reps, reps_meant(meant)))


def phone_in(text: str) -> str:
    """The phone somebody typed; empty where it is none."""
    try:
        return normalised(text)
    except BadPhone:
        return ""


def _product_id(number: str) -> int | None:
    """The id of a product's number; of none where nobody knows the number."""
    if not number:
        return None
    product = product_by_number(number)
    return product.id if product is not None else NOTHING
