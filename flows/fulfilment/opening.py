"""A paid order's lines set out: each gets its chain, and an outlet if a rule finds one."""

from datetime import datetime

from catalog.models import ProductKind
from flows.fulfilment.dispatching import dispatch_by_rule
from flows.fulfilment.progress import go_on, note_done
from fulfilment.nodes import Node, Way
from fulfilment.operations import NewChain, open_chain
from orders.models import Delivery, Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order
from org.models import Tier
from org.queries import ancestors
from wx_backend import clock
from wx_backend.outbox import job

_PAID = frozenset({OrderStatus.PAID, OrderStatus.PART_REFUNDED})
_WAYS = {
    (ProductKind.GOODS, Delivery.COURIER): Way.GOODS_COURIER,
    (ProductKind.GOODS, Delivery.PICKUP): Way.GOODS_PICKUP,
    (ProductKind.SIM, Delivery.COURIER): Way.SIM_COURIER,
    (ProductKind.SIM, Delivery.PICKUP): Way.SIM_PICKUP,
}


@job("fulfilment.open")
def open_chains(*, order_id: int) -> None:
    """Set the lines of a paid order on their way; once per line, whatever came before.

    Lines that were cancelled meanwhile get none; what billing has receipted is noted at once.
    """
    order, now = locked_order(order_id), clock.now()
    if order.status not in _PAID:
        return
    for line in lines_of_order(order_id):
        if line.fulfilment != Fulfilment.CANCELLED:
            _open(order, line, now)


def _open(order: SalesOrder, line: OrderLine, now: datetime) -> None:
    chain = open_chain(_new(order, line, now), now=now)
    if chain is None:
        return
    go_on(chain, now=now)
    dispatch_by_rule(chain, order=order, line=line, now=now)
    if line.fulfilment == Fulfilment.ACTIVATED:
        note_done(chain, Node.OPENED, actor="billing", cause="receipt", now=now)


def _new(order: SalesOrder, line: OrderLine, now: datetime) -> NewChain:
    way = way_of(ProductKind(line.product_kind), Delivery(order.delivery))
    return NewChain(
        order_line_id=line.id,
        order_id=order.id,
        way=way,
        product_kind=line.product_kind,
        category_id=line.category_id,
        quantity=line.quantity,
        pool_id=_pool(order.outlet_id or line.outlet_id),
        placed_at=order.placed_at,
        paid_at=order.paid_at or now,
        is_same_day=False,
        promised_at=None,
    )


def way_of(kind: ProductKind, delivery: Delivery) -> Way:
    """Which chain a line follows; goods of an order that says nothing go by courier."""
    if kind is ProductKind.PLAN:
        return Way.PLAN
    asked = Delivery.COURIER if delivery is Delivery.NONE else delivery
    return _WAYS[kind, asked]


def _pool(outlet_id: int | None) -> int | None:
    """The province whose central pool a line belongs to."""
    return ancestors(outlet_id).get(Tier.PROVINCE) if outlet_id is not None else None
