"""What gave up, and what did not fit about money: seen by people, tried again or closed by them.

Pushes, notices and jobs carry no place in the organisation: only a node that holds every outlet
sees them. Exception items belong to the outlets of their order; those without an order are seen
by the same few.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flows.fulfilment import shipping
from orders.queries import order_by_id
from orders.search import order_ids
from org.queries import under
from org.roster import holds_everything
from payments.again import to_send_again
from payments.desk import count_exceptions, exception_within, exceptions_within
from payments.exceptions import close_item
from payments.models import ExceptionItem, ExceptionKind, PayNotice
from payments.queries import order_of_attempt
from wechat.pay.error_codes import SIGNATURE_REFUSED
from wx_backend import audit, backlog, clock
from wx_backend.errors import Conflict, Forbidden, NotFound
from wx_backend.outbox import defer, job
from wx_backend.strict import dumps

SHOWN: Final = 100
AT_ONCE: Final = 200
REPORTED_AGAIN: Final = "已重新上报"
TABLES: Final[Mapping[str, Any]] = {**backlog.TABLES, "notice": PayNotice}


class NothingToReplay(Conflict):
    code, message = "nothing_to_replay", "这一条不是失败状态，可能已经被重试"


@dataclass(frozen=True, slots=True)
class Replay:
    """A sort of work that is being brought back, and how many of it are left."""

    label: str
    kind: str
    left: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of work that gave up: what it was, and what it said at last."""

    id: int
    what: str
    known_at: datetime
    attempts: int
    error: str


def failures(node_id: int) -> dict[str, list[Failure]]:
    """What gave up, per table, the latest first. Forbidden below the top."""
    _check_top(node_id)
    return {
        label: [_failure(row) for row in backlog.dead_rows(table, limit=SHOWN)]
        for label, table in TABLES.items()
    }


def kinds(node_id: int) -> dict[str, list[backlog.DeadKind]]:
    """The sorts of which something gave up, per table. Forbidden below the top."""
    _check_top(node_id)
    return {label: backlog.dead_kinds(table) for label, table in TABLES.items()}


def under_way(node_id: int) -> list[Replay]:
    """The sorts that are being brought back just now, and how many of each are left."""
    _check_top(node_id)
    return [_replay(**job.arguments) for job in backlog.waiting_jobs("failure.replay")]


def unsigned(node_id: int) -> backlog.Refused:
    """The jobs that wait because WeChat Pay refuses our signature. Forbidden below the top."""
    _check_top(node_id)
    return backlog.refused_with(SIGNATURE_REFUSED)


def try_again(*, label: str, row_id: int, node_id: int, now: datetime) -> None:
    """Have one row tried again. NotFound for no such table, NothingToReplay, Forbidden."""
    _check_top(node_id)
    if label not in TABLES:
        raise NotFound
    if not backlog.bring_back(TABLES[label], row_id, now=now):
        raise NothingToReplay


def try_several(*, label: str, row_ids: Collection[int], node_id: int, now: datetime) -> int:
    """Have some rows tried again; how many of them there still were. NotFound, Forbidden."""
    _check_top(node_id)
    if label not in TABLES:
        raise NotFound
    return sum(backlog.bring_back(TABLES[label], each, now=now) for each in sorted(row_ids))


def try_kind(*, label: str, kind: str, node_id: int, now: datetime) -> int:
    """Have all of one sort tried again, some hundreds at a time; how many. NothingToReplay, Forbidden."""
    _check_top(node_id)
    if label not in TABLES:
        raise NotFound
    dead = next((each for each in backlog.dead_kinds(TABLES[label]) if each.kind == kind), None)
    if dead is None:
        raise NothingToReplay
    table, after = TABLES[label].__tablename__, {**backlog.TRIED_AGAIN, "count": dead.count}
    audit.tell(table, kind, before=backlog.GAVE_UP, after=after)
    key = f"{label}:{kind}:{now.isoformat()}"
    defer(replay_kind, key=key, label=label, kind=kind, after=0, upto=dead.newest_id)
    return dead.count


@job("failure.replay")
def replay_kind(*, label: str, kind: str, after: int, upto: int) -> None:
    """Bring back the next of a sort; what gives up again meanwhile is not brought back twice."""
    table, now = TABLES[label], clock.now()
    some = backlog.dead_ids(table, kind=kind, after=after, upto=upto, limit=AT_ONCE)
    backlog.bring_all_back(table, some, now=now)
    if len(some) == AT_ONCE:
        defer(replay_kind, label=label, kind=kind, after=some[-1], upto=upto)


@dataclass(frozen=True, slots=True)
class Item:
    """Something about money that did not fit; `order_number` is empty where no order is known.

    `again` is None unless it is a closed refund of a whole payment that may go back once more: then
    whether that waits for a second person.
    """

    row: ExceptionItem
    order_number: str
    again: bool | None = None

    @property
    def number(self) -> str:
        """The number of the payment or refund it is about."""
        return self.row.key.partition(":")[2]


def items(node_id: int, *, is_closed: bool = False, after: int = 0, limit: int) -> list[Item]:
    """What about the money of a node's orders waits for a person, the oldest first; or was put right, the latest first."""
    rows = exceptions_within(_orders(node_id), is_closed=is_closed, after=after, limit=limit)
    items = [Item(row, _order_number(row)) for row in rows]
    closed = {each.number for each in items if each.row.kind == ExceptionKind.REFUND_CLOSED}
    again = to_send_again(closed)
    return [
        replace(each, again=again.get(each.number)) if each.number in closed else each
        for each in items
    ]


def number_of_items(node_id: int, *, is_closed: bool = False) -> int:
    """How much about the money of a node's orders waits for a person, or was put right."""
    return count_exceptions(_orders(node_id), is_closed=is_closed)


def settle_item(*, item_id: int, node_id: int, by: str, resolution: str, now: datetime) -> None:
    """Say how something was put right. NotFound unless it is open and the node's."""
    if exception_within(item_id, _orders(node_id)) is None:
        raise NotFound
    close_item(item_id=item_id, by=by, resolution=resolution, now=now)


def report_again(*, item_id: int, node_id: int, by: str, now: datetime) -> None:
    """Have WeChat told once more of a shipment whose report it refused; that closes the item.

    NotFound unless it is open and the node's. Raises NotRefused.
    """
    item = exception_within(item_id, _orders(node_id))
    if item is None or item.kind != ExceptionKind.SHIPPING_REFUSED or item.payment_id is None:
        raise NotFound
    if not close_item(item_id=item_id, by=by, resolution=REPORTED_AGAIN, now=now):
        raise NotFound
    shipping.report_again(order_of_attempt(item.payment_id), now=now)


def _orders(node_id: int) -> Any:
    """The orders whose items a node sees; None for all, with those that have no order."""
    return None if holds_everything(node_id) else order_ids(under(node_id))


def _order_number(row: ExceptionItem) -> str:
    if row.payment_id is None:
        return ""
    order = order_by_id(order_of_attempt(row.payment_id))
    return order.number if order else ""


def _check_top(node_id: int) -> None:
    if not holds_everything(node_id):
        raise Forbidden("这些记录不分区域，只有覆盖全部网点的账号可以查看")


def _replay(*, label: str, kind: str, after: int, upto: int) -> Replay:
    left = backlog.count_dead(TABLES[label], kind=kind, after=after, upto=upto)
    return Replay(label, kind, left)


def _failure(row: Any) -> Failure:
    what = backlog.kind_of(row)
    known_at = getattr(row, "known_at", None) or row.created_at
    arguments = getattr(row, "arguments", None)
    return Failure(
        id=row.id,
        what=f"{what} {dumps(arguments).decode()}" if arguments else what,
        known_at=known_at,
        attempts=row.attempts,
        error=row.last_error or "",
    )
