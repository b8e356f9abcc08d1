"""Coming in the next morning: choose a slot, get a queue code."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.bookings import book_visit, cancel_visit, my_visits, visit_page
from fulfilment.bookings import NoSuchSlot, SlotFull
from storefront import session
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("visits", __name__)


@bp.get("/visits")
def index() -> str:
    """One's own queue codes."""
    rows = my_visits(session.member().member_id, now=clock.now())
    return render_template("storefront/visits.html", rows=rows)


@bp.get("/visits/new")
def new() -> str:
    """The slots of an outlet's next morning."""
    outlet, order = request.args.get("outlet", "")[:32], request.args.get("order", "")[:32]
    page = retried(
        lambda: visit_page(
            member_id=session.member().member_id, outlet=outlet, order=order, now=clock.now()
        )
    )
    return render_template("storefront/visit.html", page=page, outlet=outlet)


@bp.post("/visits")
def book() -> ResponseReturnValue:
    """Take a slot; a second tap gets the same code."""
    outlet, order = request.form.get("outlet", "")[:32], request.form.get("order", "")[:32]
    typed, now = request.form.get("starts_at", ""), clock.now()
    try:
        session.acting(
            lambda guest: book_visit(
                member_id=guest.member_id,
                outlet=outlet,
                order=order,
                starts_at=_instant(typed),
                now=now,
            )
        )
    except (SlotFull, NoSuchSlot) as refused:
        flash(refused.message)
        return redirect(url_for(".new", outlet=outlet or None, order=order or None))
    return redirect(url_for(".index"))


@bp.post("/visits/<int:booking_id>/cancel")
def cancel(booking_id: int) -> ResponseReturnValue:
    """Not to come after all."""
    member_id, now = session.member().member_id, clock.now()
    retried(lambda: cancel_visit(booking_id, member_id=member_id, now=now))
    flash("预约已取消")
    return redirect(url_for(".index"))


def _instant(typed: str) -> datetime:
    """The slot's begin in whole seconds since 1970, as the page sends it."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 10):
        raise NoSuchSlot
    return datetime.fromtimestamp(int(typed), UTC)
