"""What staff see of an order: its lines, steps, money, and who is credited by which proof."""

from collections.abc import Iterator, Sequence
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
from referral.chain import versions_of
from referral.sentences import REASONS
from referral.values import Reason
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
    """Everything staff see of one order; `contact` is a name and half the phone number."""

    order: SalesOrder
    contact: str
    pickup: str
    lines: Sequence[LineView]
    steps: Sequence[OrderTransition]
    line_names: dict[int, str]
    attempts: Sequence[Payment]
    refunds: Sequence[Refund]
    exceptions: Sequence[ExceptionItem]


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
    pickup = names_of_nodes([order.outlet_id]) if order.outlet_id is not None else {}
    return OrderFile(
        order=order,
        contact=shown_contact(order),
        pickup=next(iter(pickup.values()), ""),
        lines=[_line(line) for line in lines],
        steps=transitions_of(order.id),
        line_names={line.id: line.name for line in lines},
        attempts=attempts_of(order.id),
        refunds=refunds_of_order(order.id),
        exceptions=exceptions_of_order(order.id),
    )


def _line(line: OrderLine) -> LineView:
    is_waiting = line.real_name_reference is not None and is_open(line)
    return LineView(line, _credits(line), words_on([line.id]), is_waiting)


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


def _credits(line: OrderLine) -> list[CreditView]:
    versions = versions_of(line.id)
    decisions = [attribution for attribution, _ in versions]
    people = {each.developer_rep_id for each in decisions} | {
        each.acceptor_rep_id for each in decisions
    }
    reps = names_of_reps(rep_id for rep_id in people if rep_id is not None)
    outlets = names_of_nodes(each.outlet_id for each in decisions if each.outlet_id is not None)
    return [
        CreditView(
            version=decision.version,
            developer=reps.get(decision.developer_rep_id or 0, ""),
            acceptor=reps.get(decision.acceptor_rep_id or 0, ""),
            outlet=outlets.get(decision.outlet_id or 0, ""),
            reason=REASONS[Reason(decision.reason)],
            receipt_number=receipt.number,
        )
        for decision, receipt in versions
    ]


def _once(names: Iterator[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
