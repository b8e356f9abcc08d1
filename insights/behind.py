"""The rows behind a figure, and how many they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select

from insights.models import FactKind, FigureDay, FigureFact, Part, TreeSpan
from insights.queries import grouped, in_days, sums_below, sums_by
from insights.sums import lies_below
from insights.values import Measure, Span, Sums
from wx_backend.db import db

PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Behind:
    """Which units are meant: those of a measure at a place, narrowed down to one key if need be.

    `rep_id` and `product_id` of 0 mean facts without one; None leaves them open.
    """

    node_id: int
    measure: Measure
    span: Span
    rep_id: int | None = None
    product_id: int | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One row behind a figure; `row_id` is the first order line, refund line or touch of it."""

    kind: FactKind
    row_id: int
    happened_at: datetime
    outlet_id: int
    rep_id: int | None
    channel: str
    amount_fen: int


Key = tuple[date, int]
"""Where a page of units ended: its day and unit."""


def units_behind(
    wanted: Behind, *, after: Key | None = None, limit: int = PAGE
) -> tuple[Sequence[Unit], Key | None]:
    """The next units behind a figure, the newest day first, and where to go on; None at the end.

    Only the facts of so many days are read as have enough of them by the sums.
    """
    day, unit = FigureFact.business_on, FigureFact.unit_id
    query = _units(
        replace(wanted, span=newest_days(wanted, after, limit + 1)),
        day,
        unit,
        FigureFact.kind,
        func.min(FigureFact.row_id),
        func.min(FigureFact.happened_at),
        func.min(FigureFact.outlet_id),
        func.min(FigureFact.rep_id),
        func.min(FigureFact.channel),
        func.sum(FigureFact.amount_fen),
    )
    if after is not None:
        query = query.where(or_(day < after[0], and_(day == after[0], unit < after[1])))
    rows = db.session.execute(query.order_by(day.desc(), unit.desc()).limit(limit + 1)).all()
    units = [
        Unit(FactKind(kind), row_id, at, outlet_id, rep_id, channel, int(fen))
        for _, _, kind, row_id, at, outlet_id, rep_id, channel, fen in rows[:limit]
    ]
    return units, (rows[limit - 1][0], rows[limit - 1][1]) if len(rows) > limit else None


def count_behind(wanted: Behind) -> Sums:
    """How many units are behind a figure, and their fen."""
    days = _days(wanted)
    if days is not None:
        return sum(days.values(), Sums())
    rows = _units(wanted, func.sum(FigureFact.amount_fen).label("fen")).subquery()
    count, fen = db.session.execute(
        select(func.count(), func.coalesce(func.sum(rows.c.fen), 0)).select_from(rows)
    ).one()
    return Sums(count, int(fen))


def newest_days(wanted: Behind, after: Key | None, enough: int) -> Span:
    """The newest days of a span that hold so many units besides those of the day to go on from."""
    span, days = wanted.span, _days(wanted) or {}
    if after is not None:
        span = Span(span.first, min(span.last, after[0]))
    for day in sorted(days, reverse=True):
        if after is None or day < after[0]:
            enough -= days[day].count
        if enough <= 0:
            return Span(day, span.last)
    return span


def _days(wanted: Behind) -> dict[date, Sums] | None:
    """The units of each day by the sums; None when narrowed by more than one key, of which none are kept."""
    by = FigureDay.business_on
    narrowed = [
        (part, "" if not key else str(key))
        for part, key in (
            (Part.REP, wanted.rep_id),
            (Part.PRODUCT, wanted.product_id),
            (Part.CHANNEL, wanted.channel),
        )
        if key is not None
    ]
    if len(narrowed) > 1:
        return None
    part, key = narrowed[0] if narrowed else (Part.ALL, "")
    meant = (
        *in_days(part, wanted.span),
        FigureDay.key == key,
        FigureDay.kind.in_(wanted.measure.kinds),
    )
    found = (
        sums_below(wanted.node_id, by, *meant)
        if part is Part.REP
        else sums_by(by, FigureDay.node_id == wanted.node_id, *meant)
    )
    return {day: sum(kinds.values(), Sums()) for day, kinds in grouped(found).items()}


def _units(wanted: Behind, *columns: Any) -> Select[Any]:
    """One row per unit: facts that count once together."""
    conditions = [
        FigureFact.kind.in_(wanted.measure.kinds),
        FigureFact.business_on.between(wanted.span.first, wanted.span.last),
        TreeSpan.ancestor_id == wanted.node_id,
    ]
    for column, asked in (
        (FigureFact.rep_id, wanted.rep_id),
        (FigureFact.product_id, wanted.product_id),
    ):
        if asked is not None:
            conditions.append(column == asked if asked else column.is_(None))
    if wanted.channel is not None:
        conditions.append(FigureFact.channel == wanted.channel)
    return (
        select(*columns)
        .select_from(FigureFact)
        .join(TreeSpan, lies_below())
        .where(*conditions)
        .group_by(FigureFact.business_on, FigureFact.unit_id, FigureFact.kind)
    )
