"""Stop buttons: hold what goes out of the house, and let it go on."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from org.roster import holds_everything
from wx_backend import clock, stops
from wx_backend.db import retried
from wx_backend.errors import BadInput, Forbidden
from wx_backend.stops import Line

log = logging.getLogger(__name__)
bp = Blueprint("stops", __name__, url_prefix="/stops")

SHOWN = 50
NAMES = {
    Line.MESSAGES: "消息与推送",
    Line.REFUNDS: "退款",
    Line.PAYOUTS: "佣金发放",
    Line.EVERYTHING: "全部对外调用",
}


@bp.get("")
def index() -> str:
    """What is held now, and the stops of before."""
    _check_whole()
    return render_template(
        "console/stops.html",
        names=NAMES,
        held=stops.open_stops(),
        past=stops.stops(limit=SHOWN),
    )


@bp.post("/<line>/stop")
def stop(line: str) -> ResponseReturnValue:
    """Hold a line."""
    which, reason, now, by = _line(line), text("reason", request.form), clock.now(), _who()
    if not reason:
        raise BadInput("请填写停止的原因", fields=["reason"])
    retried(lambda: stops.stop(line=which, reason=reason, by=by, now=now))
    return _done("line stopped", which, f"已停止：{NAMES[which]}")


@bp.post("/<line>/lift")
def lift(line: str) -> ResponseReturnValue:
    """Let a line go on."""
    which, now, by = _line(line), clock.now(), _who()
    retried(lambda: stops.lift(line=which, by=by, now=now))
    return _done("line lifted", which, f"已恢复：{NAMES[which]}")


def _check_whole() -> None:
    """What concerns everybody is stopped by whoever answers for everything. Raises Forbidden."""
    if not holds_everything(staff().node_id):
        raise Forbidden


def _line(typed: str) -> Line:
    _check_whole()
    if typed not in set(Line):
        raise BadInput
    return Line(typed)


def _who() -> str:
    return f"staff:{staff().staff_id}"


def _done(event: str, line: Line, said: str) -> ResponseReturnValue:
    log.warning(event, extra={"line": line, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for(".index"))
