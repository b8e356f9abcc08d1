"""What staff see of the hand-over to billing: what waits and for how long, what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows import billing
from orders.billing_files import latest_files
from orders.hand_overs import ages, unsettled
from orders.models import BillingFile, HandOver, HandOverStatus
from orders.search import order_ids, order_within
from org.queries import under
from org.roster import holds_everything
from wx_backend.errors import Conflict, NotFound

SHOWN = 100
FILES_SHOWN = 14


class NothingToRepeat(Conflict):
    code, message = "nothing_to_repeat", "只有被拒绝或已停止的交接可以重新交接"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One order that billing has not accepted; `age` since it was first handed over."""

    row: HandOver
    order_number: str
    age: timedelta

    @property
    def may_go_again(self) -> bool:
        return self.row.status in {HandOverStatus.REFUSED, HandOverStatus.DEAD}


@dataclass(frozen=True, slots=True)
class Desk:
    """The page: how many wait longer than what, which ones, and the latest files."""

    ages: Mapping[timedelta, int]
    waiting: Sequence[Waiting]
    files: Sequence[BillingFile]


def desk_of(node_id: int, *, now: datetime) -> Desk:
    """What a node sees: its own orders; files only where everything is seen."""
    orders = _orders(node_id)
    rows = unsettled(orders, limit=SHOWN)
    return Desk(
        ages=ages(orders, now=now),
        waiting=[Waiting(row, order.number, now - row.asked_at) for row, order in rows],
        files=latest_files(limit=FILES_SHOWN) if orders is None else (),
    )


def go_again(*, number: str, node_id: int, by: str, now: datetime) -> None:
    """Hand a refused or dead order over again. Raises NotFound, NothingToRepeat."""
    order = order_within(number, under(node_id))
    if order is None:
        raise NotFound
    if not billing.hand_over_again(order, by=by, now=now):
        raise NothingToRepeat


def _orders(node_id: int) -> Any:
    return None if holds_everything(node_id) else order_ids(under(node_id))
