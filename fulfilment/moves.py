"""The one place where a task changes state: a conditional update and a history row."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import update

from fulfilment.clocks import due_of
from fulfilment.models import Chain, Task, TaskMove, TaskStatus
from fulfilment.nodes import Node, Owner, Step
from wx_backend.db import db, inserted

LIVE: Final = (TaskStatus.OPEN, TaskStatus.TAKEN)


def open_task(
    chain: Chain, step: Step, *, entered_at: datetime, actor: str, cause: str
) -> Task | None:
    """Open a node of a chain in its present round; None when it was opened before."""
    due = chain.promised_at if step.node is Node.DELIVERED and chain.is_same_day else None
    return _open(
        chain,
        step.node,
        step.owner,
        entered_at=entered_at,
        due_at=max(due, entered_at)
        if due is not None
        else due_of(step.clock, entered_at, chain.outlet_id),
        actor=actor,
        cause=cause,
    )


def open_return_task(
    chain: Chain, *, entered_at: datetime, due_at: datetime, actor: str, cause: str
) -> Task | None:
    """Open the node of the way back; None when it is open in this round already."""
    return _open(
        chain,
        Node.RETURNED,
        Owner.OUTLET,
        entered_at=entered_at,
        due_at=due_at,
        actor=actor,
        cause=cause,
    )


def _open(
    chain: Chain, node: Node, owner: Owner, *, entered_at: datetime, due_at: datetime, **why: str
) -> Task | None:
    key = {"order_line_id": chain.order_line_id, "node": node, "round": chain.round}
    values = {
        **key,
        "chain_id": chain.id,
        "owner": owner,
        "outlet_id": chain.outlet_id,
        "status": TaskStatus.OPEN,
        "entered_at": entered_at,
        "due_at": due_at,
    }
    task = inserted(Task, values, key=tuple(key))
    if task is not None:
        _note(task.id, None, TaskStatus.OPEN, moved_at=entered_at, **why)
    return task


def move_task(
    task: Task, to: TaskStatus, *, actor: str, cause: str, now: datetime, **values: Any
) -> bool:
    """Move a task on from the state it was read in; False when somebody else did so first.

    `values` are the columns that date the new state. A task that is over never moves again.
    """
    source = TaskStatus(task.status)
    if source not in LIVE:
        return False
    moved = db.session.scalars(
        update(Task)
        .where(Task.id == task.id, Task.status == source)
        .values(status=to, **values)
        .returning(Task)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if moved is None:
        return False
    _note(task.id, source, to, actor=actor, cause=cause, moved_at=now)
    return True


def _note(task_id: int, source: TaskStatus | None, to: TaskStatus, **why: Any) -> None:
    db.session.add(TaskMove(task_id=task_id, from_status=source, to_status=to, **why))
    db.session.flush()
