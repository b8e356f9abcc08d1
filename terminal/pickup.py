"""Handing out by code: scan or type it, see what it fetches, say that it was handed out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.fulfilment.over_the_counter import hand_out, what_to_hand_out
from flows.fulfilment.phone import actor_of, outlet_of
from terminal.session import rep
from wx_backend import clock
from wx_backend.errors import AppError

bp = Blueprint("pickup", __name__)


@bp.get("/pickup")
def page() -> str:
    """The form for a code."""
    return render_template("terminal/pickup.html", found=None, code="", refused="")


@bp.post("/pickup")
def look() -> ResponseReturnValue:
    """What the code fetches; nothing has happened to it yet."""
    code = _code()
    try:
        found = what_to_hand_out(outlet_id=outlet_of(rep()), code=code, now=clock.now())
    except AppError as refused:
        return _refused(refused), refused.status
    return render_template("terminal/pickup.html", found=found, code=code, refused="")


@bp.post("/pickup/done")
def done() -> ResponseReturnValue:
    """It is over the counter."""
    outlet_id, actor = outlet_of(rep()), actor_of(rep())
    try:
        done = hand_out(outlet_id=outlet_id, code=_code(), actor=actor, now=clock.now())
    except AppError as refused:
        return _refused(refused), refused.status
    flash(f"订单 {done.order_number[-6:]} 已交付")
    for each in done.kept:
        flash(f"{each.name} ×{each.quantity} 未交付：{each.why}", "bad")
    return redirect(url_for("terminal.tasks.index"))


def _refused(refused: AppError) -> str:
    return render_template("terminal/pickup.html", found=None, code="", refused=refused.message)


def _code() -> str:
    """The digits of what was typed or scanned."""
    typed = request.form.get("code", "")
    return "".join(each for each in typed if each.isascii() and each.isdigit())[:8]
