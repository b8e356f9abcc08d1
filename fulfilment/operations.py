"""Verbs on chains: open, advance, dispatch, finish a node, end, begin anew.

Whoever changes a chain has locked its order: two changes of one chain never interleave.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from fulfilment.errors import AlreadyGone, NotTaken, NotYet, TakenByOther
from fulfilment.models import Chain, ChainStatus, Task, TaskStatus
from fulfilment.moves import LIVE, move_task, open_task
from fulfilment.nodes import CHAINS, Condition, Node, Proof, Way, before, step_of
from fulfilment.packing import take_serials_back
from fulfilment.queries import evidence_of, passed_at, serials_out, task_at, tasks_of_chain
from fulfilment.rules import steps_to_open
from wx_backend.db import db, inserted

GONE = frozenset({Node.HANDED_OVER, Node.DELIVERED, Node.SIGNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChain:
    """What a chain freezes of its order line."""

    order_line_id: int
    order_id: int
    way: Way
    product_kind: str
    category_id: int
    quantity: int
    pool_id: int | None
    placed_at: datetime
    paid_at: datetime
    is_same_day: bool
    promised_at: datetime | None
    gifts: Sequence[tuple[str, int]] = ()


def open_chain(new: NewChain, *, now: datetime) -> Chain | None:
    """Begin the way of a paid line; None when it was begun before."""
    values = {
        "order_line_id": new.order_line_id,
        "order_id": new.order_id,
        "way": new.way,
        "product_kind": new.product_kind,
        "category_id": new.category_id,
        "quantity": new.quantity,
        "pool_id": new.pool_id,
        "status": ChainStatus.RUNNING,
        "round": 1,
        "starts_at": Node.CONFIGURED,
        "is_same_day": new.is_same_day,
        "promised_at": new.promised_at,
        "gifts": list(new.gifts),
        "opened_at": now,
    }
    chain = inserted(Chain, values, key=("order_line_id",))
    if chain is None:
        return None
    first, second, *_ = CHAINS[new.way]
    for step, entered_at, done_at in (
        (first, new.placed_at, new.placed_at),
        (second, new.placed_at, new.paid_at),
    ):
        task = open_task(chain, step, entered_at=entered_at, actor="member", cause="order")
        assert task is not None  # noqa: S101 - the chain is new
        move_task(
            task, TaskStatus.DONE, actor="member", cause="order", now=done_at, done_at=done_at
        )
    return chain


def advance(chain: Chain, *, met: Collection[Condition], now: datetime) -> list[Task]:
    """Open every node whose turn has come; the tasks that were opened."""
    if chain.status != ChainStatus.RUNNING:
        return []
    tasks = tasks_of_chain(chain.id, only_round=chain.round)
    steps = steps_to_open(
        Way(chain.way),
        starts_at=Node(chain.starts_at),
        done={Node(task.node) for task in tasks if task.status == TaskStatus.DONE},
        known={Node(task.node) for task in tasks},
        met=met,
    )
    opened = (
        open_task(chain, step, entered_at=now, actor="system", cause="advance") for step in steps
    )
    return [task for task in opened if task is not None]


def take_task(task: Task, *, actor: str, now: datetime) -> None:
    """One person takes a node in hand; taking it again changes nothing.

    Raises TakenByOther for whoever came second, NotYet when it is over.
    """
    is_mine = task.status == TaskStatus.OPEN and move_task(
        task, TaskStatus.TAKEN, actor=actor, cause="take", now=now, taken_by=actor, taken_at=now
    )
    if is_mine:
        return
    db.session.refresh(task)
    if task.status == TaskStatus.TAKEN and task.taken_by == actor:
        return
    raise TakenByOther if task.status == TaskStatus.TAKEN else NotYet(node=task.node)


def held_task(chain: Chain, node: Node, *, actor: str) -> Task:
    """The node of this round that `actor` has in hand; NotYet, NotTaken or TakenByOther."""
    task = task_at(chain, node)
    if task is None or task.status not in LIVE:
        raise NotYet(node=node)
    if task.status == TaskStatus.OPEN:
        raise NotTaken
    if task.taken_by != actor:
        raise TakenByOther
    return task


def finish_node(chain: Chain, node: Node, *, actor: str, cause: str, now: datetime) -> bool:
    """A node is done; False when it was before, or the chain does not pass it.

    What an outside fact proves (a receipt, a signature) is noted even if its turn had not come:
    the node is opened and closed at once.
    """
    step = step_of(Way(chain.way), node)
    if chain.status != ChainStatus.RUNNING or step is None:
        return False
    task = passed_at(chain, node) or open_task(
        chain, step, entered_at=now, actor=actor, cause="out of turn"
    )
    return task is not None and move_task(
        task, TaskStatus.DONE, actor=actor, cause=cause, now=now, done_at=now, problem=None
    )


def dispatch(chain: Chain, outlet_id: int, *, actor: str, cause: str, now: datetime) -> None:
    """Give a line to an outlet, or from one outlet to another while it has not gone out.

    What a colleague there had taken is open again at the new one; what he had packed, or begun to, is
    packed anew there, of its own units. Raises AlreadyGone, and NotYet for a chain that is over or was dispatched
    by somebody else meanwhile.
    """
    if chain.status != ChainStatus.RUNNING:
        raise NotYet(node=Node.DISPATCHED)
    tasks = tasks_of_chain(chain.id, only_round=chain.round)
    if _has_gone(chain, tasks):
        raise AlreadyGone
    leaves = chain.outlet_id not in (None, outlet_id) and _is_begun(chain, tasks)
    same = Chain.outlet_id.is_(None) if chain.outlet_id is None else (
        Chain.outlet_id == chain.outlet_id
    )  # fmt: skip
    changed = db.session.scalars(
        update(Chain)
        .where(Chain.id == chain.id, same)
        .values(outlet_id=outlet_id)
        .returning(Chain)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if changed is None:
        raise NotYet(node=Node.DISPATCHED)
    if leaves:
        _unpack(chain, actor=actor, cause=cause, now=now)
    else:
        _hand_to(chain, tasks, actor=actor, cause=cause, now=now)
    finish_node(chain, Node.DISPATCHED, actor=actor, cause=cause, now=now)


def _has_gone(chain: Chain, tasks: Collection[Task]) -> bool:
    """Whether it has left us, in this round or before the node from which on it began."""
    behind = before(Way(chain.way), Node(chain.starts_at))
    return bool(GONE & behind) or any(
        task.node in GONE and task.status == TaskStatus.DONE for task in tasks
    )


def _is_begun(chain: Chain, tasks: Collection[Task]) -> bool:
    """Whether its outlet has packed it, or has scanned or checked any of it."""
    live = [task for task in tasks if task.status in LIVE]
    if any(task.node in GONE for task in live) or serials_out(chain.order_line_id):
        return True
    noted = evidence_of(task.id for task in live if task.node == Node.PACKED)
    return any(each.kind == Proof.CHECK for found in noted.values() for each in found)


def _unpack(chain: Chain, *, actor: str, cause: str, now: datetime) -> None:
    """The units stay on the shelf they came from: another outlet cannot give out what it has not got."""
    end_open_tasks(chain, actor=actor, cause=cause, now=now)
    take_serials_back(chain, now=now)
    begin_anew(chain, at=Node.PACKED, actor=actor, now=now)


def _hand_to(
    chain: Chain, tasks: Collection[Task], *, actor: str, cause: str, now: datetime
) -> None:
    """Every node that is not over belongs to the chain's outlet and to nobody there yet."""
    for task in tasks:
        if task.status not in LIVE or task.node == Node.DISPATCHED:
            continue
        task.outlet_id = chain.outlet_id
        db.session.flush()
        if task.status == TaskStatus.TAKEN or task.problem is not None:
            move_task(
                task,
                TaskStatus.OPEN,
                actor=actor,
                cause=cause,
                now=now,
                taken_by=None,
                taken_at=None,
                problem=None,
            )


def end_open_tasks(chain: Chain, *, actor: str, cause: str, now: datetime) -> Node:
    """Close what is open of a chain without doing it; the node it had come to."""
    tasks = tasks_of_chain(chain.id, only_round=chain.round)
    live = [task for task in tasks if task.status in LIVE]
    for task in live:
        move_task(task, TaskStatus.ENDED, actor=actor, cause=cause, now=now)
    return Node(live[0].node if live else tasks[-1].node)


def set_chain_status(chain: Chain, to: ChainStatus, *, source: ChainStatus, now: datetime) -> bool:
    """Move a chain; False when it was not in `source` any more."""
    changed = db.session.execute(
        update(Chain)
        .where(Chain.id == chain.id, Chain.status == source)
        .values(status=to, ended_at=None if to is ChainStatus.RUNNING else now)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(chain)
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def begin_anew(
    chain: Chain, *, at: Node, keeps: Collection[Node] = (), actor: str, now: datetime
) -> None:
    """A new round from a node on; `keeps` are later nodes that stay done, out of their turn."""
    set_chain_status(chain, ChainStatus.RUNNING, source=ChainStatus.ENDED, now=now)
    chain.round += 1
    chain.starts_at = at
    db.session.flush()
    for node in keeps:
        finish_node(chain, node, actor=actor, cause="as before", now=now)


def raise_problem(task: Task, reason: str, *, actor: str, now: datetime) -> None:
    """Say that a node cannot go on; it stays where it is, marked, until it is given on."""
    if task.status not in LIVE or not move_task(
        task, TaskStatus(task.status), actor=actor, cause=reason, now=now, problem=reason
    ):
        raise NotYet(node=task.node)
