"""Reps hired, moved and parted with: what hangs on them is told before anything is confirmed."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.reps import CODES, codes_typed, leaving_page
from console.session import staff
from console.typed import Filled, came_back
from console.words import CHANNELS
from flows import rep_moves
from flows.rep_moves import NewRep
from org.models import ChannelClass, Tier
from org.places import open_places
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput

bp = Blueprint("rep_moves", __name__)


@bp.get("/reps/new")
def new() -> str:
    """The form for somebody new."""
    return _form(Filled(request.args))


@bp.post("/reps/new")
def hire() -> ResponseReturnValue:
    """Somebody new at an outlet."""
    node_id, now = staff().node_id, clock.now()
    try:
        new_rep = _new_rep()
        number = retried(lambda: rep_moves.hire(new_rep, node_id=node_id, now=now))
    except AppError as refusal:
        return _form(came_back(refusal)), refusal.status
    flash("已入职，请生成邀请码交给本人绑定微信")
    return redirect(url_for("console.reps.show", number=number))


def _new_rep() -> NewRep:
    form = request.form
    channel = text("channel_class", form)
    if channel not in CHANNELS:
        raise BadInput("请选择渠道", fields=["channel_class"])
    return NewRep(
        name=text("name", form),
        outlet=text("outlet", form),
        channel_class=ChannelClass(channel),
        title=text("title", form),
        codes=codes_typed(form) if any(text(name, form) for name in CODES) else None,
    )


def _form(form: Filled) -> str:
    return render_template(
        "console/rep_new.html",
        outlets=open_places(staff().node_id, [Tier.OUTLET]),
        channels=CHANNELS,
        form=form,
    )


@bp.get("/reps/<number>/move")
def plan(number: str) -> str:
    """What moving him to the outlet asked for would mean; without one, where he could go."""
    node_id, now, outlet = staff().node_id, clock.now(), text("outlet")
    return render_template(
        "console/rep_move.html",
        stake=rep_moves.stake_of(number, node_id, now),
        planned=rep_moves.planned_move(number, outlet, node_id, now) if outlet else None,
        outlets=open_places(node_id, [Tier.OUTLET]),
    )


@bp.post("/reps/<number>/move")
def move(number: str) -> ResponseReturnValue:
    """Move him."""
    node_id, now, outlet = staff().node_id, clock.now(), text("outlet", request.form)
    after = retried(lambda: rep_moves.move(number=number, outlet=outlet, node_id=node_id, now=now))
    flash("已调动" if after == number else "已调动：在新网点使用新编号，请分配新工号")
    return redirect(url_for("console.reps.show", number=after))


@bp.get("/reps/<number>/leave")
def part(number: str) -> str:
    """What his leaving would mean, and who could take over."""
    return leaving_page(number)
