"""A paid order's lines set out: each gets its chain, and an outlet if a rule finds one."""

from datetime import datetime

from catalog.availability import is_from_central
from catalog.models import ProductKind
from flows.fulfilment.dispatching import dispatch_by_rule
from flows.fulfilment.hooks import refund_agreed
from flows.fulfilment.progress import go_on, note_done
from flows.fulfilment.promising import Asked, promise_for, way_of
from flows.sealed import order_address
from fulfilment.nodes import Node
from fulfilment.operations import NewChain, open_chain
from fulfilment.promises import Promise
from orders.models import Delivery, Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.placement import reservation_key
from orders.queries import lines_of_order
from org.models import Tier
from org.queries import ancestors
from wx_backend import clock
from wx_backend.outbox import job

_PAID = frozenset({OrderStatus.PAID, OrderStatus.PART_REFUNDED})


@job("fulfilment.open")
def open_chains(*, order_id: int) -> None:
    """Set the lines of a paid order on their way; once per line, whatever came before.

    Lines that were cancelled meanwhile get none, lines whose whole money is already on its way back
    are on their way back at once; what billing has receipted is noted at once.
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
    if 0 < line.paid_fen == line.refund_reserved_fen:
        refund_agreed([line.id], reason="付款后即退款", actor="system", now=now)
        return
    dispatch_by_rule(chain, order=order, line=line, now=now)
    if line.fulfilment == Fulfilment.ACTIVATED:
        note_done(chain, Node.OPENED, actor="billing", cause="receipt", now=now)


def _new(order: SalesOrder, line: OrderLine, now: datetime) -> NewChain:
    kind = ProductKind(line.product_kind)
    told = _promise(order, line, kind)
    return NewChain(
        order_line_id=line.id,
        order_id=order.id,
        way=way_of(kind, Delivery(order.delivery)),
        product_kind=line.product_kind,
        category_id=line.category_id,
        quantity=line.quantity,
        pool_id=_pool(order.outlet_id or line.outlet_id),
        placed_at=order.placed_at,
        paid_at=order.paid_at or now,
        is_same_day=told.is_same_day,
        promised_at=told.by,
        gifts=line.gifts,
    )


def _promise(order: SalesOrder, line: OrderLine, kind: ProductKind) -> Promise:
    """What the buyer was told when he paid. The line's own units are sold and count as there."""
    return promise_for(
        Asked(
            kind=kind,
            delivery=Delivery(order.delivery),
            outlet_id=order.outlet_id or line.outlet_id,
            sku_id=line.sku_id,
            quantity=0,
            region=region_of(order),
            is_sent_there=is_from_central(reservation_key(line.id)),
        ),
        now=order.paid_at or order.placed_at,
    )


def region_of(order: SalesOrder) -> str:
    """Province and city the parcel goes to; empty where the order has no address."""
    return order_address(order).get("region", "")


def _pool(outlet_id: int | None) -> int | None:
    """The province whose central pool a line belongs to."""
    return ancestors(outlet_id).get(Tier.PROVINCE) if outlet_id is not None else None
