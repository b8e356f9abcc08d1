"""Statements as people see them: a list, one with its lines and proof, a rep's own months."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.queries import lines_by_id, orders_by_id
from org.queries import under
from referral.proofs import receipt_numbers
from settlement.periods import month_of
from settlement.statements.chain import holds
from settlement.statements.content import Content, as_json
from settlement.statements.models import AccountingPeriod, Statement
from settlement.statements.movements import Line
from settlement.statements.queries import (
    RunningMonth,
    content_of,
    members_of,
    running_month,
    statement_of_rep,
    statement_within,
    statements_of_rep,
)
from wx_backend.clock import business_on
from wx_backend.db import db
from wx_backend.errors import NotFound

MONTHS_SHOWN = 36
LINE, PAYOUT = "line", "payout"
OTHER = ("其他", "", "")


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what it is about; `receipt_number` proves whose the order line was."""

    line: Line
    about: str
    order_number: str
    receipt_number: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """One statement with everything behind it; `holds` says that it is as it was frozen."""

    row: Statement
    period: AccountingPeriod
    content: Content
    lines: Sequence[LineView]
    members: Sequence[Statement]
    holds: bool

    def as_json(self) -> Mapping[str, Any]:
        """What the digest covers, the digest and the one before: all one needs to check it."""
        return {
            "content": as_json(self.content),
            "previous": self.row.previous.hex(),
            "digest": self.row.digest.hex(),
        }


@dataclass(frozen=True, slots=True)
class MyStatements:
    """A rep's months: the running one, and those that were closed."""

    month: str
    running: RunningMonth
    lines: Sequence[LineView]
    closed: Sequence[tuple[Statement, AccountingPeriod]]


def statement_page(number: str, node_id: int) -> StatementPage:
    """A statement of a node's subtree; NotFound for foreign as for missing ones."""
    return _page(statement_within(number, under(node_id)))


def my_statement(number: str, rep_id: int) -> StatementPage:
    """One of a rep's own; NotFound for a colleague's."""
    return _page(statement_of_rep(number, rep_id))


def my_statements(rep_id: int, now: datetime) -> MyStatements:
    """All months of a rep."""
    first, last = month_of(business_on(now))
    running = running_month(rep_id, first, last)
    return MyStatements(
        month=f"{first:%Y-%m}",
        running=running,
        lines=_views(running.lines),
        closed=statements_of_rep(rep_id, limit=MONTHS_SHOWN),
    )


def _page(statement: Statement | None) -> StatementPage:
    if statement is None:
        raise NotFound("结算单不存在")
    period = db.session.get_one(AccountingPeriod, statement.period_id)
    content = content_of(statement, period)
    return StatementPage(
        row=statement,
        period=period,
        content=content,
        lines=_views(content.lines),
        members=members_of(statement),
        holds=holds(statement, period),
    )


def _views(lines: Sequence[Line]) -> list[LineView]:
    subjects = [_subject(line.reference) for line in lines]
    sold = what_was_sold(
        {int(name) for kind, name in subjects if kind == LINE and name.isdecimal()}
    )
    views = []
    for line, (kind, name) in zip(lines, subjects, strict=True):
        if kind == PAYOUT:
            views.append(LineView(line, f"发放单 {name}", "", ""))
        else:
            about = sold.get(int(name)) if name.isdecimal() else None
            views.append(LineView(line, *(about or OTHER)))
    return views


def _subject(reference: str) -> tuple[str, str]:
    """`accrue:17:paid` and `take_back:17:paid:RF1` are both about line `17`."""
    kind, _, rest = reference.partition(":")
    subject = rest.partition(":")[0]
    return (PAYOUT if kind.startswith("payout.") else LINE), subject


def what_was_sold(line_ids: Set[int]) -> Mapping[int, tuple[str, str, str]]:
    """What lines are called, the numbers of their orders and of their proofs, by line."""
    lines = lines_by_id(line_ids)
    orders = orders_by_id(line.order_id for line in lines.values())
    receipts = receipt_numbers(line_ids)
    return {
        line.id: (line.name, orders[line.order_id].number, receipts.get(line.id, ""))
        for line in lines.values()
    }
