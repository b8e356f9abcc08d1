"""What staff see of an order: its lines, steps, money, and who is credited by which proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.sealed import shown_contact
from orders.models import OrderLine, OrderTransition, RealNameSaid, SalesOrder
from orders.queries import lines_of_order, transitions_of
from orders.real_name import is_open, words_on
from orders.search import OrderFilter, lines_of_orders, order_within, orders_found
from org.queries import under
from org.roster import names_of_nodes, names_of_reps
from payments.models import ExceptionItem, Payment, Refund
from payments.queries import attempts_of, exceptions_of_order, refunds_of_order
from referral.chain import versions_of_lines
from referral.models import Attribution, Receipt
from referral.sentences import REASONS
from referral.values import Reason
from templates_msg.models import Message
from templates_msg.queries import messages_about
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class CreditView:
    """One decision about a line; the first of several stands."""

    version: int
    developer: str
    acceptor: str
    outlet: str
    reason: str
    receipt_number: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with its decisions, the newest first, and all that was said of its user.

    `is_waiting` if nobody has decided on him yet.
    """

    row: OrderLine
    credits: Sequence[CreditView]
    words: Sequence[RealNameSaid]
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class OrderFile:
    """Everything staff see of one order; `contact` is a name and half the phone number.

    `places` are the names of those that it is about, by id; `messages` are what the buyer was told.
    """

    order: SalesOrder
    contact: str
    pickup: str
    lines: Sequence[LineView]
    steps: Sequence[OrderTransition]
    line_names: dict[int, str]
    attempts: Sequence[Payment]
    refunds: Sequence[Refund]
    exceptions: Sequence[ExceptionItem]
    places: Mapping[int, str]
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Names:
    """What reps and places are called, by id."""

    reps: Mapping[int, str]
    places: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a list or an export."""

    order: SalesOrder
    names: str
    pieces: int
    developers: str
    outlets: str


def order_file(number: str, node_id: int) -> OrderFile:
    """The file of an order within a node's subtree; NotFound for foreign as for missing ones."""
    order = order_within(number, under(node_id))
    if order is None:
        raise NotFound("订单不存在")
    lines = lines_of_order(order.id)
    versions = versions_of_lines([line.id for line in lines])
    words = words_on([line.id for line in lines])
    named = _names(order, [each for found in versions.values() for each, _ in found])
    return OrderFile(
        order=order,
        contact=shown_contact(order),
        pickup=named.places.get(order.outlet_id or 0, ""),
        lines=[
            LineView(
                row=line,
                credits=[_credit(*each, named) for each in versions.get(line.id, [])],
                words=[each for each in words if each.line_id == line.id],
                is_waiting=line.real_name_reference is not None and is_open(line),
            )
            for line in lines
        ],
        steps=transitions_of(order.id),
        line_names={line.id: line.name for line in lines},
        attempts=attempts_of(order.id),
        refunds=refunds_of_order(order.id),
        exceptions=exceptions_of_order(order.id),
        places=named.places,
        messages=messages_about(order.identity_id, order.number, since=order.placed_at),
    )


def order_list(wanted: OrderFilter, *, before: int | None = None, limit: int) -> list[OrderSummary]:
    """The orders meant that were made before another, newest first, with who sold them where."""
    orders = orders_found(wanted, before=before, limit=limit)
    lines = lines_of_orders([order.id for order in orders])
    everything = [line for found in lines.values() for line in found]
    reps = names_of_reps(each for line in everything if (each := line.developer_rep_id))
    outlets = names_of_nodes(each for line in everything if (each := line.outlet_id))
    return [_summary(order, lines[order.id], reps, outlets) for order in orders]


def _summary(
    order: SalesOrder, lines: Sequence[OrderLine], reps: dict[int, str], outlets: dict[int, str]
) -> OrderSummary:
    return OrderSummary(
        order=order,
        names="、".join(line.name for line in lines),
        pieces=sum(line.quantity for line in lines),
        developers="、".join(_once(reps.get(line.developer_rep_id or 0, "") for line in lines)),
        outlets="、".join(_once(outlets.get(line.outlet_id or 0, "") for line in lines)),
    )


def _names(order: SalesOrder, decisions: Sequence[Attribution]) -> Names:
    """Everybody and every place that an order's page names."""
    people = {each.developer_rep_id for each in decisions} | {
        each.acceptor_rep_id for each in decisions
    }
    places = {order.outlet_id, *(each.outlet_id for each in decisions)}
    return Names(
        reps=names_of_reps(each for each in people if each is not None),
        places=names_of_nodes(each for each in places if each is not None),
    )


def _credit(decision: Attribution, receipt: Receipt, named: Names) -> CreditView:
    return CreditView(
        version=decision.version,
        developer=named.reps.get(decision.developer_rep_id or 0, ""),
        acceptor=named.reps.get(decision.acceptor_rep_id or 0, ""),
        outlet=named.places.get(decision.outlet_id or 0, ""),
        reason=REASONS[Reason(decision.reason)],
        receipt_number=receipt.number,
    )


def _once(names: Iterator[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
