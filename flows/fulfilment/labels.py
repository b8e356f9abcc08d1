"""Where a parcel goes to: read by whoever ships it, while there is something to ship.

Each look is an entry of the audit trail, by the number of the order; what was read is not in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flows.fulfilment.desk import task_in_hand
from flows.fulfilment.timeline import LineWay, ways_of_order
from flows.sealed import contact_of, order_address
from fulfilment.errors import NotYet
from fulfilment.nodes import Node
from orders.models import Delivery, SalesOrder
from orders.queries import order_by_id
from orders.search import order_within
from org.queries import is_within, under
from wx_backend import audit
from wx_backend.errors import NotFound

BEFORE_IT_LEFT: Final = frozenset({Node.PACKED, Node.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Label:
    """Who receives a parcel, and where: for the eyes of who ships it only."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)

    def __str__(self) -> str:
        """What is written on a parcel, in one piece."""
        return " ".join(filter(None, (self.name, self.phone, self.address)))


def label_of_task(*, task_id: int, outlet_id: int, actor: str) -> Label:
    """The label of a parcel, for the colleague who has packing it or handing it over in hand.

    Raises NotFound for another outlet's, NotTaken and TakenByOther, and NotYet where nothing is left to send.
    """
    chain = task_in_hand(task_id, outlet_id, BEFORE_IT_LEFT, actor)
    order = order_by_id(chain.order_id)
    if order is None or order.delivery != Delivery.COURIER:
        raise NotYet(node=Node.HANDED_OVER)
    return _read(order)


def label_within(number: str, node_id: int, *, now: datetime) -> Label:
    """The label of an order, for staff who see the order and whose place is, or holds, the outlet that sends it.

    Raises NotFound for an order sold and fetched elsewhere as for a missing one, and NotYet where nothing is left for them to send.
    """
    order = order_within(number, under(node_id))
    if order is None:
        raise NotFound("订单不存在")
    if not _is_theirs(ways_of_order(order.id, now=now), node_id):
        raise NotYet("没有待发的包裹", node=Node.HANDED_OVER)
    return _read(order)


def _is_theirs(ways: Iterable[LineWay], node_id: int) -> bool:
    """Whether a line of an order is still to leave an outlet that is this place or below it."""
    return any(
        way.is_to_leave and way.outlet_id is not None and is_within(way.outlet_id, node_id)
        for way in ways
    )


def _read(order: SalesOrder) -> Label:
    """Open it, and have the trail say so."""
    audit.tell("sales_order", order.number, before={}, after={}, verb="read")
    name, phone = contact_of(order)
    address = order_address(order)
    return Label(name, phone, f"{address.get('region', '')} {address.get('street', '')}".strip())
