"""What the people of an outlet do with the lines that were given to it.

Every verb takes the outlet of whoever acts: a task of another outlet is NotFound. `actor` is
`rep:<id>` or `staff:<id>`. The caller opens the transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.fulfilment.handing_out import renew_code
from flows.fulfilment.progress import note_done
from flows.sealed import contact_of, vault
from fulfilment.errors import BadWaybill, NothingReady, NotYet, TooManyTries, WrongCode
from fulfilment.models import Chain, Task, TaskStatus
from fulfilment.moves import LIVE
from fulfilment.nodes import CARRIERS, NAMES, PICKUPS, Node, Proof
from fulfilment.operations import held_task, raise_problem, take_task
from fulfilment.packing import (
    check_proofs,
    checks_of,
    drop_serial,
    missing_proofs,
    note_check,
    note_evidence,
    note_serial,
)
from fulfilment.pickup import PickupOutcome, order_of_code, try_code
from fulfilment.queries import (
    evidence_of,
    ready_at_counter,
    serial_of,
    serials_out,
    task_of_outlet,
    tasks_at_desk,
)
from orders.models import OrderLine, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_by_id, order_by_id, orders_by_id
from wx_backend.clock import SHANGHAI
from wx_backend.db import retried
from wx_backend.errors import NotFound

WAYBILL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class DeskTask:
    """One node an outlet has to do, or to watch; `minutes_left` is negative when overdue."""

    task_id: int
    order_number: str
    line_name: str
    quantity: int
    node: Node
    node_name: str
    status: TaskStatus
    taken_by: str | None
    problem: str | None
    due_at: datetime
    minutes_left: int
    delivery: str


@dataclass(frozen=True, slots=True)
class DeskTaskPage:
    """Everything the page of one task shows; `missing` is what the node still asks for."""

    task: DeskTask
    checks: Mapping[str, str]
    checked: Sequence[str]
    serial_kind: str
    serials: Sequence[str]
    serials_wanted: int
    missing: Sequence[str]
    contact_name: str
    contact_phone: str


def tasks_of_outlet(outlet_id: int, *, now: datetime) -> list[DeskTask]:
    """The outlet's open nodes by urgency: problems first, then by when they are due."""
    return desk_tasks(tasks_at_desk(outlet_id), now)


def task_page(*, task_id: int, outlet_id: int, now: datetime) -> DeskTaskPage:
    """One task with its check-list, serial numbers, and whom to call."""
    chain, task = task_of_outlet(task_id, outlet_id)
    noted = evidence_of([task.id]).get(task.id, [])
    name, phone = contact_of(_order(chain))
    return DeskTaskPage(
        task=desk_tasks([(chain, task)], now)[0],
        checks=checks_of(chain) if task.node == Node.PACKED else {},
        checked=[each.value for each in noted if each.kind == Proof.CHECK],
        serial_kind=serial_of(chain.product_kind, chain.category_id),
        serials=serials_out(chain.order_line_id),
        serials_wanted=chain.quantity,
        missing=missing_proofs(chain, task),
        contact_name=name,
        contact_phone=phone,
    )


def accept_task(*, task_id: int, outlet_id: int, actor: str, now: datetime) -> None:
    """Take a task in hand; of two at once one wins. Raises TakenByOther, NotYet, NotFound."""
    _chain, task = _mine(task_id, outlet_id)
    take_task(task, actor=actor, now=now)


def note_call(*, task_id: int, outlet_id: int, said: str, actor: str, now: datetime) -> None:
    """Keep that the customer was called, and what came of it."""
    _chain, task = _mine(task_id, outlet_id)
    at = now.astimezone(SHANGHAI)
    note_evidence(task, Proof.CALL, f"{said}（{at:%m-%d %H:%M}）", actor=actor, now=now)


def record_check(*, task_id: int, outlet_id: int, check: str, actor: str, now: datetime) -> None:
    """One item of the packing check-list is right. Raises NoSuchCheck, NotTaken, TakenByOther."""
    chain, task = _in_hand(task_id, outlet_id, Node.PACKED, actor)
    note_check(chain, task, check, actor=actor, now=now)


def record_serial(*, task_id: int, outlet_id: int, value: str, actor: str, now: datetime) -> None:
    """One unit's IMEI or ICCID was scanned. Raises BadSerial, SerialTaken."""
    chain, task = _in_hand(task_id, outlet_id, Node.PACKED, actor)
    note_serial(chain, task, value, actor=actor, now=now)


def drop_scan(*, task_id: int, outlet_id: int, value: str, actor: str, now: datetime) -> None:
    """A unit was scanned by mistake; NotFound when it was not."""
    chain, _task = _in_hand(task_id, outlet_id, Node.PACKED, actor)
    if not drop_serial(chain, value, now=now):
        raise NotFound


def finish_packing(*, task_id: int, outlet_id: int, actor: str, now: datetime) -> None:
    """The parcel is closed; for pickup the customer gets his code. Raises ProofMissing."""
    chain, task = _in_hand(task_id, outlet_id, Node.PACKED, actor)
    check_proofs(chain, task)
    note_done(chain, Node.PACKED, actor=actor, cause="packed", now=now)


def hand_to_carrier(
    *, task_id: int, outlet_id: int, carrier: str, waybill: str, actor: str, now: datetime
) -> None:
    """The carrier has it: its code and the waybill number are kept, the line is sent.

    `carrier` is one of `fulfilment.nodes.CARRIERS`. Raises BadWaybill, NotTaken, TakenByOther, NotYet.
    """
    chain, task = _in_hand(task_id, outlet_id, Node.HANDED_OVER, actor)
    number = "".join(waybill.split()).upper()
    if carrier not in CARRIERS or not number.isalnum() or not 6 <= len(number) <= WAYBILL_LENGTH:
        raise BadWaybill
    note_evidence(task, Proof.CARRIER, carrier, actor=actor, now=now)
    note_evidence(task, Proof.WAYBILL, number, actor=actor, now=now)
    note_done(chain, Node.HANDED_OVER, actor=actor, cause="carrier", now=now)


def record_delivery(*, task_id: int, outlet_id: int, actor: str, now: datetime) -> None:
    """The carrier's record says that it was delivered; NotYet before it was handed over.

    What is fetched at the counter is no carrier's: it takes the customer's code.
    """
    chain, task = _mine(task_id, outlet_id)
    is_under_way = task.node == Node.DELIVERED and task.status in LIVE
    if not is_under_way or chain.way in PICKUPS:
        raise NotYet(node=task.node)
    note_done(chain, Node.DELIVERED, actor=actor, cause="carrier record", now=now)


def try_pickup_code(*, outlet_id: int, code: str, actor: str, now: datetime) -> str | None:
    """Hand out what lies ready here of an order, for its code: its number; None for a wrong code, which counts.

    Commit whatever comes back, so that the try stays counted. Raises TooManyTries and NothingReady.
    """
    keeper = vault()
    order_id = order_of_code(outlet_id=outlet_id, digits=code, vault=keeper)
    order = locked_order(order_id) if order_id is not None else None
    outcome = try_code(outlet_id=outlet_id, digits=code, actor=actor, vault=keeper, now=now)
    if outcome is PickupOutcome.EXHAUSTED:
        raise TooManyTries
    if outcome is PickupOutcome.WRONG or order is None:
        return None
    ready = ready_to_hand_out(order.id, outlet_id)
    if not ready:
        raise NothingReady
    for chain, task in ready:
        _hand_out(chain, task, actor, now)
    renew_code(order.id, now=now)
    return order.number


def ready_to_hand_out(order_id: int, outlet_id: int) -> list[tuple[Chain, Task]]:
    """What a code of the order fetches at this outlet, and nothing else."""
    return [found for found in ready_at_counter(order_id) if found[0].outlet_id == outlet_id]


def redeem_pickup_code(*, outlet_id: int, code: str, actor: str, now: datetime) -> str:
    """`try_pickup_code` in a transaction of its own: the order's number, or WrongCode."""
    number = retried(lambda: try_pickup_code(outlet_id=outlet_id, code=code, actor=actor, now=now))
    if number is None:
        raise WrongCode
    return number


def task_in_hand(task_id: int, outlet_id: int, nodes: Collection[Node], actor: str) -> Chain:
    """The chain of a task at one of these nodes that `actor` has in hand.

    Raises NotFound, NotYet, NotTaken and TakenByOther.
    """
    _chain, task = task_of_outlet(task_id, outlet_id)
    if task.node not in nodes:
        raise NotYet(node=task.node)
    return _in_hand(task_id, outlet_id, Node(task.node), actor)[0]


def report_problem(
    *, task_id: int, outlet_id: int, reason: str, picture: str | None, actor: str, now: datetime
) -> None:
    """The task cannot go on: it is marked for the pool, with a reason and perhaps a picture."""
    _chain, task = _mine(task_id, outlet_id)
    note_evidence(task, Proof.PROBLEM, reason, actor=actor, now=now, picture=picture)
    raise_problem(task, reason, actor=actor, now=now)


def _hand_out(chain: Chain, task: Task, actor: str, now: datetime) -> None:
    """One line of the order is over the counter: delivered and signed for at once."""
    note_evidence(task, Proof.PICKUP_CODE, "used", actor=actor, now=now)
    note_done(chain, Node.DELIVERED, actor=actor, cause="pickup code", now=now)
    note_done(chain, Node.SIGNED, actor=actor, cause="pickup code", now=now)


def _mine(task_id: int, outlet_id: int) -> tuple[Chain, Task]:
    """A task of this outlet, its order locked."""
    chain, _task = task_of_outlet(task_id, outlet_id)
    locked_order(chain.order_id)
    return task_of_outlet(task_id, outlet_id)


def _in_hand(task_id: int, outlet_id: int, node: Node, actor: str) -> tuple[Chain, Task]:
    chain, task = _mine(task_id, outlet_id)
    if task.node != node:
        raise NotYet(node=task.node)
    return chain, held_task(chain, node, actor=actor)


def desk_tasks(found: Iterable[tuple[Chain, Task]], now: datetime) -> list[DeskTask]:
    """How tasks read on an outlet's list."""
    rows = list(found)
    orders = orders_by_id(chain.order_id for chain, _ in rows)
    lines = lines_by_id(chain.order_line_id for chain, _ in rows)
    return [
        _desk_task(task, orders[chain.order_id], lines[chain.order_line_id], now)
        for chain, task in rows
    ]


def _desk_task(task: Task, order: SalesOrder, line: OrderLine, now: datetime) -> DeskTask:
    return DeskTask(
        task_id=task.id,
        order_number=order.number,
        line_name=line.name,
        quantity=line.quantity,
        node=Node(task.node),
        node_name=NAMES[Node(task.node)],
        status=TaskStatus(task.status),
        taken_by=task.taken_by,
        problem=task.problem,
        due_at=task.due_at,
        minutes_left=int((task.due_at - now).total_seconds() // 60),
        delivery=order.delivery,
    )


def _order(chain: Chain) -> SalesOrder:
    order = order_by_id(chain.order_id)
    assert order is not None  # noqa: S101 - orders are never deleted
    return order
