"""What the console shows of the chain: the central pool, what is overdue, figures, reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flows.fulfilment.opening import region_of
from fulfilment.kpis import KPIS, Figure, Kpi, Stay, Window, bad_reply_minutes, figure, lines_behind
from fulfilment.models import Chain, Review, Task
from fulfilment.nodes import NAMES, OWNERS, Node, Owner
from fulfilment.queries import PoolCounts, count_pool, overdue_tasks, pool_tasks
from fulfilment.reviews import reviews_to_answer
from fulfilment.turnover import turnover_bp
from insights.queries import places_below
from insights.values import Span
from orders.models import OrderLine, SalesOrder
from orders.queries import lines_by_id, orders_by_id
from org.models import OrgNode, Tier
from org.queries import nodes_under, under
from org.roster import holds_everything, names_of_nodes

TIERS = {Tier.OUTLET: "已通知网点", Tier.CITY: "已升级到地市", Tier.PROVINCE: "已升级到省"}


@dataclass(frozen=True, slots=True)
class Row:
    """One node of one line in a list of the console."""

    chain_id: int
    task_id: int
    order: SalesOrder
    line_name: str
    quantity: int
    region: str
    outlet: str
    node: Node
    node_name: str
    owner: str
    due_at: datetime
    is_overdue: bool
    late_minutes: int
    problem: str
    tier: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure as it is shown: a value in words, and how many lines are behind it."""

    kpi: Kpi
    value: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line behind a figure."""

    order: SalesOrder
    line_name: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review that waits for an answer."""

    row: Review
    order: SalesOrder
    line_name: str
    outlet: str


def pool(node_id: int, *, now: datetime) -> list[Row]:
    """Lines that wait for an outlet, and lines whose outlet has raised a problem."""
    found = pool_tasks(under(node_id), sees_all=holds_everything(node_id))
    return _rows(found, now)


def overdue(node_id: int, *, now: datetime) -> list[Row]:
    """Nodes past their time within a part of the organisation, the longest overdue first."""
    return _rows(overdue_tasks(under(node_id), now=now), now)


def pool_counts(node_id: int) -> PoolCounts:
    """How many lines the pool holds, listed or not."""
    return count_pool(under(node_id), sees_all=holds_everything(node_id))


def outlets_of(node_id: int) -> Sequence[OrgNode]:
    """Where a line may be given to."""
    return [node for node in nodes_under(node_id, tier=Tier.OUTLET) if node.closed_on is None]


def window_of(node_id: int, *, first: date, last: date, now: datetime) -> Window:
    """The lines of a part of the organisation over some days, by the tree of each day."""
    stays = [Stay(*each) for each in places_below(node_id, Span(first, last))]
    return Window(stays, first, last, now)


def figures(node_id: int, window: Window) -> list[FigureRow]:
    """The nine figures of a part of the organisation and a span of days."""
    rows = [figure(kpi, window) for kpi in KPIS]
    return [FigureRow(row.kpi, _value(row, node_id, window), row) for row in rows]


def orders_behind(
    kpi: Kpi, window: Window, *, is_hit: bool | None, after: int, limit: int
) -> list[LineRow]:
    """The lines behind a figure, newest first."""
    found = lines_behind(kpi, window, is_hit=is_hit, after=after, limit=limit)
    orders = orders_by_id(order_id for _, order_id, _ in found)
    lines = lines_by_id(line_id for line_id, _, _ in found)
    return [LineRow(orders[order_id], lines[line_id].name, hit) for line_id, order_id, hit in found]


def open_reviews(node_id: int) -> list[ReviewRow]:
    """Reviews nobody has answered, the worst first."""
    reviews = reviews_to_answer(under(node_id))
    outlets = names_of_nodes(each.outlet_id for each in reviews if each.outlet_id is not None)
    lines = lines_by_id(each.order_line_id for each in reviews)
    orders = orders_by_id(line.order_id for line in lines.values())
    return [
        ReviewRow(
            row=each,
            order=orders[lines[each.order_line_id].order_id],
            line_name=lines[each.order_line_id].name,
            outlet=outlets.get(each.outlet_id or 0, ""),
        )
        for each in reviews
    ]


def _value(row: Figure, node_id: int, window: Window) -> str:
    if row.kpi.key == "turnover":
        rate = turnover_bp(window, is_everything=holds_everything(node_id))
        return f"{rate / 10_000:.2f} 次" if rate is not None else "—"
    if row.kpi.key == "bad_replies":
        minutes = bad_reply_minutes(window)
        return _length(minutes) if minutes is not None else "—"
    return f"{row.rate_bp / 100:.1f}%" if row.rate_bp is not None else "—"


def _length(minutes: int) -> str:
    return f"{minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f"{minutes} 分钟"


def _rows(found: Sequence[tuple[Chain, Task]], now: datetime) -> list[Row]:
    orders = orders_by_id(chain.order_id for chain, _ in found)
    lines = lines_by_id(chain.order_line_id for chain, _ in found)
    outlets = names_of_nodes(chain.outlet_id for chain, _ in found if chain.outlet_id is not None)
    return [
        _row(
            (chain, task),
            (orders[chain.order_id], lines[chain.order_line_id]),
            outlets.get(chain.outlet_id or 0, ""),
            now,
        )
        for chain, task in found
    ]


def _row(
    node: tuple[Chain, Task], sold: tuple[SalesOrder, OrderLine], outlet: str, now: datetime
) -> Row:
    (chain, task), (order, line) = node, sold
    return Row(
        chain_id=chain.id,
        task_id=task.id,
        order=order,
        line_name=line.name,
        quantity=line.quantity,
        region=region_of(order),
        outlet=outlet,
        node=Node(task.node),
        node_name=NAMES[Node(task.node)],
        owner=OWNERS[Owner(task.owner)],
        due_at=task.due_at,
        is_overdue=task.due_at < now,
        late_minutes=int((now - task.due_at).total_seconds()) // 60,
        problem=task.problem or "",
        tier=TIERS.get(Tier(task.tier), "") if task.tier else "",
    )
