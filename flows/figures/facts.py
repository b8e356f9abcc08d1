"""What orders, refunds and touches are as facts: whose they are for good, and how much."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from catalog.queries import product_ids
from insights.models import FactKind, Source
from insights.values import Fact
from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.queries import lines_by_id, orders_by_id
from orders.search import lines_of_orders
from org.queries import top_node
from org.roster import outlets_and_channels
from payments.queries import given_back
from referral.figures import contacts_by_id
from referral.values import TouchKind

CONTACTS: Final[Mapping[TouchKind, FactKind]] = {
    TouchKind.SUBSCRIBE: FactKind.FOLLOW,
    TouchKind.SCAN: FactKind.SCAN,
    TouchKind.LINK_OPENED: FactKind.VISIT,
    TouchKind.LAUNCHED: FactKind.VISIT,
}
"""What is counted of touches; imported ones happened elsewhere, served and paid ones are orders."""


def facts_of(sources: Mapping[Source, Sequence[int]]) -> list[Fact]:
    """The facts of these rows as they are now; what no outlet has belongs to the top of the tree."""
    found: list[Fact] = []
    for source, ids in sources.items():
        found += _READERS[source](ids)
    return found


def _placed(order_ids: Sequence[int]) -> list[Fact]:
    return _of_orders(order_ids, FactKind.PLACED)


def _paid(order_ids: Sequence[int]) -> list[Fact]:
    return _of_orders(order_ids, FactKind.PAID)


def _of_orders(order_ids: Sequence[int], kind: FactKind) -> list[Fact]:
    orders, lines = orders_by_id(order_ids), lines_of_orders(order_ids)
    sold = [line for order_id in orders for line in lines[order_id]]
    channels, top = _channels(sold), top_node()
    heads: dict[tuple[int, int], int] = {}
    facts = []
    for line in sold:
        outlet_id, rep_id = line.outlet_id or top, _credited(line)
        if outlet_id is not None:
            facts.append(
                Fact(
                    kind=kind,
                    row_id=line.id,
                    unit_id=heads.setdefault((line.order_id, outlet_id), line.id),
                    happened_at=_moment(orders[line.order_id], kind),
                    outlet_id=outlet_id,
                    rep_id=rep_id,
                    product_id=line.product_id,
                    channel=channels.get(rep_id, ""),
                    amount_fen=line.paid_fen,
                    pieces=line.quantity,
                )
            )
    return facts


def _refunded(refund_ids: Sequence[int]) -> list[Fact]:
    rows = given_back(refund_ids)
    lines = lines_by_id(row.order_line_id for row in rows)
    channels, top = _channels(lines.values()), top_node()
    heads: dict[tuple[int, int], int] = {}
    facts = _returned({line.order_id for line in lines.values()})
    for row in rows:
        line = lines[row.order_line_id]
        outlet_id, rep_id = line.outlet_id or top, _credited(line)
        if outlet_id is not None:
            facts.append(
                Fact(
                    kind=FactKind.REFUNDED,
                    row_id=row.id,
                    unit_id=heads.setdefault((row.refund_id, outlet_id), row.id),
                    happened_at=row.success_at,
                    outlet_id=outlet_id,
                    rep_id=rep_id,
                    product_id=line.product_id,
                    channel=channels.get(rep_id, ""),
                    amount_fen=row.amount_fen,
                )
            )
    return facts


def _returned(order_ids: Collection[int]) -> list[Fact]:
    """Those of these orders of which nothing is left: they succeed and are whole in one transaction."""
    orders = orders_by_id(order_ids).values()
    return _of_orders(
        [order.id for order in orders if order.status == OrderStatus.REFUNDED], FactKind.RETURNED
    )


def _touched(touch_ids: Sequence[int]) -> list[Fact]:
    contacts = [each for each in contacts_by_id(touch_ids) if each.kind in CONTACTS]
    reps = outlets_and_channels(each.rep_id for each in contacts if each.rep_id is not None)
    products = product_ids(each.product for each in contacts if each.product)
    top = top_node()
    facts = []
    for each in contacts:
        outlet_id, channel = reps.get(each.rep_id or 0, (each.outlet_id or top, ""))
        if outlet_id is not None:
            facts.append(
                Fact(
                    kind=CONTACTS[each.kind],
                    row_id=each.id,
                    unit_id=each.id,
                    happened_at=each.event_at,
                    outlet_id=outlet_id,
                    rep_id=each.rep_id,
                    product_id=products.get(each.product),
                    channel=channel,
                )
            )
    return facts


def _moment(order: SalesOrder, kind: FactKind) -> datetime:
    if kind is not FactKind.PLACED and order.paid_at is not None:
        return order.paid_at
    return order.placed_at


def _credited(line: OrderLine) -> int | None:
    """Whose sale it is: the developer's, or without one the acceptor's."""
    return line.developer_rep_id or line.acceptor_rep_id


def _channels(lines: Iterable[OrderLine]) -> dict[int | None, str]:
    reps = outlets_and_channels(each for line in lines if (each := _credited(line)) is not None)
    return {rep_id: channel for rep_id, (_, channel) in reps.items()}


_READERS: Final[Mapping[Source, Callable[[Sequence[int]], list[Fact]]]] = {
    Source.PLACED: _placed,
    Source.PAID: _paid,
    Source.REFUNDED: _refunded,
    Source.TOUCH: _touched,
}
