"""Reps: figures, and everything that gives or takes their rights."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, as_date, page_of, text
from console.session import staff
from console.typed import EMPTY, Filled, came_back
from console.words import REPS
from flows import rep_desk, rep_moves
from org.models import RepStatus
from org.queries import under
from org.reps import OperatorCodes
from org.roster import RepFilter, active_reps, count_reps
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput
from wx_backend.platform import config
from wx_backend.qr_picture import qr_svg

log = logging.getLogger(__name__)
bp = Blueprint("reps", __name__)

CODES: Final = ("developer_code", "channel_code", "staff_number")


@bp.get("/reps")
def index() -> str:
    """The reps of the staff's scope with what they brought."""
    status = request.args.get("status", "")
    if status and status not in REPS:
        raise BadInput("没有这个状态", fields=["status"])
    wanted = RepFilter(
        scope=under(staff().node_id),
        text=text("text"),
        status=RepStatus(status) if status else None,
    )
    pages = page_of(count_reps(wanted))
    rows = rep_desk.rep_rows(wanted, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/reps.html", rows=rows, pages=pages, statuses=REPS, asked=request.args
    )


@bp.get("/reps/<number>")
def show(number: str) -> str:
    """One rep."""
    return _page(number)


@bp.post("/reps/<number>/invite")
def invite(number: str) -> str:
    """A new invitation code, on this answer and never again."""
    node_id, now = staff().node_id, clock.now()
    code = retried(lambda: rep_desk.invite_rep(number=number, node_id=node_id, now=now))
    _note("rep invited", number)
    return _page(number, code)


@bp.post("/reps/<number>/unbind")
def unbind(number: str) -> ResponseReturnValue:
    """Cut the rep off the WeChat person he is bound to."""
    node_id, now = staff().node_id, clock.now()
    return _changed(
        number,
        "unbind",
        "已解除微信绑定",
        lambda: rep_desk.release_rep(number=number, node_id=node_id, now=now),
    )


@bp.post("/reps/<number>/disable")
def disable(number: str) -> ResponseReturnValue:
    """Take the rep's rights away; his customers stay his."""
    node_id = staff().node_id
    return _changed(
        number, "disable", "已停用", lambda: rep_desk.pause_rep(number=number, node_id=node_id)
    )


@bp.post("/reps/<number>/enable")
def enable(number: str) -> ResponseReturnValue:
    """Give a disabled rep his rights back."""
    node_id = staff().node_id
    return _changed(
        number, "enable", "已恢复", lambda: rep_desk.resume_rep(number=number, node_id=node_id)
    )


@bp.post("/reps/<number>/leave")
def leave(number: str) -> ResponseReturnValue:
    """The rep leaves, and somebody or the outlet's pool takes over."""
    node_id, heir, now = staff().node_id, text("heir", request.form), clock.now()
    try:
        retried(lambda: rep_desk.rep_leaves(number=number, node_id=node_id, heir=heir, now=now))
    except AppError as refusal:
        return leaving_page(number, came_back(refusal)), refusal.status
    return _done(number, "已办理离职")


@bp.post("/reps/<number>/codes")
def assign_codes(number: str) -> ResponseReturnValue:
    """Give the rep operator codes from a day on."""
    node_id, now, form = staff().node_id, clock.now(), request.form

    def work() -> None:
        rep_desk.assign_rep_codes(
            number=number,
            node_id=node_id,
            codes=codes_typed(form),
            valid_from=as_date(text("valid_from", form), "valid_from"),
            now=now,
        )

    return _changed(number, "codes", "已保存工号", work)


def codes_typed(form: Mapping[str, str]) -> OperatorCodes:
    """The three codes billing knows a rep by, as typed. Raises BadInput."""
    typed = {name: text(name, form) for name in CODES}
    if wrong := [name for name, code in typed.items() if not _is_code(code)]:
        raise BadInput("三个工号都要填，只能用字母、数字和连字符，最多32位", fields=wrong)
    return OperatorCodes(**typed)


def leaving_page(number: str, form: Filled = EMPTY) -> str:
    """What his leaving would mean, and who could take over."""
    stake = rep_moves.stake_of(number, staff().node_id, clock.now())
    heirs = [each for each in active_reps(under(stake.rep.outlet_id)) if each.id != stake.rep.id]
    return render_template("console/rep_leave.html", stake=stake, heirs=heirs, form=form)


def _page(number: str, code: str = "", *, sent: str = "", refused: Filled = EMPTY) -> str:
    """The page of a rep; of its forms the one that was sent comes back as it was typed."""
    file = rep_desk.rep_file(number, staff().node_id, clock.now())
    address = f"{config().service.base_url}/terminal/bind?number={number}"
    return render_template(
        "console/rep.html",
        file=file,
        code=code,
        picture=qr_svg(address) if code else "",
        forms={**dict.fromkeys(("codes", "disable", "enable"), EMPTY), sent: refused},
        refusal=refused.refusal,
    )


def _changed(number: str, form: str, said: str, work: Callable[[], None]) -> ResponseReturnValue:
    try:
        retried(work)
    except AppError as refusal:
        return _page(number, sent=form, refused=came_back(refusal)), refusal.status
    return _done(number, said)


def _done(number: str, said: str) -> ResponseReturnValue:
    """Note who did it, and go back to the rep's page."""
    _note("rep changed", number)
    flash(said)
    return redirect(url_for("console.reps.show", number=number))


def _note(event: str, number: str) -> None:
    what = {"rep": number, "staff_id": staff().staff_id, "endpoint": request.endpoint}
    log.info(event, extra=what)


def _is_code(typed: str) -> bool:
    plain = typed.replace("-", "")
    return len(typed) <= 32 and plain.isascii() and plain.isalnum()
