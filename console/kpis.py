"""The nine figures of the order chain, each with the orders behind it, and reviews to answer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.asking import days_asked, place_asked
from console.pages import PER_PAGE, page_of
from console.session import staff
from flows.fulfilment import watch
from fulfilment.kpis import DAYS_MAX, Kpi, Window, figure, kpi_by_key
from fulfilment.reviews import TEXT_LENGTH, reply_review
from org.queries import nodes_under, under
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("kpis", __name__)


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


def _kpi(key: str) -> Kpi:
    kpi = kpi_by_key(key)
    if kpi is None:
        raise NotFound
    return kpi


def _window() -> Window:
    first, last = days_asked(days_max=DAYS_MAX)
    return watch.window_of(place_asked().id, first=first, last=last, now=clock.now())
