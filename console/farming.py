"""Flags of farming on the reps of one's own places: the evidence, and a decision with its reason."""

import logging
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, page_of, sentence
from console.session import staff
from flows.farming import desk
from referral.farming.models import FarmingVerdict
from referral.farming.operations import Decision
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

log = logging.getLogger(__name__)
bp = Blueprint("farming", __name__, url_prefix="/farming")

ROWS_DIGITS: Final = 9
_SAID: Final = {
    FarmingVerdict.HARMLESS: "已判定为无异常",
    FarmingVerdict.LOOKED_INTO: "已标记为核查中",
    FarmingVerdict.HELD: "已标记为核查中，并暂缓向该员工发放佣金",
}


@bp.get("")
def index() -> str:
    """What looks like farming, undecided first."""
    node_id = staff().node_id
    pages = page_of(desk.count_flag_rows(node_id))
    rows = desk.flag_rows(node_id, after=pages.after, limit=PER_PAGE)
    return render_template("console/farming_flags.html", rows=rows, pages=pages)


@bp.get("/<int:flag_id>")
def show(flag_id: int) -> str:
    """One flag with the rows it was raised for."""
    row = desk.flag_row(flag_id, staff().node_id)
    pages = page_of(row.extent.rows)
    evidence = desk.evidence_rows(row.flag, after=pages.after, limit=PER_PAGE)
    return render_template("console/farming_flag.html", row=row, evidence=evidence, pages=pages)


@bp.post("/<int:flag_id>/<verdict>")
def decide(flag_id: int, verdict: str) -> ResponseReturnValue:
    """Say what it comes to."""
    if verdict not in _SAID:
        raise desk.NoSuchFlag
    who, now = staff(), clock.now()
    decision = Decision(_was(), FarmingVerdict(verdict), sentence("reason"), _rows())
    actor = f"staff:{who.staff_id}"
    retried(lambda: desk.decide(flag_id, decision, node_id=who.node_id, actor=actor, now=now))
    log.info(
        "farming decided", extra={"flag": flag_id, "staff_id": who.staff_id, "verdict": verdict}
    )
    flash(_SAID[decision.verdict])
    return redirect(url_for(".show", flag_id=flag_id))


def _was() -> FarmingVerdict | None:
    """What the page said was decided; None for nothing. Raises BadInput."""
    typed = request.form.get("was", "")
    if typed and typed not in _SAID:
        raise BadInput("页面已过期，请刷新后重试", fields=["was"])
    return FarmingVerdict(typed) if typed else None


def _rows() -> int:
    """How many rows the page showed, as it says. Raises BadInput."""
    typed = request.form.get("rows", "")
    if not typed.isascii() or not typed.isdigit() or len(typed) > ROWS_DIGITS:
        raise BadInput("页面已过期，请刷新后重试", fields=["rows"])
    return int(typed)
