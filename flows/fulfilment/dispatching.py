"""The central pool: a line is given to an outlet, by rule or by hand, and given on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from catalog.availability import is_from_central
from catalog.stock import book_at
from flows.fulfilment.handing_out import renew_code
from flows.fulfilment.progress import go_on, lock
from fulfilment.models import Chain, DispatchBy
from fulfilment.operations import dispatch
from fulfilment.queries import chain_within, count_live_at, outlets_with_stock
from fulfilment.settings import dispatch_order
from orders.models import OrderLine, SalesOrder
from orders.placement import reservation_key
from org.models import Tier
from org.queries import ancestors, is_within, node_of, nodes_under, under
from org.roster import holds_everything
from wx_backend.errors import BadInput

Finder = Callable[[SalesOrder, OrderLine], int | None]


def dispatch_by_rule(
    chain: Chain, *, order: SalesOrder, line: OrderLine, now: datetime
) -> int | None:
    """Give a line to the first outlet a rule finds: its id; None leaves it in the pool."""
    for by in dispatch_order():
        outlet_id = _FINDERS[by](order, line)
        if outlet_id is not None and is_working(outlet_id):
            dispatch(chain, outlet_id, actor="system", cause=by, now=now)
            if by is DispatchBy.NEAREST:  # it was found by what lies on its shelf
                book_at(key=reservation_key(line.id), outlet_id=outlet_id, now=now)
            go_on(chain, now=now)
            return outlet_id
    return None


def dispatch_by_hand(
    *, chain_id: int, outlet_code: str, reason: str, staff_node_id: int, actor: str, now: datetime
) -> None:
    """Give a line to an outlet, or from one to another, with a reason.

    Both the line and the outlet have to lie within the place of whoever says so: NotFound
    otherwise. What was to come from one outlet's shelf comes from the other's where it lies there;
    what was packed is packed anew, and its code ends or fetches what else lies ready.
    Raises BadInput for an outlet that is no working one, AlreadyGone and NotYet.
    """
    scope = under(staff_node_id)
    chain = lock(chain_within(chain_id, scope, sees_all=holds_everything(staff_node_id)))
    outlet = next(
        (n for n in nodes_under(staff_node_id, tier=Tier.OUTLET) if n.code == outlet_code), None
    )
    if outlet is None or outlet.closed_on is not None:
        raise BadInput("请选择营业中的网点", fields=["outlet"])
    if not reason.strip():
        raise BadInput("请填写改派原因", fields=["reason"])
    dispatch(chain, outlet.id, actor=actor, cause=reason, now=now)
    key = reservation_key(chain.order_line_id)
    if not is_from_central(key):
        book_at(key=key, outlet_id=outlet.id, now=now)
    go_on(chain, now=now)
    renew_code(chain.order_id, now=now)


def is_working(outlet_id: int) -> bool:
    """Whether a place is an outlet that has not closed for good."""
    node = node_of(outlet_id)
    return node.tier == Tier.OUTLET and node.closed_on is None


def _pickup(order: SalesOrder, _line: OrderLine) -> int | None:
    return order.outlet_id


def _attributed(_order: SalesOrder, line: OrderLine) -> int | None:
    return line.outlet_id


def _nearest(order: SalesOrder, line: OrderLine) -> int | None:
    """The working outlet of the same city that has the goods and the least to do."""
    home = order.outlet_id or line.outlet_id
    city = ancestors(home).get(Tier.CITY) if home is not None else None
    if city is None:
        return None
    having = [
        outlet_id
        for outlet_id in outlets_with_stock(line.sku_id, at_least=line.quantity)
        if is_within(outlet_id, city) and is_working(outlet_id)
    ]
    busy = count_live_at(having)
    return min(having, key=lambda outlet_id: (busy.get(outlet_id, 0), outlet_id), default=None)


_FINDERS: Final[Mapping[DispatchBy, Finder]] = {
    DispatchBy.PICKUP: _pickup,
    DispatchBy.ATTRIBUTED: _attributed,
    DispatchBy.NEAREST: _nearest,
}
