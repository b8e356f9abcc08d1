"""The rep arranges his showroom: what he says, which products come first, in which order."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.my_showroom import GREETING_MAX, arrange_picks, my_showroom, say_hello
from terminal.session import rep
from terminal.typed import typed_line
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError
from wx_backend.words import one_line

bp = Blueprint("showroom", __name__)


@bp.get("/showroom")
def page() -> str:
    """What customers see first, and what could be put there."""
    text = typed_line(request.args, "text")
    return render_template(
        "terminal/showroom.html",
        page=my_showroom(rep(), text=text, now=clock.now()),
        text=text,
        greeting_max=GREETING_MAX,
    )


@bp.post("/showroom/greeting")
def greeting() -> ResponseReturnValue:
    """What the rep says."""
    rep_id, said = rep(), one_line(request.form.get("greeting", "")).strip()
    try:
        retried(lambda: say_hello(rep_id=rep_id, greeting=said))
    except AppError as refused:
        flash(refused.message, "bad")
    else:
        flash("欢迎语已保存")
    return redirect(url_for(".page"))


@bp.post("/showroom/picks")
def picks() -> ResponseReturnValue:
    """The whole list of picks as the rep wants it."""
    rep_id, wanted = rep(), request.form.get("picks", "")
    try:
        retried(lambda: arrange_picks(rep_id=rep_id, picks=wanted))
    except AppError as refused:
        flash(refused.message, "bad")
    else:
        flash("推荐已更新")
    return redirect(url_for(".page", text=typed_line(request.form, "text") or None))
