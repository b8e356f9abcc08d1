"""Mass sends: the account's articles to choose from, and what was sent in WeChat's own console."""

import logging
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import sentence, text
from console.session import staff
from flows.campaign import mass_desk
from flows.message_desk import accounts_seen
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import retried
from wx_backend.errors import BadInput

log = logging.getLogger(__name__)
bp = Blueprint("mass_sends", __name__, url_prefix="/mass-sends")

TITLE_LENGTH = 64


@bp.get("")
def index() -> str:
    """The accounts in reach, and the chosen one's articles and sends by hand."""
    node_id, now = staff().node_id, clock.now()
    accounts = accounts_seen(node_id)
    name = request.args.get("account", "") or (accounts[0].name if accounts else "")
    page = mass_desk.mass_page(name, node_id, now=now) if accounts else None
    return render_template(
        "console/mass_sends.html", accounts=accounts, page=page, today=business_on(now)
    )


@bp.post("/<account>/sync")
def sync(account: str) -> ResponseReturnValue:
    """Read the drafts from WeChat again."""
    now, node_id = clock.now(), staff().node_id
    retried(lambda: mass_desk.start_sync(account, node_id, now=now))
    flash("已开始同步草稿箱，稍后刷新可见结果")
    return redirect(url_for("console.mass_sends.index", account=account))


@bp.post("/<account>/by-hand")
def enter(account: str) -> ResponseReturnValue:
    """Count a mass send made in WeChat's console."""
    now, who, title = clock.now(), staff(), sentence("title")[:TITLE_LENGTH]
    sent_on = _day(text("sent_on", request.form))
    retried(
        lambda: mass_desk.enter_send(
            account, who.node_id, sent_on=sent_on, title=title, staff_id=who.staff_id, now=now
        )
    )
    log.info("mass send by hand entered", extra={"account": account, "staff_id": who.staff_id})
    flash("已登记，计入本月每人 4 次")
    return redirect(url_for("console.mass_sends.index", account=account))


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise BadInput("日期格式应为 2026-03-02", fields=["sent_on"]) from error
