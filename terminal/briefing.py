"""A manager's figures on the phone: by his rights in the console, on the WeChat he confirmed."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flows.figures import morning
from insights.briefings import end_briefing, staff_read_by
from members.queries import member_ids_of
from terminal.session import person
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("briefing", __name__)


@bp.get("/briefing")
def show() -> str:
    """Today so far, yesterday, and what is late."""
    found = morning.my_mornings(person().member_id, now=clock.now())
    return render_template("terminal/briefing.html", mornings=found)


@bp.get("/briefing/<token>")
def offered(token: str) -> str:
    """Whose figures these are, to confirm."""
    staff = morning.offered_to(token, now=clock.now())
    return render_template("terminal/briefing_offer.html", staff=staff, token=token)


@bp.post("/briefing/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Read them on this WeChat from now on."""
    identity_id, now = person().identity_id, clock.now()
    retried(lambda: morning.accept(token, identity_id=identity_id, now=now))
    flash("已开通，每天 8:30 发送昨日数据")
    return redirect(url_for(".show"))


@bp.post("/briefing/end")
def end() -> ResponseReturnValue:
    """Do without on this WeChat."""
    member_ids = member_ids_of(person().member_id)
    retried(lambda: end_briefing(staff_ids=staff_read_by(member_ids)))
    flash("已停止")
    return redirect(url_for(".show"))
