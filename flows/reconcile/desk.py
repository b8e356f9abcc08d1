"""What finance sees of days and differences, and does about them.

Days, bills and clearing accounts are the company's: only a node that holds every outlet sees
them. Differences about an order are seen where the order belongs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from flows.reconcile import archive
from flows.reconcile.clearing import ClearingAccount, clearing_accounts
from flows.reconcile.fetching import start_day
from orders.queries import orders_by_id
from org.models import Role
from org.queries import under
from org.roster import holds_everything, names_of_nodes
from reconciliation.days import DayClosed, begin_day, close_day
from reconciliation.differences import (
    DifferenceFilter,
    difference_within,
    differences_found,
    end_difference,
    open_counts,
    steps_of,
)
from reconciliation.models import (
    Bill,
    BusinessDay,
    Difference,
    DifferenceStatus,
    DifferenceStep,
)
from reconciliation.queries import bills_of, day_of, is_day_reconciled, latest_days
from wechat.pay.bills import BillKind
from wx_backend.clock import business_on
from wx_backend.errors import Conflict, Forbidden, NotFound


class DayNotOver(Conflict):
    code, message = "day_not_over", "这一天还没有结束，账单次日上午十点后才有"


class NotItsOwner(Forbidden):
    code, message = "not_its_owner", "该差异由责任方或管理员处理"


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day in the list; `open_count` differences wait for somebody."""

    row: BusinessDay
    open_count: int


@dataclass(frozen=True, slots=True)
class DayFile:
    """Everything about one day."""

    row: BusinessDay
    bills: dict[BillKind, Bill]
    open_count: int


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A difference with the number of its order and whose it is."""

    row: Difference
    order_number: str
    owner: str
    age_days: int


def days(node_id: int, *, after: int, limit: int) -> list[DayRow]:
    """The days known, the latest first. Forbidden below the top."""
    check_top(node_id)
    rows = latest_days(after=after, limit=limit)
    counts = open_counts({row.business_on for row in rows})
    return [DayRow(row, counts.get(row.business_on, 0)) for row in rows]


def day_file(on: date, node_id: int) -> DayFile:
    """One day. NotFound before anything was fetched for it; Forbidden below the top."""
    check_top(node_id)
    row = day_of(on)
    if row is None:
        raise NotFound("这一天还没有对账")
    return DayFile(row, bills_of(on), open_counts({on}).get(on, 0))


def run_again(*, on: date, node_id: int, now: datetime) -> None:
    """Fetch what is missing and compare once more. DayClosed, DayNotOver or Forbidden refuse it."""
    check_top(node_id)
    if is_day_reconciled(on):
        raise DayClosed
    if on >= business_on(now):
        raise DayNotOver
    begin_day(on=on)
    start_day(on, key=f"{on}:{now.isoformat()}")


def close(*, on: date, node_id: int, actor: str, now: datetime) -> None:
    """A person closes the day; see `close_day` for what refuses it."""
    check_top(node_id)
    close_day(on=on, actor=actor, now=now)


def bill_as_it_came(on: date, kind: BillKind, node_id: int) -> bytes:
    """The packed file of a bill, for proof. NotFound without one; Forbidden below the top."""
    check_top(node_id)
    bill = bills_of(on).get(kind)
    if bill is None or bill.sha256 is None:
        raise NotFound("没有这份账单")
    return archive.raw(bill.sha256)


def accounts(on: date, node_id: int) -> list[ClearingAccount]:
    """The clearing accounts. Forbidden below the top."""
    check_top(node_id)
    return clearing_accounts(on)


def within(wanted: DifferenceFilter, node_id: int) -> DifferenceFilter:
    """The same wish, narrowed to what a node may see."""
    return wanted if holds_everything(node_id) else replace(wanted, scope=under(node_id))


def difference_list(
    wanted: DifferenceFilter, *, now: datetime, after: int = 0, limit: int
) -> list[DifferenceView]:
    """The differences meant, the oldest first."""
    rows = differences_found(wanted, after=after, limit=limit)
    return _views(rows, now)


def difference_file(
    difference_id: int, node_id: int, now: datetime
) -> tuple[DifferenceView, Sequence[DifferenceStep]]:
    """One difference with its history. NotFound for foreign as for missing ones."""
    [view] = _views([_difference(difference_id, node_id)], now)
    return view, steps_of(difference_id)


@dataclass(frozen=True, slots=True)
class Decision:
    """How a person ends a difference, and why; `actor` is `staff:7`, `role` what he is there."""

    difference_id: int
    to: DifferenceStatus
    actor: str
    role: str
    reason: str


def end(decision: Decision, *, node_id: int, now: datetime) -> None:
    """Say why a difference is all right or how it was put right.

    Raises NotFound, NotItsOwner, DifferenceEnded.
    """
    row = _difference(decision.difference_id, node_id)
    if not may_end(row, decision.role):
        raise NotItsOwner
    end_difference(
        difference_id=row.id,
        to=decision.to,
        actor=decision.actor,
        reason=decision.reason,
        now=now,
    )


def may_end(row: Difference, role: str) -> bool:
    """Whether a difference is for staff of this role to end: its owner's, or an administrator's."""
    return role in {row.owner_role, Role.ADMINISTRATOR}


def check_top(node_id: int) -> None:
    """Forbidden unless the node holds every outlet there is."""
    if not holds_everything(node_id):
        raise Forbidden("对账不分区域，只有覆盖全部网点的账号可以查看")


def _difference(difference_id: int, node_id: int) -> Difference:
    return difference_within(difference_id, None if holds_everything(node_id) else under(node_id))


def _views(rows: Sequence[Difference], now: datetime) -> list[DifferenceView]:
    nodes = names_of_nodes(row.owner_node_id for row in rows if row.owner_node_id is not None)
    orders = orders_by_id(row.order_id for row in rows if row.order_id is not None)
    return [
        DifferenceView(
            row,
            orders[row.order_id].number if row.order_id is not None else "",
            nodes.get(row.owner_node_id or 0, "总部"),
            max(0, ((row.ended_at or now) - row.found_at).days),
        )
        for row in rows
    ]
