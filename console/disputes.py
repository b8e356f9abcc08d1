"""Disputes about who is credited: listed, closed with a word, or upheld: given to another rep by two persons."""

import logging
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, page_of, sentence, text
from console.session import staff
from flows import dispute_desk, reassigning
from flows.reassigned import dispute_page
from flows.reassigning import By
from referral.reassignment_models import ReassignmentVerdict
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound

log = logging.getLogger(__name__)
bp = Blueprint("disputes", __name__, url_prefix="/disputes")

_VERDICTS: Final = {
    ReassignmentVerdict.APPROVED: "已同意，佣金已改判，争议已结",
    ReassignmentVerdict.REJECTED: "已驳回",
}


@bp.get("")
def index() -> str:
    """What is disputed about the orders of one's part, or what was: each with what speaks against its credit."""
    node_id, is_closed = staff().node_id, text("state") == "closed"
    pages = page_of(dispute_desk.count_dispute_rows(node_id, is_closed=is_closed))
    rows = dispute_desk.dispute_rows(
        node_id, is_closed=is_closed, after=pages.after, limit=PER_PAGE
    )
    return render_template("console/disputes.html", rows=rows, pages=pages, is_closed=is_closed)


@bp.get("/<int:dispute_id>")
def show(dispute_id: int) -> str:
    """One of them, whose the commission is now, and who asked for it to be another's."""
    page = dispute_page(dispute_id, staff().node_id)
    return render_template("console/dispute.html", page=page, me=_by().actor)


@bp.post("/<int:dispute_id>/close")
def close(dispute_id: int) -> ResponseReturnValue:
    """Say what looking into it came to."""
    who, now, resolution = staff(), clock.now(), sentence("reason")
    if not resolution:
        raise BadInput("请填写结论", fields=["reason"])
    retried(
        lambda: dispute_desk.close(
            dispute_id=dispute_id,
            node_id=who.node_id,
            resolution=resolution,
            by=f"staff:{who.staff_id}",
            now=now,
        )
    )
    log.info("dispute closed", extra={"dispute": dispute_id, "staff_id": who.staff_id})
    flash("已记录结论")
    return redirect(url_for(".index"))


@bp.post("/<int:dispute_id>/reassign")
def reassign(dispute_id: int) -> ResponseReturnValue:
    """Ask that the line be another rep's."""
    by, now, number, reason = _by(), clock.now(), text("to_rep", request.form), sentence("reason")
    if not number or not reason:
        raise BadInput("请填写员工编号和改判原因", fields=["to_rep", "reason"])
    retried(lambda: reassigning.ask(dispute_id, number=number, reason=reason, by=by, now=now))
    flash("已提交，等待另一位同事审批")
    return redirect(url_for(".show", dispute_id=dispute_id))


@bp.post("/reassignments/<int:reassignment_id>/<verdict>")
def decide(reassignment_id: int, verdict: str) -> ResponseReturnValue:
    """Agree or decline, as the second person."""
    if verdict not in _VERDICTS:
        raise NotFound
    known, note, by, now = ReassignmentVerdict(verdict), sentence("note"), _by(), clock.now()
    if known is ReassignmentVerdict.REJECTED and not note:
        raise BadInput("请填写驳回原因", fields=["note"])
    dispute_id = retried(
        lambda: reassigning.decide(reassignment_id, verdict=known, note=note, by=by, now=now)
    )
    log.info(
        "reassignment decided",
        extra={"dispute": dispute_id, "staff_id": staff().staff_id, "verdict": known},
    )
    flash(_VERDICTS[known])
    return redirect(url_for(".show", dispute_id=dispute_id))


@bp.post("/reassignments/<int:reassignment_id>/withdraw")
def withdraw(reassignment_id: int) -> ResponseReturnValue:
    """Take back what one asked for oneself."""
    by, now = _by(), clock.now()
    dispute_id = retried(lambda: reassigning.withdraw(reassignment_id, by=by, now=now))
    flash("已撤回申请")
    return redirect(url_for(".show", dispute_id=dispute_id))


def _by() -> By:
    who = staff()
    return By(f"staff:{who.staff_id}", who.node_id)
