"""Stop buttons: hold what goes out of the house, pay-outs of one place alone too, and let it go on."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from flows.payout import places
from org.roster import holds_everything, names_of_nodes
from wx_backend import clock, stops
from wx_backend.db import retried
from wx_backend.errors import BadInput, Forbidden
from wx_backend.stops import Line
from wx_backend.strict import Malformed, whole_number

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
    past, held_places = stops.stops(limit=SHOWN), stops.stopped_places()
    known = {each.node_id for each in past if each.node_id is not None} | held_places.keys()
    return render_template(
        "console/stops.html",
        names=NAMES,
        held=stops.open_stops(),
        held_places=held_places,
        places=places.places_to_stop(staff().node_id),
        place_names=names_of_nodes(known),
        past=past,
    )


@bp.post("/<line>/stop")
def stop(line: str) -> ResponseReturnValue:
    """Hold a line."""
    which, reason, now, by = _line(line), _reason(), clock.now(), _who()
    retried(lambda: stops.stop(line=which, reason=reason, by=by, now=now))
    return _done("line stopped", which, f"已停止：{NAMES[which]}")


@bp.post("/<line>/lift")
def lift(line: str) -> ResponseReturnValue:
    """Let a line go on."""
    which, now, by = _line(line), clock.now(), _who()
    retried(lambda: stops.lift(line=which, by=by, now=now))
    return _done("line lifted", which, f"已恢复：{NAMES[which]}")


@bp.post("/payouts/places/stop")
def stop_place() -> ResponseReturnValue:
    """Hold the pay-outs of one place."""
    _check_whole()
    node_id, reason, now, by = _place(), _reason(), clock.now(), _who()
    scope_id = staff().node_id
    retried(
        lambda: places.stop_place(node_id=node_id, scope_id=scope_id, reason=reason, by=by, now=now)
    )
    return _done("place stopped", Line.PAYOUTS, "已停止该地的佣金发放", node_id)


@bp.post("/payouts/places/lift")
def lift_place() -> ResponseReturnValue:
    """Let the pay-outs of a place go on."""
    _check_whole()
    node_id, now, by = _place(), clock.now(), _who()
    retried(lambda: places.lift_place(node_id=node_id, by=by, now=now))
    return _done("place lifted", Line.PAYOUTS, "已恢复该地的佣金发放", node_id)


def _check_whole() -> None:
    """What concerns everybody is stopped by whoever answers for everything. Raises Forbidden."""
    if not holds_everything(staff().node_id):
        raise Forbidden


def _line(typed: str) -> Line:
    _check_whole()
    if typed not in set(Line):
        raise BadInput
    return Line(typed)


def _place() -> int:
    """The place of the form. Raises BadInput."""
    try:
        return whole_number(text("node", request.form), low=1, high=2**62)
    except Malformed as error:
        raise BadInput("请选择省分或市分", fields=["node"]) from error


def _reason() -> str:
    reason = text("reason", request.form)
    if not reason:
        raise BadInput("请填写停止的原因", fields=["reason"])
    return reason


def _who() -> str:
    return f"staff:{staff().staff_id}"


def _done(event: str, line: Line, said: str, node_id: int | None = None) -> ResponseReturnValue:
    log.warning(event, extra={"line": line, "node_id": node_id, "staff_id": staff().staff_id})
    flash(said)
    return redirect(url_for(".index"))
