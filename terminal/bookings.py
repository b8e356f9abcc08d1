"""Last night's orders and this morning's visitors, each with its queue code."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flows.bookings import night_of, note_visit
from flows.fulfilment.phone import actor_of, outlet_of
from terminal.session import rep
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import Conflict

bp = Blueprint("bookings", __name__)


@bp.get("/night")
def index() -> str:
    """What came in since the outlet closed, and who comes today."""
    page = night_of(outlet_of(rep()), now=clock.now())
    return render_template("terminal/night.html", page=page)


@bp.post("/night/<int:booking_id>/arrived")
def arrived(booking_id: int) -> ResponseReturnValue:
    """He is here."""
    return _note(booking_id, "已到店", arrived=True)


@bp.post("/night/<int:booking_id>/missed")
def missed(booking_id: int) -> ResponseReturnValue:
    """He did not come."""
    return _note(booking_id, "未到", arrived=False)


def _note(booking_id: int, word: str, *, arrived: bool) -> ResponseReturnValue:
    outlet_id, actor, now = outlet_of(rep()), actor_of(rep()), clock.now()
    try:
        code = retried(
            lambda: note_visit(
                booking_id, arrived=arrived, outlet_id=outlet_id, actor=actor, now=now
            )
        )
    except Conflict as refused:
        flash(refused.message, "bad")
    else:
        flash(f"{code} {word}")
    return redirect(url_for(".index"))
