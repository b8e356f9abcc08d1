"""The nine figures of the order chain, each with the orders behind it, and reviews to answer."""

from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.asking import days_asked, place_asked
from console.pages import PER_PAGE, page_of
from console.session import staff
from console.tables import Table, table_file
from flows import trail
from flows.fulfilment import watch
from fulfilment.kpis import DAYS_MAX, Kpi, Window, figure, kpi_by_key
from fulfilment.reviews import TEXT_LENGTH, reply_review
from org.queries import nodes_under, under
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("kpis", __name__)

COLUMNS: Final = ("单位", "从", "到", "指标", "数值", "达成", "达成数", "总数", "说明")


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
    place, window = place_asked(), _window()
    days = (window.first, window.last)
    rows = [(place.name, *days, *_cells(each)) for each in watch.figures(place.id, window)]
    said = {"place": place.code, "from": f"{window.first}", "until": f"{window.last}"}
    retried(lambda: trail.note_export("kpi", said))
    return table_file("csv", Table("kpis", "运营指标", (), COLUMNS, rows, window.now))


@bp.get("/kpis/<key>")
def show(key: str) -> str:
    """One figure and the lines behind it."""
    kpi, place, window = _kpi(key), place_asked(), _window()
    wanted = {"1": True, "0": False}.get(request.args.get("hit", ""))
    found = figure(kpi, window)
    count = {None: found.count, True: found.hits, False: found.count - found.hits}[wanted]
    pages = page_of(count)
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


def _cells(row: watch.FigureRow) -> tuple[object, ...]:
    kpi, found = row.kpi, row.figure
    return kpi.name, row.value, kpi.hit, found.hits, found.count, kpi.meaning


def _kpi(key: str) -> Kpi:
    kpi = kpi_by_key(key)
    if kpi is None:
        raise NotFound
    return kpi


def _window() -> Window:
    first, last = days_asked(days_max=DAYS_MAX)
    return watch.window_of(place_asked().id, first=first, last=last, now=clock.now())
