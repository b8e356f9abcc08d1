"""The day after: days with their legs, differences with their owners, clearing accounts."""

import logging
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, as_date, page_of, text
from console.session import staff
from console.words import DIFFERENCE_STATES, DIFFERENCES, EVIDENCE
from flows.reconcile import desk
from org.roster import holds_everything
from reconciliation.differences import DifferenceFilter, count_differences
from reconciliation.models import DifferenceClass, DifferenceStatus
from reconciliation.queries import count_days
from wechat.pay.bills import BillKind
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound

log = logging.getLogger(__name__)
bp = Blueprint("reconciliation", __name__)


@bp.get("/reconciliation")
def days() -> ResponseReturnValue:
    """The days, the latest first: how far each is, and what waits. Below the top: the differences."""
    node_id = staff().node_id
    if not holds_everything(node_id):
        return redirect(url_for("console.reconciliation.differences"))
    pages = page_of(count_days())
    rows = desk.days(node_id, after=pages.after, limit=PER_PAGE)
    return render_template("console/reconciliation.html", rows=rows, pages=pages)


@bp.get("/reconciliation/<day>")
def show(day: str) -> str:
    """One day: its bills, its legs side by side, its differences."""
    on, node_id, now = _day(day), staff().node_id, clock.now()
    wanted = DifferenceFilter(on=on)
    return render_template(
        "console/reconciliation_day.html",
        file=desk.day_file(on, node_id),
        differences=desk.difference_list(wanted, now=now, limit=PER_PAGE),
        count=count_differences(wanted),
    )


@bp.post("/reconciliation/<day>/run")
def run(day: str) -> ResponseReturnValue:
    """Fetch what is missing and compare again."""
    on, who, now = _day(day), staff(), clock.now()
    retried(lambda: desk.run_again(on=on, node_id=who.node_id, now=now))
    log.info("reconciliation asked for", extra={"day": day, "staff_id": who.staff_id})
    flash("已开始重新对账，请稍后刷新")
    return redirect(url_for("console.reconciliation.show", day=day))


@bp.post("/reconciliation/<day>/close")
def close(day: str) -> ResponseReturnValue:
    """Close the day: everything is explained or gone."""
    on, who, now = _day(day), staff(), clock.now()
    actor = f"staff:{who.staff_id}"
    retried(lambda: desk.close(on=on, node_id=who.node_id, actor=actor, now=now))
    flash("已日清")
    return redirect(url_for("console.reconciliation.show", day=day))


@bp.get("/reconciliation/<day>/<kind>.csv.gz")
def bill(day: str, kind: str) -> Response:
    """A bill's file as it came, packed."""
    if kind not in set(BillKind):
        raise NotFound
    packed = desk.bill_as_it_came(_day(day), BillKind(kind), staff().node_id)
    response = Response(packed, mimetype="application/gzip")
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{day}.csv.gz"'
    return response


@bp.get("/differences")
def differences() -> str:
    """What disagrees, the oldest first, by day, kind, owner and state."""
    wanted = desk.within(_wanted(), staff().node_id)
    pages = page_of(count_differences(wanted))
    rows = desk.difference_list(wanted, now=clock.now(), after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/differences.html",
        rows=rows,
        pages=pages,
        kinds=DIFFERENCES,
        states=DIFFERENCE_STATES,
        asked=request.args,
    )


@bp.get("/differences/<int:difference_id>")
def difference(difference_id: int) -> str:
    """One difference: both sides, what happened to it."""
    who = staff()
    view, steps = desk.difference_file(difference_id, who.node_id, clock.now())
    return render_template(
        "console/difference.html",
        view=view,
        steps=steps,
        evidence_names=EVIDENCE,
        is_owner=desk.may_end(view.row, who.role),
    )


@bp.post("/differences/<int:difference_id>/end")
def end(difference_id: int) -> ResponseReturnValue:
    """Say why it is all right, or how it was put right."""
    who, now, form = staff(), clock.now(), request.form
    reason, to = text("reason", form), form.get("to", "")
    if not reason:
        raise BadInput("请填写原因", fields=["reason"])
    if to not in (DifferenceStatus.EXPLAINED, DifferenceStatus.CORRECTED):
        raise BadInput("请选择处理方式", fields=["to"])
    decision = desk.Decision(
        difference_id, DifferenceStatus(to), f"staff:{who.staff_id}", who.role, reason
    )
    retried(lambda: desk.end(decision, node_id=who.node_id, now=now))
    flash("已记录处理结果")
    return redirect(url_for("console.reconciliation.difference", difference_id=difference_id))


@bp.get("/clearing")
def clearing() -> ResponseReturnValue:
    """What is on the clearing accounts, and what explains it. Below the top: the differences."""
    if not holds_everything(staff().node_id):
        return redirect(url_for("console.reconciliation.differences"))
    today = business_on(clock.now())
    accounts = desk.accounts(today, staff().node_id)
    return render_template("console/clearing.html", accounts=accounts, on=today)


def _wanted() -> DifferenceFilter:
    kind, state, on = (request.args.get(name, "") for name in ("kind", "status", "day"))
    if (kind and kind not in DIFFERENCES) or (state and state not in DIFFERENCE_STATES):
        raise BadInput("没有这个选项", fields=["kind", "status"])
    return DifferenceFilter(
        on=as_date(on, "day") if on else None,
        kind=DifferenceClass(kind) if kind else None,
        status=DifferenceStatus(state) if state else None,
        owner_role=text("owner"),
    )


def _day(typed: str) -> date:
    try:
        return as_date(typed, "day")
    except BadInput as error:
        raise NotFound from error
