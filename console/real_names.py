"""Staff decide by hand on a line's real name, and say why."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from flows.real_name import BY_HAND, ByHand, decide_by_hand
from orders.models import RealName
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

bp = Blueprint("real_names", __name__)


@bp.post("/orders/<number>/lines/<int:position>/real-name")
def decide(number: str, position: int) -> ResponseReturnValue:
    """Passed or refused; a refusal gives the money back by itself."""
    state = text("state", request.form)
    if state not in BY_HAND:
        raise BadInput("请选择结果", fields=["state"])
    said = ByHand(number, position, RealName(state), text("reason", request.form))
    who, now = staff(), clock.now()
    retried(lambda: decide_by_hand(said, staff_id=who.staff_id, node_id=who.node_id, now=now))
    flash("已记录实名结果")
    return redirect(url_for("console.orders.show", number=number))
