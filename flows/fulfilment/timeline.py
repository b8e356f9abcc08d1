"""The way of each line of an order as people look at it: nodes behind, here, and ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from fulfilment.models import Chain, ChainStatus, Evidence, ReturnCase, Task, TaskStatus
from fulfilment.nodes import CARRIERS, CHAINS, NAMES, OWNERS, Node, Owner, Proof, Step, Way, before
from fulfilment.queries import chains_of_order, evidence_of, tasks_of_chains
from fulfilment.return_models import ReturnRequest
from fulfilment.return_requests import going_back
from orders.models import OrderLine
from orders.queries import lines_of_order
from org.roster import names_of_nodes


class Place(StrEnum):
    """Where a node lies from where the line is."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Stop:
    """One node: `at` is when it was done, `proofs` what it was done with."""

    node: Node
    name: str
    owner: str
    place: Place
    at: datetime | None
    due_at: datetime | None
    is_overdue: bool
    problem: str
    proofs: Sequence[str]


@dataclass(frozen=True, slots=True)
class LineWay:
    """The way of one line; `back` is its return, if it is going or gone back.

    `asked` is what its customer asked to that end.
    """

    chain_id: int
    line_id: int
    line_name: str
    outlet_id: int | None
    outlet: str
    status: ChainStatus
    round: int
    promised_at: datetime | None
    is_same_day: bool
    stops: Sequence[Stop]
    back: ReturnCase | None
    asked: ReturnRequest | None

    @property
    def is_to_leave(self) -> bool:
        """Whether it is to be given to a carrier, and was not yet."""
        return self.status is ChainStatus.RUNNING and any(
            stop.node is Node.HANDED_OVER and stop.place in (Place.HERE, Place.AHEAD)
            for stop in self.stops
        )


def ways_of_order(
    order_id: int,
    *,
    now: datetime,
    lines: Sequence[OrderLine] = (),
    places: Mapping[int, str] = MappingProxyType({}),
) -> list[LineWay]:
    """The way of every line that has set out.

    `lines`, and the names of `places` by id, as far as the caller has read them.
    """
    names = {line.id: line.name for line in lines or lines_of_order(order_id)}
    chains = chains_of_order(order_id)
    if not chains:
        return []
    ids = [chain.id for chain in chains]
    tasks, backs = tasks_of_chains(ids), going_back(ids)
    proofs = evidence_of(task.id for found in tasks.values() for task in found)
    outlets = {each for chain in chains if (each := chain.outlet_id)}
    names_of = {**places, **names_of_nodes(outlets - places.keys())}
    return [
        LineWay(
            chain_id=chain.id,
            line_id=chain.order_line_id,
            line_name=names[chain.order_line_id],
            outlet_id=chain.outlet_id,
            outlet=names_of.get(chain.outlet_id or 0, ""),
            status=ChainStatus(chain.status),
            round=chain.round,
            promised_at=chain.promised_at,
            is_same_day=chain.is_same_day,
            stops=_stops(chain, tasks.get(chain.id, []), proofs, now),
            back=backs[chain.id][0],
            asked=backs[chain.id][1],
        )
        for chain in chains
    ]


def _stops(
    chain: Chain, tasks: Sequence[Task], proofs: Mapping[int, list[Evidence]], now: datetime
) -> list[Stop]:
    newest = {Node(task.node): task for task in tasks}
    return [_stop(chain, step, newest, proofs, now) for step in CHAINS[Way(chain.way)]]


def _stop(
    chain: Chain,
    step: Step,
    tasks: Mapping[Node, Task],
    proofs: Mapping[int, list[Evidence]],
    now: datetime,
) -> Stop:
    task = tasks.get(step.node)
    place = _place(chain, step.node, task)
    is_here = task is not None and place is Place.HERE
    return Stop(
        node=step.node,
        name=NAMES[step.node],
        owner=OWNERS[step.owner],
        place=place,
        at=task.done_at if task is not None and place is Place.DONE else None,
        due_at=task.due_at if task is not None and is_here else None,
        is_overdue=task is not None
        and is_here
        and task.due_at < now
        and step.owner is not Owner.CUSTOMER,
        problem=(task.problem or "") if task is not None and is_here else "",
        proofs=[text for each in proofs.get(task.id, []) if (text := _words(each))] if task else [],
    )


def _place(chain: Chain, node: Node, task: Task | None) -> Place:
    if task is None:
        return Place.AHEAD
    is_earlier = task.round < chain.round and node not in before(
        Way(chain.way), Node(chain.starts_at)
    )
    if is_earlier:
        return Place.AHEAD
    if task.status == TaskStatus.DONE:
        return Place.DONE
    return Place.STOPPED if task.status == TaskStatus.ENDED else Place.HERE


def _words(proof: Evidence) -> str:
    """What a piece of evidence reads like; items of the check-list are counted, not listed."""
    if proof.kind == Proof.CARRIER:
        return CARRIERS.get(proof.value, proof.value)
    words = {
        Proof.SERIAL: "串码 ",
        Proof.WAYBILL: "运单号 ",
        Proof.RECEIPT: "回执 ",
        Proof.CALL: "已致电：",
        Proof.PROBLEM: "异常：",
    }
    prefix = words.get(Proof(proof.kind))
    return f"{prefix}{proof.value}" if prefix is not None else ""
