"""What the pages of figures show: a span beside the one before, a chart, a table, the rows behind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from catalog.queries import names_of_products
from insights.behind import Behind, Key, Unit, units_behind
from insights.models import FactKind, Part
from insights.queries import by_day, by_key, by_place, total
from insights.values import FUNNEL, MEASURES, Kinds, Measure, Span, last_of_month, value, values
from orders.paid_lines import order_numbers
from org.models import OrgNode, Tier
from org.queries import is_within
from org.roster import names_of_nodes, names_of_reps
from payments.queries import lines_given_back

ROWS_AT_ONCE: Final = 1_000


class By(StrEnum):
    """How a table splits the figures of a place."""

    PROVINCE = "province"
    CITY = "city"
    OUTLET = "outlet"
    REP = "rep"
    PRODUCT = "product"
    CHANNEL = "channel"


class Grain(StrEnum):
    """How long a bar of the chart is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_TIERS: Final = {By.PROVINCE: Tier.PROVINCE, By.CITY: Tier.CITY, By.OUTLET: Tier.OUTLET}
_PARTS: Final = {By.REP: Part.REP, By.PRODUCT: Part.PRODUCT, By.CHANNEL: Part.CHANNEL}
_BELOW: Final[Mapping[str, tuple[By, ...]]] = {
    Tier.GROUP: (By.PROVINCE, By.CITY, By.OUTLET),
    Tier.PROVINCE: (By.CITY, By.OUTLET),
    Tier.CITY: (By.OUTLET,),
    Tier.OUTLET: (),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A figure beside that of the span before."""

    measure: Measure
    now: int
    before: int

    @property
    def change_bp(self) -> int | None:
        """How much more or less, in basis points of before; None where there was nothing."""
        return (self.now - self.before) * 10_000 // self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart."""

    span: Span
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `node` where it is a place to go into, and `key` to find its rows by."""

    key: str
    name: str
    node_id: int | None
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel; `rate_bp` of the step before came this far."""

    measure: Measure
    count: int
    rate_bp: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """The figures of a place and a span."""

    changes: Sequence[Change]
    funnel: Sequence[Step]
    bars: Sequence[Bar]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class LineOfList:
    """One row behind a figure, as the list and the file show it."""

    unit: Unit
    order_number: str
    outlet: str
    rep: str


def splits(node: OrgNode) -> tuple[By, ...]:
    """By what the figures of a place can be split, the most useful first."""
    return (*_BELOW[node.tier], By.REP, By.PRODUCT, By.CHANNEL)


def page(node: OrgNode, by: By, span: Span, grain: Grain, *, scope_id: int) -> Page:
    """Everything of one page; `scope_id` is where the rights of who looks begin."""
    days, before = by_day(node.id, span), by_day(node.id, span.before())
    now = total(days.values())
    return Page(
        changes=[*_changes(now, total(before.values())).values()],
        funnel=_funnel(now),
        bars=_bars(days, span, grain),
        rows=table(node, by, span, scope_id=scope_id),
    )


def changes(node_id: int, span: Span) -> list[Change]:
    """Every figure of a place beside that of the span before."""
    now, before = by_day(node_id, span), by_day(node_id, span.before())
    return [*_changes(total(now.values()), total(before.values())).values()]


def table(node: OrgNode, by: By, span: Span, *, scope_id: int) -> list[Row]:
    """The figures of a place split, the largest sales first."""
    now, before = _split(node.id, by, span), _split(node.id, by, span.before())
    keys = [*dict.fromkeys([*now, *before])]
    names = _names(by, keys)
    rows = [
        Row(
            key=key,
            name=names.get(key, key),
            node_id=_open_to(by, key, scope_id),
            changes=_changes(now.get(key, {}), before.get(key, {})),
        )
        for key in keys
    ]
    return sorted(rows, key=lambda row: (-row.changes["sales"].now, row.name))


def list_behind(
    wanted: Behind, *, after: Key | None = None, limit: int
) -> tuple[Sequence[LineOfList], Key | None]:
    """The next rows behind a figure, and where to go on."""
    units, following = units_behind(wanted, after=after, limit=limit)
    outlets = names_of_nodes(each.outlet_id for each in units)
    reps = names_of_reps(each.rep_id for each in units if each.rep_id is not None)
    numbers = _numbers(units)
    lines = [
        LineOfList(
            unit=each,
            order_number=numbers.get((each.kind, each.row_id), ""),
            outlet=outlets.get(each.outlet_id, ""),
            rep=reps.get(each.rep_id or 0, ""),
        )
        for each in units
    ]
    return lines, following


def all_behind(wanted: Behind) -> Iterator[LineOfList]:
    """All rows behind a figure, read some at a time."""
    after: Key | None = None
    while True:
        lines, after = list_behind(wanted, after=after, limit=ROWS_AT_ONCE)
        yield from lines
        if after is None:
            return


def name_of_key(by: By, key: str) -> str:
    """What a key that a table is split by is called."""
    return _names(by, [key]).get(key, key)


def _changes(now: Kinds, before: Kinds) -> dict[str, Change]:
    return {
        key: Change(measure, value(measure, now), value(measure, before))
        for key, measure in MEASURES.items()
    }


def _funnel(kinds: Kinds) -> list[Step]:
    counts = [value(MEASURES[key], kinds) for key in FUNNEL]
    earlier = [None, *counts[:-1]]
    return [
        Step(MEASURES[key], count, count * 10_000 // above if above else None)
        for key, count, above in zip(FUNNEL, counts, earlier, strict=True)
    ]


def _bars(days: Mapping[date, Kinds], span: Span, grain: Grain) -> list[Bar]:
    bars = []
    first = span.first
    while first <= span.last:
        last = min(_last_of(first, grain), span.last)
        inside = (kinds for day, kinds in days.items() if first <= day <= last)
        bars.append(Bar(Span(first, last), values(total(inside))))
        first = last + timedelta(days=1)
    return bars


def _last_of(day: date, grain: Grain) -> date:
    """The last day of the week or month a day is in."""
    if grain is Grain.WEEK:
        return day + timedelta(days=6 - day.weekday())
    if grain is Grain.MONTH:
        return last_of_month(day)
    return day


def _split(node_id: int, by: By, span: Span) -> dict[str, Kinds]:
    if by in _TIERS:
        found = by_place(node_id, _TIERS[by], span)
        return {str(place_id): kinds for place_id, kinds in found.items()}
    return {**by_key(node_id, _PARTS[by], span)}


def _names(by: By, keys: Sequence[str]) -> dict[str, str]:
    if by is By.CHANNEL:
        return {"": "网点公共池"}
    of_ids = (
        names_of_nodes if by in _TIERS else names_of_reps if by is By.REP else names_of_products
    )
    found = of_ids(int(key) for key in keys if key)
    nobody = "网点公共池" if by is By.REP else "店铺与其他"
    return {"": nobody, **{str(each): name for each, name in found.items()}}


def _open_to(by: By, key: str, scope_id: int) -> int | None:
    """The place of a row, if it still lies where the rights of who looks reach."""
    return int(key) if by in _TIERS and is_within(int(key), scope_id) else None


def _numbers(units: Sequence[Unit]) -> dict[tuple[FactKind, int], str]:
    """The order numbers of what is about orders."""
    sold = {each.row_id for each in units if each.kind in (FactKind.PLACED, FactKind.PAID)}
    given = lines_given_back(each.row_id for each in units if each.kind is FactKind.REFUNDED)
    numbers = order_numbers({*sold, *given.values()})
    found = {
        (each.kind, each.row_id): numbers.get(each.row_id, "")
        for each in units
        if each.row_id in sold
    }
    return found | {
        (FactKind.REFUNDED, row_id): numbers.get(line_id, "") for row_id, line_id in given.items()
    }
