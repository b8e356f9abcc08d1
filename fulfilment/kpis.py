"""Nine figures computed from node times; each opens to the lines behind it.

One query per figure says which lines count and which of them are hits. The number and the list
are made from the same query, so that they can never differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from fulfilment.models import Chain, ChainStatus, ReturnCase, ReturnStage, Review, Task, TaskStatus
from fulfilment.nodes import Node, Owner, Way
from fulfilment.reviews import BAD, GOOD
from wx_backend.clock import SHANGHAI
from wx_backend.db import db

COURIER: Final = (Way.GOODS_COURIER, Way.SIM_COURIER)
PICKUP: Final = (Way.GOODS_PICKUP, Way.SIM_PICKUP)
DAYS_MAX: Final = 92


@dataclass(frozen=True, slots=True)
class Stay:
    """Places that belonged to a part of the organisation from one day on until another (exclusive)."""

    places: Select[int]
    first_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Window:
    """Whose lines, and of which Shanghai days (both included); `now` decides what is overdue.

    A line counts for whom its place belonged to on the day in question, whoever has it today.
    """

    stays: Sequence[Stay]
    first: date
    last: date
    now: datetime

    def holds(self, place: Any, at: Any) -> ColumnElement[bool]:
        """Whether an instant lies within the window, and the place belonged here on its day."""
        return or_(
            false(),
            *(
                and_(
                    place.in_(stay.places),
                    at >= _midnight(max(stay.first_on, self.first)),
                    at < min(_midnight(stay.until_on), self.end),
                )
                for stay in self.stays
            ),
        )

    @property
    def begin(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))

    def days(self) -> list[tuple[datetime, datetime]]:
        """Beginning and end of each day."""
        count = (self.last - self.first).days + 1
        starts = [_midnight(self.first + timedelta(days=n)) for n in range(count + 1)]
        return list(pairwise(starts))


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure: its name, what it means in words, and the query of its lines."""

    key: str
    name: str
    meaning: str
    lines: Callable[[Window], Select[Any]]
    is_rate: bool = True
    hit: str = "达标"
    miss: str = "未达标"


@dataclass(frozen=True, slots=True)
class Figure:
    """How many lines count, how many of them are hits; `rate_bp` is None without any."""

    kpi: Kpi
    count: int
    hits: int

    @property
    def rate_bp(self) -> int | None:
        """Hits per line in basis points."""
        return self.hits * 10_000 // self.count if self.count else None


def figure(kpi: Kpi, window: Window) -> Figure:
    """The number."""
    lines = kpi.lines(window).subquery()
    count, hits = db.session.execute(
        select(func.count(), func.coalesce(func.sum(lines.c.is_hit), 0)).select_from(lines)
    ).one()
    return Figure(kpi, count, int(hits))


def lines_behind(
    kpi: Kpi, window: Window, *, is_hit: bool | None = None, after: int = 0, limit: int = 50
) -> Sequence[tuple[int, int, bool]]:
    """The lines behind a figure: (order line id, order id, whether it is a hit), newest first."""
    lines = kpi.lines(window).subquery()
    query = select(lines.c.order_line_id, lines.c.order_id, lines.c.is_hit)
    if is_hit is not None:
        query = query.where(lines.c.is_hit == int(is_hit))
    rows = db.session.execute(
        query.order_by(lines.c.order_id.desc(), lines.c.row_id.desc()).offset(after).limit(limit)
    )
    return [(line_id, order_id, bool(hit)) for line_id, order_id, hit in rows]


def bad_reply_minutes(window: Window) -> int | None:
    """How long answers to bad reviews took on average, in minutes; None without an answer."""
    rows = db.session.execute(
        select(Review.reviewed_at, Review.replied_at).where(
            window.holds(Review.outlet_id, Review.reviewed_at),
            Review.stars <= BAD,
            Review.replied_at.is_not(None),
        )
    ).all()
    minutes = [
        int((replied - reviewed).total_seconds()) // 60
        for reviewed, replied in rows
        if replied is not None
    ]
    return sum(minutes) // len(minutes) if minutes else None


def units_sold(window: Window) -> int:
    """Units of the lines behind the turnover of stock."""
    lines = _stocked(window).subquery()
    return db.session.scalar(select(func.coalesce(func.sum(lines.c.quantity), 0))) or 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _chains(window: Window, hit: ColumnElement[bool], *where: ColumnElement[bool]) -> Select[Any]:
    """Lines paid in the window at these outlets, or still in their pool."""
    return _lines(hit, Chain.id).where(_mine(window, Chain.opened_at), *where)


def _lines(hit: ColumnElement[bool], row_id: Any) -> Select[Any]:
    is_hit = case((hit, 1), else_=0).label("is_hit")
    return select(
        Chain.order_line_id, Chain.order_id, Chain.quantity, is_hit, row_id.label("row_id")
    )


def _mine(window: Window, at: Any) -> ColumnElement[bool]:
    """Lines that at an instant in the window were with these outlets, or still in their pool."""
    in_pool = and_(Chain.outlet_id.is_(None), window.holds(Chain.pool_id, at))
    return or_(window.holds(Chain.outlet_id, at), in_pool)


def _done(*nodes: Node) -> ColumnElement[bool]:
    """Whether one of these nodes was done, in whatever round."""
    task = aliased(Task)
    return exists().where(
        task.chain_id == Chain.id, task.node.in_(nodes), task.status == TaskStatus.DONE
    )


def _cancelled_by_customer() -> ColumnElement[bool]:
    return exists().where(
        ReturnCase.chain_id == Chain.id,
        ReturnCase.asked_by.startswith("member:"),
        ReturnCase.stage != ReturnStage.WITHDRAWN,
    )


def _succeeded(window: Window) -> Select[Any]:
    arrived = or_(_done(Node.SIGNED), and_(Chain.way == Way.PLAN, _done(Node.OPENED)))
    return _chains(window, and_(arrived, Chain.status != ChainStatus.ENDED))


def _timely(window: Window, node: Node, *where: ColumnElement[bool]) -> Select[Any]:
    """Nodes entered in the window that are done or overdue; done in time are hits."""
    in_time = and_(Task.status == TaskStatus.DONE, Task.done_at <= Task.due_at)
    is_known = or_(Task.status == TaskStatus.DONE, Task.due_at < window.now)
    return (
        _lines(in_time, Task.id)
        .join(Task, Task.chain_id == Chain.id)
        .where(
            _mine(window, Task.entered_at),
            Task.node == node,
            Task.status != TaskStatus.ENDED,
            is_known,
            *where,
        )
    )


def _activated(window: Window) -> Select[Any]:
    return _timely(window, Node.OPENED)


def _delivered(window: Window) -> Select[Any]:
    return _timely(window, Node.DELIVERED, Chain.way.in_(COURIER))


def _well_reviewed(window: Window) -> Select[Any]:
    return _reviews(window, Review.stars >= GOOD)


def _badly_reviewed(window: Window) -> Select[Any]:
    return _reviews(window, Review.replied_at.is_not(None)).where(Review.stars <= BAD)


def _reviews(window: Window, hit: ColumnElement[bool]) -> Select[Any]:
    return (
        _lines(hit, Review.id)
        .join(Review, Review.chain_id == Chain.id)
        .where(window.holds(Review.outlet_id, Review.reviewed_at))
    )


def _shipped(window: Window) -> Select[Any]:
    out = or_(
        and_(Chain.way.in_(COURIER), _done(Node.HANDED_OVER)),
        and_(Chain.way.in_(PICKUP), _done(Node.PACKED)),
    )
    return _chains(window, out, Chain.way != Way.PLAN)


def _stocked(window: Window) -> Select[Any]:
    return _chains(window, _done(Node.SIGNED), Chain.way != Way.PLAN)


def _cleared(window: Window) -> Select[Any]:
    """Nodes of outlets and pool that fell due in the window; done that same day are hits."""
    on_the_day = or_(
        *(
            and_(Task.due_at >= begin, Task.due_at < end, Task.done_at < end)
            for begin, end in window.days()
        )
    )
    return (
        _lines(and_(Task.status == TaskStatus.DONE, on_the_day), Task.id)
        .join(Task, Task.chain_id == Chain.id)
        .where(
            _mine(window, Task.due_at),
            Task.owner.in_((Owner.OUTLET, Owner.POOL, Owner.BILLING)),
            Task.node.not_in((Node.ARCHIVED, Node.RETURNED)),
            Task.status != TaskStatus.ENDED,
            or_(Task.status == TaskStatus.DONE, Task.due_at < window.now),
        )
    )


def _cancelled(window: Window) -> Select[Any]:
    return _chains(window, _cancelled_by_customer())


KPIS: Final[Sequence[Kpi]] = (
    Kpi("success", "订单成功率", "期内付款的订单行中，已签收（套餐为已开通）且未退单的占比", _succeeded, hit="已成功", miss="未成功"),
    Kpi("activation", "开户及时率", "期内进入开户的订单行中，在时限内收到计费回执的占比；未到时限的不计", _activated, hit="及时", miss="超时"),
    Kpi("delivery", "物流配送及时率", "期内交给承运商的订单行中，在时限内送达的占比；当日达以承诺时间为限；未到时限的不计", _delivered, hit="及时", miss="超时"),
    Kpi("good_reviews", "客户评价好评率", "期内收到的评价中，四星及以上的占比", _well_reviewed, hit="好评", miss="其他"),
    Kpi("shipment", "发货率", "期内付款的实物订单行中，已交承运商（自提为已封装）的占比", _shipped, hit="已发货", miss="未发货"),
    Kpi("turnover", "存货周转率", "期内付款的实物件数 ÷ 期初与期末库存的平均件数；下级无自有库存时按中央仓计", _stocked, is_rate=False, hit="已签收", miss="在途"),
    Kpi("daily_clear", "日清日结率", "期内到期的处理环节（派单、开户、封装、交接）中，到期当日完成的占比", _cleared, hit="当日完成", miss="隔日或未完成"),
    Kpi("bad_replies", "差评回复时效", "期内二星及以下评价从提交到网点回复的平均用时", _badly_reviewed, is_rate=False, hit="已回复", miss="未回复"),
    Kpi("cancellation", "用户退单率", "期内付款的订单行中，由客户提出退单的占比", _cancelled, hit="退单", miss="保留"),
)  # fmt: skip
"""Every figure with its definition, as the console shows it."""


def kpi_by_key(key: str) -> Kpi | None:
    """The figure of this name."""
    return next((kpi for kpi in KPIS if kpi.key == key), None)
