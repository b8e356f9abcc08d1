"""The nine figures of the order chain, each with the orders behind it, and reviews to answer."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.asking import days_asked, place_asked
from console.orders import EXPORT_MAX, TooManyToExport
from console.pages import PER_PAGE, page_of
from console.session import staff
from console.tables import Table, table_file
from console.words import STATUSES, when
from flows import trail
from flows.fulfilment import watch
from fulfilment.kpis import DAYS_MAX, Figure, Kpi, Window, figure, kpi_by_key
from fulfilment.reviews import TEXT_LENGTH, reply_review
from org.models import OrgNode
from org.queries import nodes_under, under
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("kpis", __name__)

COLUMNS: Final = ("单位", "从", "到", "指标", "数值", "达成", "达成数", "总数", "说明")
LINE_COLUMNS: Final = ("订单号", "商品", "付款时间", "订单状态", "计入")


@bp.get("/kpis")
def index() -> str:
    """All figures of a place and a span of days."""
    place, window = place_asked(), _window()
    return render_template(
        "console/kpis.html",
        rows=watch.figures(place.id, window),
        places=nodes_under(staff().node_id),
        place=place,
        window=window,
        reviews=watch.open_reviews(place.id),
    )


@bp.post("/kpis.csv")
def file_csv() -> Response:
    """The same figures as a file; that it was taken is noted."""
    return _figures_file("csv")


@bp.post("/kpis.xlsx")
def file_xlsx() -> Response:
    """The same as a workbook."""
    return _figures_file("xlsx")


@bp.get("/kpis/<key>")
def show(key: str) -> str:
    """One figure and the lines behind it."""
    kpi, place, window, wanted = _kpi(key), place_asked(), _window(), _hit_asked()
    found = figure(kpi, window)
    pages = page_of(_count(found, wanted))
    return render_template(
        "console/kpi.html",
        kpi=kpi,
        found=found,
        rows=watch.orders_behind(kpi, window, is_hit=wanted, after=pages.after, limit=PER_PAGE),
        pages=pages,
        place=place,
        window=window,
        wanted=wanted,
    )


@bp.post("/kpis/<key>.<kind>")
def file_orders(key: str, kind: str) -> Response:
    """The lines behind a figure as a file; that it was taken is noted."""
    kpi, place, window, wanted = _kpi(key), place_asked(), _window(), _hit_asked()
    if _count(figure(kpi, window), wanted) > EXPORT_MAX:
        raise TooManyToExport
    found = watch.orders_behind(kpi, window, is_hit=wanted, after=0, limit=EXPORT_MAX)
    rows = [_line(kpi, each) for each in found]
    head = [("单位", place.name), ("日期", f"{window.first} 至 {window.last}")]
    file = table_file(kind, Table(kpi.key, kpi.name, head, LINE_COLUMNS, rows, window.now))
    _note_taken(place, window, {"kpi": kpi.name, "rows": len(rows)})
    return file


@bp.post("/reviews/<int:review_id>/reply")
def reply(review_id: int) -> ResponseReturnValue:
    """Answer a review, once."""
    who, answer = staff(), request.form.get("reply", "")[:TEXT_LENGTH]
    retried(
        lambda: reply_review(
            review_id=review_id,
            scope=under(who.node_id),
            text=answer,
            actor=f"staff:{who.staff_id}",
            now=clock.now(),
        )
    )
    flash("已回复")
    return redirect(url_for(".index"))


def _figures_file(kind: str) -> Response:
    place, window = place_asked(), _window()
    days = (window.first, window.last)
    rows = [(place.name, *days, *_cells(each)) for each in watch.figures(place.id, window)]
    _note_taken(place, window, {})
    return table_file(kind, Table("kpis", "运营指标", (), COLUMNS, rows, window.now))


def _note_taken(place: OrgNode, window: Window, more: Mapping[str, str | int]) -> None:
    said = {"place": place.code, "from": f"{window.first}", "until": f"{window.last}"}
    retried(lambda: trail.note_export("kpi", {**said, **more}))


def _line(kpi: Kpi, row: watch.LineRow) -> tuple[object, ...]:
    status = STATUSES[row.order.status]
    counted = kpi.hit if row.is_hit else kpi.miss
    return row.order.number, row.line_name, when(row.order.paid_at), status, counted


def _cells(row: watch.FigureRow) -> tuple[object, ...]:
    kpi, found = row.kpi, row.figure
    return kpi.name, row.value, kpi.hit, found.hits, found.count, kpi.meaning


def _kpi(key: str) -> Kpi:
    kpi = kpi_by_key(key)
    if kpi is None:
        raise NotFound
    return kpi


def _hit_asked() -> bool | None:
    """Which of the lines are asked for; None for all."""
    return {"1": True, "0": False}.get(request.args.get("hit", ""))


def _count(found: Figure, wanted: bool | None) -> int:
    return {None: found.count, True: found.hits, False: found.count - found.hits}[wanted]


def _window() -> Window:
    first, last = days_asked(days_max=DAYS_MAX)
    return watch.window_of(place_asked().id, first=first, last=last, now=clock.now())
