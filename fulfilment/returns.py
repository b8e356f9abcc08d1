"""Verbs on lines that go back: why, from which node, and how far the return has come."""

from datetime import datetime

from sqlalchemy import update

from fulfilment.clocks import due_of
from fulfilment.models import (
    Chain,
    ChainStatus,
    ReturnCase,
    ReturnKind,
    ReturnStage,
    TaskStatus,
)
from fulfilment.moves import move_task, open_return_task
from fulfilment.nodes import RETURN_CLOCK, Node, Way, before
from fulfilment.operations import GONE, begin_anew, end_open_tasks, set_chain_status
from fulfilment.packing import take_serials_back
from fulfilment.queries import open_return, task_at, tasks_of_chain
from fulfilment.return_requests import agree_to_waiting
from wx_backend.db import db, upsert


def kind_of_return(chain: Chain) -> ReturnKind:
    """Cancelled while it is still here, returned once it has gone out."""
    is_gone = any(
        task.node in GONE and task.status == TaskStatus.DONE for task in tasks_of_chain(chain.id)
    )
    return ReturnKind.RETURNED if is_gone else ReturnKind.CANCELLED


def start_return(chain: Chain, kind: ReturnKind, *, reason: str, actor: str, now: datetime) -> bool:
    """End a line's way and begin the way back; False when that was done before.

    What its customer asked to that end is agreed to by that.
    """
    if chain.status == ChainStatus.ENDED:
        return False
    at_node = end_open_tasks(chain, actor=actor, cause=reason, now=now)
    set_chain_status(chain, ChainStatus.ENDED, source=ChainStatus(chain.status), now=now)
    values = {
        "chain_id": chain.id,
        "round": chain.round,
        "kind": kind,
        "reason": reason,
        "at_node": at_node,
        "stage": ReturnStage.ASKED,
        "asked_by": actor,
        "asked_at": now,
    }
    upsert(ReturnCase, values, key=("chain_id", "round"))
    agree_to_waiting(chain, actor=actor, now=now)
    open_return_task(
        chain,
        entered_at=now,
        due_at=due_of(RETURN_CLOCK, now, chain.outlet_id),
        actor=actor,
        cause=reason,
    )
    return True


def note_goods_back(chain: Chain, *, actor: str, now: datetime) -> bool:
    """The units are here again and may be sold again; False when they were before."""
    case = open_return(chain)
    if case is None or case.stage == ReturnStage.WITHDRAWN or case.goods_back_at is not None:
        return False
    case.goods_back_at = now
    _move(case, ReturnStage.ASKED, ReturnStage.GOODS_BACK)
    take_serials_back(chain, now=now)
    _note(chain, actor=actor, cause="goods back", now=now)
    return True


def settle_return(chain: Chain, *, actor: str, now: datetime) -> bool:
    """The money is back with the customer, or another unit is on its way: the return is over."""
    case = open_return(chain)
    stages = (ReturnStage.ASKED, ReturnStage.GOODS_BACK)
    if case is None or not any(
        _move(case, stage, ReturnStage.SETTLED, ended_at=now) for stage in stages
    ):
        return False
    if case.kind == ReturnKind.CANCELLED:
        take_serials_back(chain, now=now)
    _end(chain, TaskStatus.DONE, actor=actor, cause="settled", now=now)
    return True


def withdraw_return(chain: Chain, *, actor: str, cause: str, now: datetime) -> bool:
    """Neither units nor money go back: the line goes on from the node it had come to."""
    case = open_return(chain)
    if case is None or not _move(case, ReturnStage.ASKED, ReturnStage.WITHDRAWN, ended_at=now):
        return False
    _end(chain, TaskStatus.ENDED, actor=actor, cause=cause, now=now)
    at, way = Node(case.at_node), Way(chain.way)
    passed = tasks_of_chain(chain.id, only_round=chain.round)
    done = [Node(task.node) for task in passed if task.status == TaskStatus.DONE]
    keeps = [node for node in done if node not in before(way, at)]
    begin_anew(chain, at=at, keeps=keeps, actor=actor, now=now)
    return True


def _move(case: ReturnCase, source: ReturnStage, to: ReturnStage, **instants: datetime) -> bool:
    changed = db.session.execute(
        update(ReturnCase)
        .where(ReturnCase.id == case.id, ReturnCase.stage == source)
        .values(stage=to, **instants)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(case)
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _note(chain: Chain, *, actor: str, cause: str, now: datetime) -> None:
    task = task_at(chain, Node.RETURNED)
    if task is not None:
        move_task(task, TaskStatus(task.status), actor=actor, cause=cause, now=now)


def _end(chain: Chain, to: TaskStatus, *, actor: str, cause: str, now: datetime) -> None:
    task = task_at(chain, Node.RETURNED)
    if task is not None:
        done_at = now if to is TaskStatus.DONE else None
        move_task(task, to, actor=actor, cause=cause, now=now, done_at=done_at)
