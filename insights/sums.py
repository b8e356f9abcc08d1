"""What facts come to per place, day and key: the one definition that counting and rebuilding share."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, literal_column, select

from insights.models import FactKind, FigureFact, Part, TreeSpan
from insights.values import monday_of
from wx_backend.db import db

DAY_KEY: Final = ("node_id", "part", "business_on", "kind", "key")
DAY_SUMS: Final = ("count", "amount_fen", "pieces")
WEEK_KEY: Final = ("node_id", "week_on", "kind", "key")
MONTH_KEY: Final = ("rep_id", "month_on", "kind")
REP_SUMS: Final = ("count", "amount_fen")

# In the text, not bound: PostgreSQL takes a value bound in SELECT and in GROUP BY for two things.
NO_KEY = literal_column("''", String)


def lies_below() -> ColumnElement[bool]:
    """A fact's outlet at or below the span's ancestor, by the tree of the fact's day."""
    return and_(
        TreeSpan.descendant_id == FigureFact.outlet_id,
        TreeSpan.first_on <= FigureFact.business_on,
        TreeSpan.until_on > FigureFact.business_on,
    )


def sums_of(*which: ColumnElement[bool]) -> Sequence[Mapping[str, Any]]:
    """The sums of these facts as rows of `figure_day`, in the order of its key."""
    counted = (*which, FigureFact.kind != FactKind.RETURNED)
    rows = [
        *_of_part(Part.ALL, NO_KEY, *counted),
        *_of_part(Part.PRODUCT, _text(FigureFact.product_id), *counted),
        *_of_part(Part.CHANNEL, FigureFact.channel, *counted),
        *_of_reps(*counted),
    ]
    return sorted(rows, key=itemgetter(*DAY_KEY))


def weeks_of(*which: ColumnElement[bool]) -> Sequence[Mapping[str, Any]]:
    """What these facts come to as rows of `figure_week`, in the order of its key: the sums of each day."""
    days = _of_reps(*which, FigureFact.kind != FactKind.RETURNED)
    return _added_up(days, WEEK_KEY, _week)


def months_of(*which: ColumnElement[bool]) -> Sequence[Mapping[str, Any]]:
    """The same as rows of `figure_month`."""
    return _added_up(_of_reps(FigureFact.rep_id.is_not(None), *which), MONTH_KEY, _month)


def _week(day: Mapping[str, Any]) -> tuple[Any, ...]:
    return day["node_id"], monday_of(day["business_on"]), day["kind"], day["key"]


def _month(day: Mapping[str, Any]) -> tuple[Any, ...]:
    return int(day["key"]), day["business_on"].replace(day=1), day["kind"]


def _added_up(
    days: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    key_of: Callable[[Mapping[str, Any]], tuple[Any, ...]],
) -> Sequence[Mapping[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for day in days:
        key, nothing = key_of(day), dict.fromkeys(REP_SUMS, 0)
        row = found.setdefault(key, {**dict(zip(names, key, strict=True)), **nothing})
        for name in REP_SUMS:
            row[name] += day[name]
    return [found[key] for key in sorted(found)]


def _of_part(part: Part, key: Any, *which: ColumnElement[bool]) -> list[Mapping[str, Any]]:
    place = TreeSpan.ancestor_id
    query = _sums(part, place, key).join(TreeSpan, lies_below()).where(*which)
    return _rows(query.group_by(place, FigureFact.business_on, FigureFact.kind, "key"))


def _of_reps(*which: ColumnElement[bool]) -> list[Mapping[str, Any]]:
    place, key = FigureFact.outlet_id, _text(FigureFact.rep_id)
    query = _sums(Part.REP, place, key).where(*which)
    return _rows(query.group_by(place, FigureFact.business_on, FigureFact.kind, "key"))


def _sums(part: Part, place: Any, key: Any) -> Select[Any]:
    return select(
        place.label("node_id"),
        literal_column(f"'{part}'", String).label("part"),
        FigureFact.business_on,
        FigureFact.kind,
        key.label("key"),
        func.count(FigureFact.unit_id.distinct()).label("count"),
        func.sum(FigureFact.amount_fen).label("amount_fen"),
        func.sum(FigureFact.pieces).label("pieces"),
    ).select_from(FigureFact)


def _rows(query: Select[Any]) -> list[Mapping[str, Any]]:
    return [
        {**row, "amount_fen": int(row["amount_fen"]), "pieces": int(row["pieces"])}
        for row in db.session.execute(query).mappings()
    ]


def _text(column: Any) -> ColumnElement[str]:
    return func.coalesce(cast(column, String), NO_KEY)
