"""Reading figures: of a place as a whole, of what lies below it, by key, and the rows behind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from insights.models import FactKind, FigureDay, FigureFact, FigureState, Part, TreeSpan
from insights.sums import lies_below
from insights.values import Kinds, Measure, Span, Sums
from org.models import OrgNode, Tier
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


def counted_at() -> datetime | None:
    """When figures were counted last."""
    return db.session.scalar(select(FigureState.counted_at).limit(1))


def by_day(node_id: int, span: Span) -> dict[date, Kinds]:
    """The figures of a place per Shanghai day; days without any are left out."""
    is_its = FigureDay.node_id == node_id
    return grouped(sums_by(FigureDay.business_on, is_its, *_days(Part.ALL, span)))


def by_key(node_id: int, part: Part, span: Span) -> dict[str, Kinds]:
    """The figures of a place by product, channel or rep."""
    if part is Part.REP:
        return grouped(_sums_below(node_id, FigureDay.key, *_days(part, span)))
    return grouped(sums_by(FigureDay.key, FigureDay.node_id == node_id, *_days(part, span)))


def by_place(node_id: int, tier: Tier, span: Span) -> dict[int, Kinds]:
    """The figures of the places of a tier that lay below a place, each on the days it did."""
    of_tier = FigureDay.node_id.in_(select(OrgNode.id).where(OrgNode.tier == tier))
    return grouped(_sums_below(node_id, FigureDay.node_id, of_tier, *_days(Part.ALL, span)))


def total(kinds: Iterable[Kinds]) -> dict[FactKind, Sums]:
    """Figures added up."""
    found: dict[FactKind, Sums] = {}
    for each in kinds:
        for kind, sums in each.items():
            found[kind] = found.get(kind, Sums()) + sums
    return found


def places_below(node_id: int, span: Span) -> list[tuple[Select[int], date, date]]:
    """Which places lay at or below another during a span: each with its first day and its end (exclusive).

    Places that lay there on the same days come together, as a query of their ids.
    """
    meets = (
        TreeSpan.ancestor_id == node_id,
        TreeSpan.first_on <= span.last,
        TreeSpan.until_on > span.first,
    )
    first_on, until_on = TreeSpan.first_on, TreeSpan.until_on
    days = db.session.execute(
        select(first_on, until_on).where(*meets).distinct().order_by(first_on, until_on)
    ).all()
    return [
        (
            select(TreeSpan.descendant_id).where(
                TreeSpan.ancestor_id == node_id, first_on == first, until_on == until
            ),
            first,
            until,
        )
        for first, until in days
    ]


def units_behind(
    wanted: Behind, *, after: Key | None = None, limit: int = PAGE
) -> tuple[Sequence[Unit], Key | None]:
    """The next units behind a figure, the newest day first, and where to go on; None at the end."""
    day, unit = FigureFact.business_on, FigureFact.unit_id
    query = _units(
        wanted,
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
    """How many units are behind a figure, and their fen: from the facts themselves."""
    rows = _units(wanted, func.sum(FigureFact.amount_fen).label("fen")).subquery()
    count, fen = db.session.execute(
        select(func.count(), func.coalesce(func.sum(rows.c.fen), 0)).select_from(rows)
    ).one()
    return Sums(count, int(fen))


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


def sums_by(by: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The sums of days by a column of theirs and by kind, for `grouped`."""
    return (
        select(by, FigureDay.kind, func.sum(FigureDay.count), func.sum(FigureDay.amount_fen))
        .select_from(FigureDay)
        .where(*conditions)
        .group_by(by, FigureDay.kind)
    )


def grouped(query: Select[Any]) -> dict[Any, Kinds]:
    """Figures by the first column of a query: it, a kind, how many, how much."""
    found: dict[Any, dict[FactKind, Sums]] = {}
    for key, kind, count, fen in db.session.execute(query):
        found.setdefault(key, {})[FactKind(kind)] = Sums(int(count), int(fen))
    return {**found}


def _sums_below(node_id: int, by: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The same of everything that lay at or below a place, each on the days it did.

    A join, so that the database can go from the spans to the rows: a place lies below another
    once a day.
    """
    was_below = and_(
        TreeSpan.descendant_id == FigureDay.node_id,
        TreeSpan.first_on <= FigureDay.business_on,
        TreeSpan.until_on > FigureDay.business_on,
    )
    return sums_by(by, TreeSpan.ancestor_id == node_id, *conditions).join(TreeSpan, was_below)


def _days(part: Part, span: Span) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FigureDay.part == part, FigureDay.business_on.between(span.first, span.last)
