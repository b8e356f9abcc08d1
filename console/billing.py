"""The hand-over to billing: ages of what waits, refusals with their reason, files of the night."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from console.session import staff
from flows import billing_desk
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("billing", __name__)


@bp.get("/billing")
def index() -> str:
    """Everything billing has not accepted, the oldest first."""
    desk = billing_desk.desk_of(staff().node_id, now=clock.now())
    return render_template("console/billing.html", desk=desk, limit=billing_desk.SHOWN)


@bp.post("/billing/<number>/again")
def again(number: str) -> ResponseReturnValue:
    """Hand one order over again."""
    who, now = staff(), clock.now()
    retried(
        lambda: billing_desk.go_again(
            number=number, node_id=who.node_id, by=f"staff:{who.staff_id}", now=now
        )
    )
    flash("已重新交接")
    return redirect(url_for("console.billing.index"))
