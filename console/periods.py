"""Months: where each stands, its check-list, and closing it."""

import logging
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from console.settlement_words import ACCOUNTS, BATCHES
from console.words import EXCEPTIONS
from flows.period import closing
from org.roster import holds_everything
from settlement.periods import overrides_of, periods
from wx_backend import clock
from wx_backend.db import retried

log = logging.getLogger(__name__)
bp = Blueprint("periods", __name__)


@bp.get("/periods")
def index() -> str:
    """All months, the newest first."""
    sees_all = holds_everything(staff().node_id)
    return render_template("console/periods.html", periods=periods(), sees_all=sees_all)


@bp.get("/periods/<month>")
def show(month: str) -> str:
    """One month: its check-list, or how far closing it has come, or its seal."""
    page = closing.month_page(month, node_id=staff().node_id, now=clock.now())
    waiting = [each for each in overrides_of(page.period.id) if each.approved_by is None]
    return render_template(
        "console/period.html",
        page=page,
        waiting={(each.check_name, each.finding): each for each in waiting},
        me=_actor(),
        cell_word=_cell_word,
    )


@bp.post("/periods/<month>/close")
def close(month: str) -> ResponseReturnValue:
    """Shut the month and have it frozen."""
    who, now = staff(), clock.now()
    return _changed(
        month,
        "已开始结账，可在本页查看进度",
        lambda: closing.close_month(month=month, node_id=who.node_id, by=_actor(), now=now),
    )


@bp.post("/periods/<month>/overrides/<check_name>")
def ask(month: str, check_name: str) -> ResponseReturnValue:
    """Ask a colleague to let a finding pass."""
    who, now, reason = staff(), clock.now(), text("reason", request.form)
    return _changed(
        month,
        "已提交放行申请，请由另一位同事批准",
        lambda: closing.ask_to_let_pass(
            month=month,
            check_name=check_name,
            node_id=who.node_id,
            reason=reason,
            by=_actor(),
            now=now,
        ),
    )


@bp.post("/periods/<month>/overrides/<int:row_id>/approve")
def approve(month: str, row_id: int) -> ResponseReturnValue:
    """Let a finding pass that a colleague asked for."""
    who, now = staff(), clock.now()
    return _changed(
        month,
        "已批准放行",
        lambda: closing.let_pass(
            month=month, override_id=row_id, node_id=who.node_id, by=_actor(), now=now
        ),
    )


def _changed(month: str, said: str, work: Callable[[], None]) -> ResponseReturnValue:
    retried(work)
    what = {"month": month, "staff_id": staff().staff_id, "endpoint": request.endpoint}
    log.info("period changed", extra=what)
    flash(said)
    return redirect(url_for("console.periods.show", month=month))


def _cell_word(cell: str) -> str:
    """A cell of a check in Chinese where it is an account, an exception or a batch's state."""
    return next((words[cell] for words in (ACCOUNTS, EXCEPTIONS, BATCHES) if cell in words), cell)


def _actor() -> str:
    return f"staff:{staff().staff_id}"
