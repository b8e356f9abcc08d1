"""每日简报: reading one's figures on one's own WeChat, and having them sent every morning."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.session import staff
from insights.briefings import briefing_of, end_briefing, offer_briefing, want_daily
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.platform import config
from wx_backend.qr_picture import qr_svg

log = logging.getLogger(__name__)
bp = Blueprint("briefing", __name__)


@bp.get("/briefing")
def index() -> str:
    """Whether one reads them anywhere, and how to."""
    return _page()


@bp.post("/briefing/link")
def link() -> str:
    """A link to open in WeChat, on this answer and never again."""
    staff_id, now = staff().staff_id, clock.now()
    token = retried(lambda: offer_briefing(staff_id=staff_id, now=now))
    return _page(f"{config().service.base_url}/terminal/briefing/{token}")


@bp.post("/briefing/daily")
def daily() -> ResponseReturnValue:
    """Have the morning's message, or do without."""
    staff_id, is_daily = staff().staff_id, request.form.get("daily") == "1"
    retried(lambda: want_daily(staff_ids=[staff_id], is_daily=is_daily))
    flash("每天 8:30 发送昨日数据" if is_daily else "不再发送，仍可随时在微信查看")
    return redirect(url_for(".index"))


@bp.post("/briefing/end")
def end() -> ResponseReturnValue:
    """Let no WeChat show them any more."""
    staff_id = staff().staff_id
    retried(lambda: end_briefing(staff_ids=[staff_id]))
    log.info("briefing ended", extra={"staff_id": staff_id})
    flash("已停止在微信查看")
    return redirect(url_for(".index"))


def _page(address: str = "") -> str:
    return render_template(
        "console/briefing.html",
        briefing=briefing_of(staff().staff_id),
        address=address,
        picture=qr_svg(address) if address else "",
    )
