"""The central order pool: give lines to outlets, see what is overdue, take goods back."""

from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from flows.fulfilment import returning, watch
from flows.fulfilment.dispatching import dispatch_by_hand
from flows.fulfilment.pictures import picture_within, pictures_of
from fulfilment.queries import count_overdue
from org.queries import under
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("pool", __name__)


@bp.get("/pool")
def index() -> str:
    """Lines without an outlet, and those whose outlet cannot go on."""
    node_id, now = staff().node_id, clock.now()
    rows = watch.pool(node_id, now=now)
    return render_template(
        "console/pool.html",
        rows=rows,
        pictures=pictures_of(row.task_id for row in rows),
        outlets=watch.outlets_of(node_id),
        counts=watch.pool_counts(node_id),
        late=count_overdue(under(node_id), now=now),
    )


@bp.get("/pool/tasks/<int:task_id>/pictures/<name>")
def picture(task_id: int, name: str) -> Response:
    """What an outlet photographed of a problem; NotFound outside of one's scope."""
    jpeg = picture_within(task_id=task_id, name=name, node_id=staff().node_id)
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@bp.post("/pool/<int:chain_id>/dispatch")
def dispatch(chain_id: int) -> ResponseReturnValue:
    """Give a line to an outlet, or on to another one, with a reason."""
    outlet, reason = text("outlet", request.form), text("reason", request.form)

    def give(now: datetime) -> None:
        dispatch_by_hand(
            chain_id=chain_id,
            outlet_code=outlet,
            reason=reason,
            staff_node_id=staff().node_id,
            actor=_actor(),
            now=now,
        )

    retried(lambda: give(clock.now()))
    flash("已派单")
    return redirect(_back())


@bp.get("/overdue")
def overdue() -> str:
    """Nodes past their time, and how high they were carried."""
    rows = watch.overdue(staff().node_id, now=clock.now())
    return render_template("console/overdue.html", rows=rows)


@bp.post("/pool/<int:chain_id>/goods-back")
def goods_back(chain_id: int) -> ResponseReturnValue:
    """The units of a return are at the outlet again."""
    retried(
        lambda: returning.goods_back(
            chain_id=chain_id, staff_node_id=staff().node_id, actor=_actor(), now=clock.now()
        )
    )
    flash("已登记退回商品")
    return redirect(_back())


@bp.post("/pool/<int:chain_id>/call-off")
def call_off(chain_id: int) -> ResponseReturnValue:
    """Nothing came: the customer keeps his unit."""
    retried(
        lambda: returning.call_off(
            chain_id=chain_id, staff_node_id=staff().node_id, actor=_actor(), now=clock.now()
        )
    )
    flash("已取消退换，订单继续办理")
    return redirect(_back())


@bp.post("/pool/<int:chain_id>/exchange")
def exchange(chain_id: int) -> ResponseReturnValue:
    """A customer brings a unit back to get another."""
    reason = text("reason", request.form)
    retried(
        lambda: returning.start_exchange(
            chain_id=chain_id,
            reason=reason,
            staff_node_id=staff().node_id,
            actor=_actor(),
            now=clock.now(),
        )
    )
    flash("已登记换货，收到商品后重新发货")
    return redirect(_back())


def _actor() -> str:
    return f"staff:{staff().staff_id}"


def _back() -> str:
    """The page of the order it was done from, else the pool."""
    number = text("order", request.form)
    return url_for("console.orders.show", number=number) if number else url_for(".index")
