"""经营数据: a place's sales and funnel over some days, split as asked, with the rows behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for

from console.asking import days_asked, id_of, place_asked
from console.export import in_yuan
from console.pages import PER_PAGE, as_date, text
from console.session import staff
from console.tables import Table, table_file
from console.words import CHANNELS, when
from flows.figures.pages import (
    Bar,
    By,
    Grain,
    LineOfList,
    Row,
    all_behind,
    list_behind,
    name_of_key,
    page,
    splits,
    table,
)
from insights.behind import Behind, Key, count_behind
from insights.queries import counted_at
from insights.values import DAYS_MAX, MEASURES, Measure, Span
from org.models import OrgNode
from org.queries import nodes_under
from wx_backend import clock
from wx_backend.errors import AppError, NotFound
from wx_backend.money import yuan

bp = Blueprint("figures", __name__)

ROWS_MAX: Final = 50_000
REP_DAYS_MAX: Final = 50 * 366
BY: Final = {
    By.PROVINCE: "省份",
    By.CITY: "地市",
    By.OUTLET: "网点",
    By.REP: "人员",
    By.PRODUCT: "商品",
    By.CHANNEL: "渠道类型",
}
GRAINS: Final = {Grain.DAY: "按日", Grain.WEEK: "按周", Grain.MONTH: "按月"}
KINDS: Final = {
    "scan": "扫码", "follow": "关注", "visit": "访问", "placed": "下单", "paid": "付款", "refunded": "退款",
}  # fmt: skip


class TooManyRows(AppError):
    status, code, message = 422, "too_many", f"超过{ROWS_MAX}条，请缩小范围后再导出"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query asks for."""

    place: OrgNode
    span: Span
    by: By
    grain: Grain

    def query(self, **other: object) -> dict[str, Any]:
        """The same as values of a link; `other` replaces some."""
        mine = {
            "place": self.place.id,
            "from": self.span.first,
            "until": self.span.last,
            "by": self.by,
            "grain": self.grain,
        }
        return {**mine, **other}

    def spelled(self, **other: object) -> str:
        """The same as a link ends with it: a table has hundreds, each row's is made once."""
        return urlencode(self.query(**other))


@bp.get("/figures")
def index() -> str:
    """The figures of a place and some days beside those before, as chart and table."""
    asked = _asked()
    found = page(asked.place, asked.by, asked.span, asked.grain, scope_id=staff().node_id)
    return render_template(
        "console/figures.html",
        asked=asked,
        page=found,
        chart=_chart(found.bars),
        measures=MEASURES,
        paths={key: url_for(".rows", measure=key) for key in MEASURES},
        places=nodes_under(staff().node_id),
        splits={by: BY[by] for by in splits(asked.place)},
        grains=GRAINS,
        counted_at=counted_at(),
        shown=_shown,
        name_of=_name_of,
    )


@bp.get("/figures.<kind>")
def export(kind: str) -> Response:
    """The table as a file."""
    asked = _asked()
    columns = [BY[asked.by]]
    for measure in MEASURES.values():
        unit = "（元）" if measure.is_money else ""
        columns += [f"{measure.name}{unit}", f"上期{measure.name}{unit}"]
    rows = table(asked.place, asked.by, asked.span, scope_id=staff().node_id)
    return _file(kind, "figures", asked, columns, [_cells(asked, row) for row in rows])


@bp.get("/figures/<measure>")
def rows(measure: str) -> str:
    """The rows behind one figure, the newest first."""
    asked = _asked(days_max=_days_max())
    wanted = _behind(measure, asked)
    lines, following = list_behind(wanted, after=_after(), limit=PER_PAGE)
    narrowed = {name: text(name) for name in _NARROWED if name in request.args}
    return render_template(
        "console/figure_rows.html",
        asked=asked,
        wanted=wanted,
        sums=count_behind(wanted),
        lines=lines,
        following=f"{following[0]}_{following[1]}" if following else "",
        narrowed=narrowed,
        narrow_names=[_narrow_name(By(name), typed) for name, typed in narrowed.items()],
        kinds=KINDS,
        channels=CHANNELS,
    )


@bp.get("/figures/<measure>.<kind>")
def export_rows(measure: str, kind: str) -> Response:
    """The rows behind one figure as a file."""
    asked = _asked(days_max=_days_max())
    wanted = _behind(measure, asked)
    if count_behind(wanted).count > ROWS_MAX:
        raise TooManyRows
    columns = ("时间", "类别", "订单号", "网点", "人员", "渠道类型", "金额（元）")
    return _file(kind, measure, asked, columns, [_line(line) for line in all_behind(wanted)])


def _file(kind: str, name: str, asked: Asked, columns: Sequence[str], rows: Any) -> Response:
    title = MEASURES[name].name if name in MEASURES else "经营数据"
    head = [("单位", asked.place.name), ("日期", f"{asked.span.first} 至 {asked.span.last}")]
    return table_file(kind, Table(name, title, head, columns, rows, clock.now()))


def _chart(bars: Sequence[Bar]) -> dict[str, Any]:
    """What the script draws: a label per bar, and per figure its values (money in yuan)."""
    return {
        "labels": [f"{bar.span.first:%m-%d}" for bar in bars],
        "series": [
            {
                "name": measure.name,
                "values": [
                    bar.values[key] / 100 if measure.is_money else bar.values[key] for bar in bars
                ],
            }
            for key, measure in MEASURES.items()
        ],
    }


def _cells(asked: Asked, row: Row) -> list[object]:
    cells: list[object] = [_name_of(asked.by, row)]
    for change in row.changes.values():
        cells += [_number(change.measure, change.now), _number(change.measure, change.before)]
    return cells


def _line(line: LineOfList) -> tuple[object, ...]:
    unit = line.unit
    return (
        when(unit.happened_at),
        KINDS[unit.kind],
        line.order_number,
        line.outlet,
        line.rep,
        CHANNELS.get(unit.channel, unit.channel),
        in_yuan(unit.amount_fen),
    )


def _number(measure: Measure, found: int) -> int | Decimal:
    return in_yuan(found) if measure.is_money else found


def _shown(measure: Measure, found: int) -> str:
    return yuan(found) if measure.is_money else f"{found:,}"


def _name_of(by: By, row: Row) -> str:
    return CHANNELS.get(row.name, row.name) if by is By.CHANNEL else row.name


def _narrow_name(by: By, key: str) -> str:
    found = name_of_key(by, key)
    return CHANNELS.get(found, found)


Choice = TypeVar("Choice", bound=StrEnum)


def _days_max() -> int:
    """One rep's rows are read from the day he began: his sums say on which days there are any."""
    return (
        REP_DAYS_MAX
        if [name for name in _NARROWED if name in request.args] == ["rep"]
        else DAYS_MAX
    )


def _asked(*, days_max: int = DAYS_MAX) -> Asked:
    place = place_asked()
    return Asked(
        place,
        Span(*days_asked(days_max=days_max)),
        _choice("by", splits(place)),
        _choice("grain", tuple(Grain)),
    )


def _choice(name: str, choices: tuple[Choice, ...]) -> Choice:
    """What was chosen; the first one without a choice, or with one that is none here."""
    typed = request.args.get(name, "")
    return next((each for each in choices if each == typed), choices[0])


_NARROWED: Final = ("rep", "product", "channel")


def _behind(measure: str, asked: Asked) -> Behind:
    if measure not in MEASURES:
        raise NotFound
    rep, product = (request.args.get(name) for name in ("rep", "product"))
    return Behind(
        node_id=asked.place.id,
        measure=MEASURES[measure],
        span=asked.span,
        rep_id=id_of(rep or "0") if rep is not None else None,
        product_id=id_of(product or "0") if product is not None else None,
        channel=text("channel") if "channel" in request.args else None,
    )


def _after() -> Key | None:
    """Where the page before ended, as `2026-03-08_17`."""
    typed = request.args.get("after", "")
    if not typed:
        return None
    on, _, unit = typed.partition("_")
    return as_date(on, "after"), id_of(unit)
