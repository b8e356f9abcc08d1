"""The number pools of the staff's part of the organisation: what is left, taken out, offered again."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.number_models import NumberState
from catalog.number_queries import count_numbers, counts_by_node, numbers_found
from console.goods_words import NUMBERS
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from flows import number_desk
from org.queries import node_of, under
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

bp = Blueprint("numbers", __name__)


@bp.get("/numbers")
def index() -> str:
    """Counts by pool and state, and the numbers asked for."""
    scope, wanted, typed = under(staff().node_id), request.args.get("state", ""), text("text")
    if wanted and wanted not in NUMBERS:
        raise BadInput("没有这个状态", fields=["state"])
    state = NumberState(wanted) if wanted else None
    pages = page_of(count_numbers(scope, text=typed, state=state))
    rows = numbers_found(scope, text=typed, state=state, after=pages.after, limit=PER_PAGE)
    counts = counts_by_node(scope)
    names = {node_id: node_of(node_id).name for node_id in {*counts, *(r.node_id for r in rows)}}
    return render_template(
        "console/numbers.html",
        rows=rows,
        pages=pages,
        counts=counts,
        names=names,
        states=NUMBERS,
        asked=request.args,
    )


@bp.post("/numbers/<int:number_id>/withdraw")
def withdraw(number_id: int) -> ResponseReturnValue:
    """Sold elsewhere or ported away: nobody chooses it here any more."""
    node_id, now = staff().node_id, clock.now()
    retried(lambda: number_desk.take_out(number_id=number_id, node_id=node_id, now=now))
    flash("号码已撤出号池")
    return redirect(url_for(".index", state=NumberState.WITHDRAWN))


@bp.post("/numbers/<int:number_id>/offer")
def offer(number_id: int) -> ResponseReturnValue:
    """Taken out by mistake, or back at the operator."""
    node_id, now = staff().node_id, clock.now()
    retried(lambda: number_desk.offer_again(number_id=number_id, node_id=node_id, now=now))
    flash("号码已放回号池")
    return redirect(url_for(".index"))
