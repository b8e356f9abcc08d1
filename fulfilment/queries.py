"""Reads of fulfilment: the tasks of an outlet, the pool, what is overdue, the nodes of a line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from catalog.models import Stock, StockPlace
from fulfilment.models import (
    Chain,
    ChainStatus,
    Evidence,
    ReturnCase,
    Review,
    Serial,
    SerialKind,
    SerialRule,
    Task,
    TaskStatus,
)
from fulfilment.nodes import CHAINS, PICKUPS, Node, Owner, Way, before
from wx_backend.db import db
from wx_backend.errors import NotFound

PAGE = 20
_LIVE = (TaskStatus.OPEN, TaskStatus.TAKEN)
_ORDER = {node: place for place, node in enumerate(Node)}
AT_DESK = frozenset(
    {(way, step.node) for way, steps in CHAINS.items() for step in steps if step.at_desk}
)


def tasks_of_chain(chain_id: int, *, only_round: int | None = None) -> Sequence[Task]:
    """The nodes of one chain in their order; of one round or of all."""
    query = select(Task).where(Task.chain_id == chain_id)
    if only_round is not None:
        query = query.where(Task.round == only_round)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return sorted(rows, key=lambda task: (task.round, _ORDER[Node(task.node)]))


def tasks_of_chains(chain_ids: Iterable[int]) -> Mapping[int, list[Task]]:
    """The nodes of these chains in their order, by chain."""
    rows = db.session.scalars(
        select(Task)
        .where(Task.chain_id.in_(set(chain_ids)))
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Task]] = {}
    for task in sorted(rows, key=lambda task: (task.round, _ORDER[Node(task.node)])):
        found.setdefault(task.chain_id, []).append(task)
    return found


def task_at(chain: Chain, node: Node) -> Task | None:
    """A node of the chain's present round."""
    return db.session.scalars(
        select(Task)
        .where(Task.chain_id == chain.id, Task.round == chain.round, Task.node == node)
        .execution_options(populate_existing=True)
    ).one_or_none()


def passed_at(chain: Chain, node: Node) -> Task | None:
    """A node as it counts now: of the present round, or done before that where it began after the node."""
    counts = Task.round == chain.round
    if node in before(Way(chain.way), Node(chain.starts_at)):
        counts = or_(counts, Task.status == TaskStatus.DONE)
    return db.session.scalars(
        select(Task)
        .where(Task.chain_id == chain.id, Task.node == node, counts)
        .order_by(Task.round.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def has_passed(chain: Chain, node: Node) -> bool:
    """Whether a node is done, as it counts now."""
    task = passed_at(chain, node)
    return task is not None and task.status == TaskStatus.DONE


def chains_of_order(order_id: int) -> Sequence[Chain]:
    """The chains of one order by line."""
    return db.session.scalars(
        select(Chain).where(Chain.order_id == order_id).order_by(Chain.order_line_id)
    ).all()


def ready_at_counter(order_id: int) -> Sequence[tuple[Chain, Task]]:
    """Lines of an order that lie packed at a counter to be fetched, each with the node that ends there."""
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, and_(Task.chain_id == Chain.id, Task.round == Chain.round))
        .where(
            Chain.order_id == order_id,
            Chain.way.in_(PICKUPS),
            Chain.status == ChainStatus.RUNNING,
            Task.node == Node.DELIVERED,
            Task.status.in_(_LIVE),
        )
        .order_by(Chain.order_line_id)
        .execution_options(populate_existing=True)
    )
    return [(chain, task) for chain, task in rows]


def tasks_at_desk(outlet_id: int, *, limit: int = 100) -> Sequence[tuple[Chain, Task]]:
    """What an outlet has to do or to watch: problems first, then by when it is due."""
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(Task.outlet_id == outlet_id, Task.status.in_(_LIVE), or_(*_at_desk()))
        .order_by(Task.problem.is_(None), Task.due_at, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]


def _at_desk() -> list[ColumnElement[bool]]:
    """The nodes an outlet has on its list, way by way; a return whatever its way."""
    steps = [and_(Chain.way == way, Task.node == node) for way, node in sorted(AT_DESK)]
    return [*steps, Task.node == Node.RETURNED]


def parcels_of_outlet(outlet_id: int, *, limit: int = 100) -> Sequence[tuple[Chain, Task]]:
    """What an outlet gave to a carrier and nobody has said to be delivered, by when it is due."""
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(
            Task.outlet_id == outlet_id,
            Task.status.in_(_LIVE),
            Task.node == Node.DELIVERED,
            Task.owner == Owner.CARRIER,
        )
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]


def pool_tasks(
    scope: Select[int], *, sees_all: bool, limit: int = 200
) -> Sequence[tuple[Chain, Task]]:
    """Lines of these pools that wait for an outlet, and lines whose outlet cannot go on.

    `sees_all` adds lines that belong to no pool.
    """
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(*_in_pool(scope, sees_all))
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """How many lines lie in some pools: in all, without an outlet, with a problem."""

    lines: int
    undispatched: int
    troubled: int


def count_pool(scope: Select[int], *, sees_all: bool) -> PoolCounts:
    """The same as `pool_tasks`, counted however many they are."""
    counts = (
        func.count(Task.id),
        func.count(Task.id).filter(Task.node == Node.DISPATCHED),
        func.count(Task.id).filter(Task.problem.is_not(None)),
    )
    query = select(*counts).join(Chain, Chain.id == Task.chain_id)
    return PoolCounts(*db.session.execute(query.where(*_in_pool(scope, sees_all))).one())


def _in_pool(scope: Select[int], sees_all: bool) -> list[ColumnElement[bool]]:
    mine = Chain.pool_id.in_(scope)
    return [
        or_(mine, Chain.pool_id.is_(None)) if sees_all else mine,
        Task.status.in_(_LIVE),
        or_(Task.node == Node.DISPATCHED, Task.problem.is_not(None)),
    ]


def overdue_tasks(
    scope: Select[int], *, now: datetime, limit: int = 200
) -> Sequence[tuple[Chain, Task]]:
    """Nodes past their time at these places, the longest overdue first."""
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(*_overdue(scope, now))
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]


def count_overdue(scope: Select[int], *, now: datetime) -> int:
    """How many nodes are past their time at these places."""
    query = select(func.count(Task.id)).join(Chain, Chain.id == Task.chain_id)
    return db.session.scalar(query.where(*_overdue(scope, now))) or 0


def _overdue(scope: Select[int], now: datetime) -> list[ColumnElement[bool]]:
    return [
        or_(Chain.outlet_id.in_(scope), Chain.pool_id.in_(scope)),
        Task.status.in_(_LIVE),
        Task.due_at < now,
        Task.owner != Owner.CUSTOMER,
        Chain.status != ChainStatus.ARCHIVED,
    ]


def evidence_of(task_ids: Iterable[int]) -> Mapping[int, list[Evidence]]:
    """What proves each of these tasks, by task id."""
    rows = db.session.scalars(
        select(Evidence).where(Evidence.task_id.in_(set(task_ids))).order_by(Evidence.id)
    )
    found: dict[int, list[Evidence]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(row)
    return found


def serials_out(order_line_id: int) -> Sequence[str]:
    """The serial numbers of the units that are with a line now."""
    return db.session.scalars(
        select(Serial.value)
        .where(Serial.order_line_id == order_line_id, Serial.returned_at.is_(None))
        .order_by(Serial.id)
    ).all()


def serial_of(product_kind: str, category_id: int) -> SerialKind:
    """Which serial number a product's units carry: its category's word, else its kind's."""
    rule = db.session.get(SerialRule, category_id)
    if rule is not None:
        return SerialKind(rule.serial)
    return {"goods": SerialKind.IMEI, "sim": SerialKind.ICCID}.get(product_kind, SerialKind.NONE)


def open_return(chain: Chain) -> ReturnCase | None:
    """The return of the chain's present round, whatever has become of it."""
    return db.session.scalars(
        select(ReturnCase)
        .where(ReturnCase.chain_id == chain.id, ReturnCase.round == chain.round)
        .execution_options(populate_existing=True)
    ).one_or_none()


def reviews_of(order_line_ids: Iterable[int]) -> Mapping[int, Review]:
    """What the customer said of these lines, by line id."""
    rows = db.session.scalars(select(Review).where(Review.order_line_id.in_(set(order_line_ids))))
    return {row.order_line_id: row for row in rows}


def count_live_at(outlet_ids: Iterable[int]) -> Mapping[int, int]:
    """How many nodes wait at each of these outlets."""
    rows = db.session.execute(
        select(Task.outlet_id, func.count())
        .where(Task.outlet_id.in_(set(outlet_ids)), Task.status.in_(_LIVE))
        .group_by(Task.outlet_id)
    )
    return {outlet_id: count for outlet_id, count in rows if outlet_id is not None}


def chain_of_line(order_line_id: int) -> Chain | None:
    """The chain of an order line."""
    return db.session.scalars(
        select(Chain)
        .where(Chain.order_line_id == order_line_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def task_of_outlet(task_id: int, outlet_id: int) -> tuple[Chain, Task]:
    """A task and its chain, if it lies with this outlet; NotFound for any other."""
    found = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(Task.id == task_id, Chain.outlet_id == outlet_id, Task.owner != Owner.POOL)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def chain_within(chain_id: int, scope: Select[int], *, sees_all: bool) -> Chain:
    """A chain whose pool or outlet lies in a scope; NotFound for any other."""
    mine = or_(Chain.outlet_id.in_(scope), Chain.pool_id.in_(scope))
    query = select(Chain).where(Chain.id == chain_id)
    chain = db.session.scalars(query if sees_all else query.where(mine)).one_or_none()
    if chain is None:
        raise NotFound
    return chain


def outlets_with_stock(sku_id: int, *, at_least: int) -> Sequence[int]:
    """Outlets that keep so many free units of a variant themselves."""
    return [
        outlet_id
        for outlet_id in db.session.scalars(
            select(StockPlace.outlet_id)
            .join(Stock, Stock.place_id == StockPlace.id)
            .where(Stock.sku_id == sku_id, Stock.on_hand - Stock.reserved >= at_least)
            .order_by(StockPlace.outlet_id)
        )
        if outlet_id is not None
    ]


def pictures_noted(names: Iterable[str]) -> set[str]:
    """Those of these pictures that some evidence refers to."""
    query = select(Evidence.picture).where(Evidence.picture.in_(set(names)))
    return {name for name in db.session.scalars(query) if name is not None}


def tasks_left_alone(*, now: datetime, limit: int = 100) -> Sequence[tuple[Chain, Task]]:
    """Open nodes that the system closes by now because nobody else did, by order."""
    due = or_(
        *(
            and_(Chain.way == way, Task.node == step.node, Task.entered_at <= now - step.by_itself)
            for way, steps in CHAINS.items()
            for step in steps
            if step.by_itself is not None
        )
    )
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(Chain.status == ChainStatus.RUNNING, Task.status.in_(_LIVE), due)
        .order_by(Chain.order_id, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]
