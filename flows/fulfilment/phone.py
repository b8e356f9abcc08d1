"""What an outlet's people see on the phone: their list by urgency, and one task with its story."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from flows.fulfilment.desk import DeskTask, DeskTaskPage, desk_tasks, task_page, tasks_of_outlet
from flows.fulfilment.returning import goods_back
from fulfilment.errors import NotYet, TakenByOther
from fulfilment.models import TaskStatus
from fulfilment.nodes import Node, Proof
from fulfilment.queries import evidence_of, parcels_of_outlet, task_of_outlet
from org.queries import rep_card
from org.roster import names_of_reps

SOON_MINUTES: Final = 60
_TOLD: Final = frozenset({Proof.CALL, Proof.PROBLEM})
COLLEAGUE: Final = "同事"


class Urgency(StrEnum):
    """How soon a task wants to be done, most urgent first."""

    PROBLEM = "problem"
    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Todo:
    """One row of the list."""

    task: DeskTask
    urgency: Urgency
    holder: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class TodoList:
    """The rows of one node or of all; `counts` says how many rows each node has."""

    rows: Sequence[Todo]
    counts: Mapping[Node, int]


@dataclass(frozen=True, slots=True)
class Note:
    """A call or a problem: what was said, by whom, with which picture."""

    kind: Proof
    words: str
    by: str
    at: datetime
    picture: str


@dataclass(frozen=True, slots=True)
class PhoneTask:
    """One task for the person who looks at it."""

    page: DeskTaskPage
    urgency: Urgency
    holder: str
    is_mine: bool
    notes: Sequence[Note]

    @property
    def is_live(self) -> bool:
        """Whether anything is left to do."""
        return self.page.task.status in (TaskStatus.OPEN, TaskStatus.TAKEN)


def actor_of(rep_id: int) -> str:
    """How a rep is written down as the one who did something."""
    return f"rep:{rep_id}"


def outlet_of(rep_id: int) -> int:
    """The outlet a rep acts for."""
    return rep_card(rep_id).outlet_id


def todo_list(rep_id: int, *, node: str = "", now: datetime) -> TodoList:
    """What lies with the rep's outlet, and its parcels that are under way."""
    outlet_id = outlet_of(rep_id)
    tasks = tasks_of_outlet(outlet_id, now=now)
    tasks += desk_tasks(parcels_of_outlet(outlet_id), now)
    tasks.sort(key=lambda each: (each.problem is None, each.due_at, each.task_id))
    counts = {wanted: sum(each.node is wanted for each in tasks) for wanted in Node}
    names = _names(each.taken_by for each in tasks)
    rows = [
        Todo(each, urgency(each), names.get(each.taken_by or "", ""), _is(rep_id, each))
        for each in tasks
        if node in ("", each.node)
    ]
    return TodoList(rows, {each: count for each, count in counts.items() if count})


def phone_task(task_id: int, *, rep_id: int, now: datetime) -> PhoneTask:
    """One task of the rep's outlet; NotFound for any other."""
    page = task_page(task_id=task_id, outlet_id=outlet_of(rep_id), now=now)
    told = [each for each in evidence_of([task_id]).get(task_id, []) if each.kind in _TOLD]
    names = _names([page.task.taken_by, *(each.actor for each in told)])
    notes = [
        Note(
            Proof(each.kind),
            each.value,
            names.get(each.actor, COLLEAGUE),
            each.noted_at,
            each.picture or "",
        )
        for each in told
    ]
    holder = names.get(page.task.taken_by or "", "")
    return PhoneTask(page, urgency(page.task), holder, _is(rep_id, page.task), notes)


def urgency(task: DeskTask) -> Urgency:
    """How soon it wants to be done."""
    if task.problem is not None:
        return Urgency.PROBLEM
    if task.minutes_left < 0:
        return Urgency.OVERDUE
    return Urgency.SOON if task.minutes_left <= SOON_MINUTES else Urgency.LATER


def is_repeat(task_id: int, *, rep_id: int, now: datetime) -> bool:
    """Whether the step is over already, done by this very person: his tap came twice."""
    task = phone_task(task_id, rep_id=rep_id, now=now).page.task
    return task.status is TaskStatus.DONE and task.taken_by == actor_of(rep_id)


def taken_by_whom(task_id: int, *, rep_id: int, now: datetime) -> TakenByOther:
    """The refusal that names the colleague who was faster."""
    holder = phone_task(task_id, rep_id=rep_id, now=now).holder
    return TakenByOther(f"该任务已由{holder or COLLEAGUE}接单")


def take_goods_back(*, task_id: int, outlet_id: int, actor: str, now: datetime) -> None:
    """The units of a line that comes back are at the outlet. Raises NotYet, NotFound."""
    chain, task = task_of_outlet(task_id, outlet_id)
    if task.node != Node.RETURNED:
        raise NotYet(node=task.node)
    goods_back(chain_id=chain.id, staff_node_id=outlet_id, actor=actor, now=now)


def _is(rep_id: int, task: DeskTask) -> bool:
    return task.taken_by == actor_of(rep_id)


def _names(actors: Iterable[str | None]) -> dict[str, str]:
    """What these actors are called; staff of the console are just colleagues."""
    found = {actor for actor in actors if actor}
    reps = {int(each.removeprefix("rep:")) for each in found if each.startswith("rep:")}
    named = {actor_of(rep_id): name for rep_id, name in names_of_reps(reps).items()}
    return {actor: named.get(actor, COLLEAGUE) for actor in found}
