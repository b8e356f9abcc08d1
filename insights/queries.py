"""Reading figures: of a place as a whole, of what lies below it, and by key."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    func,
    literal_column,
    not_,
    select,
    union_all,
)

from insights.models import FactKind, FigureDay, FigureState, FigureWeek, Part, TreeSpan
from insights.values import DAY, Kinds, Span, Sums
from org.models import OrgNode, Tier
from wx_backend.db import db

# In the text, so that the database sees that its indexes of these rows will do.
OF_REP: Final = FigureDay.part == literal_column(f"'{Part.REP}'", String)


def counted_at() -> datetime | None:
    """When figures were counted last."""
    return db.session.scalar(select(FigureState.counted_at).limit(1))


def by_day(node_id: int, span: Span) -> dict[date, Kinds]:
    """The figures of a place per Shanghai day; days without any are left out."""
    is_its = FigureDay.node_id == node_id
    return grouped(sums_by(FigureDay.business_on, is_its, *in_days(Part.ALL, span)))


def by_key(node_id: int, part: Part, span: Span) -> dict[str, Kinds]:
    """The figures of a place by product, channel or rep."""
    if part is Part.REP:
        return grouped(_by_rep(node_id, span))
    return grouped(sums_by(FigureDay.key, FigureDay.node_id == node_id, *in_days(part, span)))


def by_place(node_id: int, tier: Tier, span: Span) -> dict[int, Kinds]:
    """The figures of the places of a tier that lay below a place, each on the days it did."""
    of_tier = FigureDay.node_id.in_(select(OrgNode.id).where(OrgNode.tier == tier))
    return grouped(sums_below(node_id, FigureDay.node_id, of_tier, *in_days(Part.ALL, span)))


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


def sums_below(node_id: int, by: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The same of everything that lay at or below a place, each on the days it did.

    A join, so that the database can go from the spans to the rows: a place lies below another
    once a day.
    """
    return sums_by(by, TreeSpan.ancestor_id == node_id, *conditions).join(TreeSpan, _was_below())


def _was_below() -> ColumnElement[bool]:
    return and_(
        TreeSpan.descendant_id == FigureDay.node_id,
        TreeSpan.first_on <= FigureDay.business_on,
        TreeSpan.until_on > FigureDay.business_on,
    )


def _by_rep(node_id: int, span: Span) -> Select[Any]:
    """The figures of reps: whole weeks by their sums, the days before and after one by one.

    Places that lay there only for some of these weeks have theirs by the day.
    """
    weeks = span.weeks()
    if weeks is None:
        return sums_below(node_id, FigureDay.key, OF_REP, within(span))
    lay_all = and_(TreeSpan.first_on <= weeks.first, TreeSpan.until_on > weeks.last)
    rows = union_all(
        _days_of_reps(node_id, within(Span(span.first, weeks.first - DAY))),
        _days_of_reps(node_id, within(Span(weeks.last + DAY, span.last))),
        _days_of_reps(node_id, within(weeks), not_(lay_all)),
        select(FigureWeek.key, FigureWeek.kind, FigureWeek.count, FigureWeek.amount_fen)
        .join(TreeSpan, TreeSpan.descendant_id == FigureWeek.node_id)
        .where(
            TreeSpan.ancestor_id == node_id,
            FigureWeek.week_on.between(weeks.first, weeks.last),
            lay_all,
        ),
    ).subquery()
    key, kind, count, amount_fen = rows.c
    return select(key, kind, func.sum(count), func.sum(amount_fen)).group_by(key, kind)


def _days_of_reps(node_id: int, *conditions: ColumnElement[bool]) -> Select[str, str, int, int]:
    return (
        select(FigureDay.key, FigureDay.kind, FigureDay.count, FigureDay.amount_fen)
        .join(TreeSpan, _was_below())
        .where(TreeSpan.ancestor_id == node_id, OF_REP, *conditions)
    )


def in_days(part: Part, span: Span) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FigureDay.part == part, within(span)


def within(span: Span) -> ColumnElement[bool]:
    return FigureDay.business_on.between(span.first, span.last)
