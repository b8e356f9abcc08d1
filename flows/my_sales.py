"""What a rep sold and earns: his orders, his lines in them, his income with the proof of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.credits import credits_of
from flows.fulfilment.timeline import LineWay, ways_of_order
from flows.my_customers import Customer, customers_called, named_customers
from flows.statements import what_was_sold
from members.queries import member_ids_of
from orders.credits import Credits
from orders.models import OrderLine, OrderStatus, OrderTransition, SalesOrder
from orders.queries import lines_of_order, transitions_of
from orders.search import RepsOrders, credited_order, lines_of_orders, orders_of_lines
from referral.proofs import receipt_numbers
from settlement.queries import (
    Earned,
    Income,
    accruals_of_rep,
    blocked_of,
    commissions_of_line,
    commissions_of_rep,
    income_of,
)
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which of his orders a rep looks for; empty fields leave things open.

    `text` is a part of an order number, or of what he calls a customer.
    """

    text: str = ""
    status: OrderStatus | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    customer: Customer | None = None


@dataclass(frozen=True, slots=True)
class MyOrder:
    """An order in the rep's list: what of it is his; money in fen.

    `lost` names lines that were given to a colleague; `has_gained` says that one was given to him.
    """

    order: SalesOrder
    names: str
    paid_fen: int
    has_gained: bool
    lost: str


@dataclass(frozen=True, slots=True)
class MyLine:
    """A line credited to the rep, what it earns him so far, and the number of the proof.

    `given_at` is when it was given to him by two persons, if it was.
    """

    row: OrderLine
    role: str
    earned_fen: int
    receipt_number: str
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class LostLine:
    """A line that was given to a colleague: what it was, when that was, and the number of the proof."""

    name: str
    quantity: int
    given_at: datetime
    receipt_number: str


@dataclass(frozen=True, slots=True)
class MyOrderPage:
    """One order as its rep sees it: his lines only, and no personal data of the buyer.

    `customer` is the buyer while he is the rep's. Of what he `lost` it says no more than that; where nothing
    else is his, the order's steps end there.
    """

    order: SalesOrder
    lines: Sequence[MyLine]
    lost: Sequence[LostLine]
    steps: Sequence[OrderTransition]
    ways: Sequence[LineWay]
    customer: Customer | None


@dataclass(frozen=True, slots=True)
class Earning:
    """What the rep has of one line, part by part as it becomes free; and why the line is his."""

    parts: Sequence[Earned]
    order_number: str
    line_name: str
    receipt_number: str

    @property
    def accrued_at(self) -> datetime:
        """When it was earned."""
        return self.parts[0].accrued_at

    @property
    def amount_fen(self) -> int:
        """All he earned by the line."""
        return sum(part.amount_fen for part in self.parts)

    @property
    def taken_back_fen(self) -> int:
        """What refunds and an early end took of it."""
        return sum(part.taken_back_fen for part in self.parts)


@dataclass(frozen=True, slots=True)
class IncomePage:
    """Where the rep's money is, and line by line how it came; `before` begins the next page.

    `blocked_fen` of what is held waits only for a disabled rep to be enabled again.
    """

    income: Income
    blocked_fen: int
    earnings: Sequence[Earning]
    before: int | None


def my_orders(
    rep_id: int, asked: Asked, *, before: int | None = None, limit: int, now: datetime
) -> list[MyOrder]:
    """The orders with a line of the rep's that were made before another, newest first."""
    credited, wanted = credits_of(rep_id), _wanted(rep_id, asked, now)
    orders = orders_of_lines(credited, wanted, before=before, limit=limit)
    lines = lines_of_orders([order.id for order in orders])
    return [_my_order(order, lines[order.id], credited) for order in orders]


def my_order(number: str, rep_id: int, *, now: datetime) -> MyOrderPage:
    """One of the rep's orders; NotFound for a colleague's as for a missing one."""
    credited = credits_of(rep_id)
    order = credited_order(number, credited)
    if order is None:
        raise NotFound("订单不存在")
    there = lines_of_order(order.id)
    lines, lost = _his(there, credited), _lost(there, credited)
    ids = {line.id for line in lines}
    receipts = receipt_numbers({line.id for line in (*lines, *lost)})
    until = now if lines else max(credited.lost[line.id] for line in lost)
    return MyOrderPage(
        order=order,
        lines=[_my_line(line, credited, receipts.get(line.id, "")) for line in lines],
        lost=[
            LostLine(line.name, line.quantity, credited.lost[line.id], receipts.get(line.id, ""))
            for line in lost
        ],
        steps=[
            step
            for step in transitions_of(order.id)
            if (step.line_id is None or step.line_id in ids) and step.moved_at <= until
        ],
        ways=[way for way in ways_of_order(order.id, now=now) if way.line_id in ids],
        customer=named_customers(rep_id, [order.identity_id], now=now).get(order.identity_id),
    )


def customer_asked(identity_id: int, rep_id: int, *, now: datetime) -> Customer:
    """The customer whose orders are asked for; NotFound for who is not the rep's now."""
    found = named_customers(rep_id, [identity_id], now=now).get(identity_id)
    if found is None:
        raise NotFound("客户不存在，或已不在您的名下")
    return found


def my_income(
    rep_id: int, *, before_id: int | None = None, limit: int, now: datetime
) -> IncomePage:
    """The rep's income, and the lines before a given accrual, newest first."""
    found = accruals_of_rep(rep_id, limit=limit + 1, before_id=before_id)
    earned = commissions_of_rep(rep_id, found[:limit]).values()
    sold = what_was_sold({parts[0].order_line_id for parts in earned})
    return IncomePage(
        income=income_of(rep_id),
        blocked_fen=blocked_of(rep_id, now=now),
        earnings=[_earning(parts, *sold[parts[0].order_line_id]) for parts in earned],
        before=found[limit - 1] if len(found) > limit else None,
    )


def _wanted(rep_id: int, asked: Asked, now: datetime) -> RepsOrders:
    buyers = None
    if asked.customer is not None:
        member_id = asked.customer.member_id
        buyers = member_ids_of(member_id) if member_id is not None else frozenset()
    called = customers_called(rep_id, asked.text, now=now).customers if asked.text else ()
    members = (each.member_id for each in called if each.member_id is not None)
    return RepsOrders(
        text=asked.text,
        called=frozenset().union(*map(member_ids_of, members)),
        buyers=buyers,
        status=asked.status,
        placed_from=asked.placed_from,
        placed_until=asked.placed_until,
    )


def _his(lines: Sequence[OrderLine], credited: Credits) -> list[OrderLine]:
    return [line for line in lines if credited.has(line)]


def _lost(lines: Sequence[OrderLine], credited: Credits) -> list[OrderLine]:
    return [line for line in lines if line.id in credited.lost and not credited.has(line)]


def _my_order(order: SalesOrder, lines: Sequence[OrderLine], credited: Credits) -> MyOrder:
    mine = _his(lines, credited)
    return MyOrder(
        order=order,
        names=_named(mine),
        paid_fen=sum(line.paid_fen - line.refunded_fen for line in mine),
        has_gained=any(line.id in credited.gained for line in mine),
        lost=_named(_lost(lines, credited)),
    )


def _named(lines: Sequence[OrderLine]) -> str:
    return "、".join(f"{line.name} ×{line.quantity}" for line in lines)


def _my_line(line: OrderLine, credited: Credits, receipt_number: str) -> MyLine:
    earned = [each for each in commissions_of_line(line.id) if each.rep_id == credited.rep_id]
    return MyLine(
        row=line,
        role="发展人" if credited.develops(line) else "受理人",
        earned_fen=sum(each.net_fen for each in earned),
        receipt_number=receipt_number,
        given_at=credited.gained.get(line.id),
    )


def _earning(parts: Sequence[Earned], name: str, number: str, receipt: str) -> Earning:
    return Earning(parts, order_number=number, line_name=name, receipt_number=receipt)
