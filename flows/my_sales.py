"""What a rep sold and earns: his orders, his lines in them, his income with the proof of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.fulfilment.timeline import LineWay, ways_of_order
from flows.statements import what_was_sold
from orders.models import OrderLine, OrderTransition, SalesOrder
from orders.queries import lines_of_order, transitions_of
from orders.search import credited_order, lines_of_orders, orders_of_lines
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


@dataclass(frozen=True, slots=True)
class MyOrder:
    """An order in the rep's list: what of it is his; money in fen."""

    order: SalesOrder
    names: str
    paid_fen: int


@dataclass(frozen=True, slots=True)
class MyLine:
    """A line credited to the rep, what it earns him so far, and the number of the proof."""

    row: OrderLine
    role: str
    earned_fen: int
    receipt_number: str


@dataclass(frozen=True, slots=True)
class MyOrderPage:
    """One order as its rep sees it: his lines only, and no personal data of the buyer."""

    order: SalesOrder
    lines: Sequence[MyLine]
    steps: Sequence[OrderTransition]
    ways: Sequence[LineWay]


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


def my_orders(rep_id: int, *, before: int | None = None, limit: int) -> list[MyOrder]:
    """The orders with a line of the rep's that were made before another, newest first."""
    orders = orders_of_lines(rep_id, before=before, limit=limit)
    lines = lines_of_orders([order.id for order in orders])
    return [_my_order(order, _his(lines[order.id], rep_id)) for order in orders]


def my_order(number: str, rep_id: int, *, now: datetime) -> MyOrderPage:
    """One of the rep's orders; NotFound for a colleague's as for a missing one."""
    order = credited_order(number, rep_id)
    if order is None:
        raise NotFound("订单不存在")
    lines = _his(lines_of_order(order.id), rep_id)
    ids = {line.id for line in lines}
    receipts = receipt_numbers(ids)
    return MyOrderPage(
        order=order,
        lines=[_my_line(line, rep_id, receipts.get(line.id, "")) for line in lines],
        steps=[
            step for step in transitions_of(order.id) if step.line_id is None or step.line_id in ids
        ],
        ways=[way for way in ways_of_order(order.id, now=now) if way.line_id in ids],
    )


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


def _his(lines: Sequence[OrderLine], rep_id: int) -> list[OrderLine]:
    return [line for line in lines if rep_id in (line.developer_rep_id, line.acceptor_rep_id)]


def _my_order(order: SalesOrder, lines: Sequence[OrderLine]) -> MyOrder:
    return MyOrder(
        order=order,
        names="、".join(f"{line.name} ×{line.quantity}" for line in lines),
        paid_fen=sum(line.paid_fen - line.refunded_fen for line in lines),
    )


def _my_line(line: OrderLine, rep_id: int, receipt_number: str) -> MyLine:
    earned = [each for each in commissions_of_line(line.id) if each.rep_id == rep_id]
    return MyLine(
        row=line,
        role="发展人" if line.developer_rep_id == rep_id else "受理人",
        earned_fen=sum(each.net_fen for each in earned),
        receipt_number=receipt_number,
    )


def _earning(parts: Sequence[Earned], name: str, number: str, receipt: str) -> Earning:
    return Earning(parts, order_number=number, line_name=name, receipt_number=receipt)
