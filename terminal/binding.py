"""Becoming a rep on this WeChat by an invitation, and giving it back."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.binding import bind_by_invitation, unbind_person
from members.queries import member_ids_of
from org.invites import TRIES_MAX, InviteOutcome
from org.queries import bound_rep, rep_of_member
from terminal.session import person
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.words import printable

bp = Blueprint("binding", __name__)

TYPED_MAX: Final = 32
REFUSED: Final = (
    f"员工编号或邀请码不正确，或邀请码已失效。每个邀请码最多可试{TRIES_MAX}次，请向网点重新索取。"
)
PAUSED: Final = "您的销售权限已停用，请联系所在网点"


@bp.get("/bind")
def page() -> ResponseReturnValue:
    """The form, or straight to the terminal for who is a rep already."""
    mine = member_ids_of(person().member_id)
    if rep_of_member(*mine) is not None:
        return redirect(url_for("terminal.home.show"))
    refused = PAUSED if bound_rep(*mine) is not None else ""
    return _form(refused, _typed("number", request.args))


@bp.post("/bind")
def bind() -> ResponseReturnValue:
    """Use an invitation. A wrong try is counted, so it is committed like a right one."""
    number, code = (_typed(name, request.form) for name in ("number", "code"))
    identity_id, now = person().identity_id, clock.now()
    outcome = retried(
        lambda: bind_by_invitation(
            rep_number=number.upper(), code=code, identity_id=identity_id, now=now
        )
    )
    if outcome is not InviteOutcome.BOUND:
        return _form(REFUSED, number), 400
    flash("绑定成功")
    return redirect(url_for("terminal.home.show"))


@bp.post("/unbind")
def unbind() -> ResponseReturnValue:
    """Give the rep's rights on this WeChat back."""
    member_id, now = person().member_id, clock.now()
    retried(lambda: unbind_person(member_id=member_id, now=now))
    return redirect(url_for("terminal.binding.page"))


def _form(refused: str, number: str = "") -> str:
    is_wrong = refused == REFUSED
    return render_template("terminal/bind.html", refused=refused, number=number, is_wrong=is_wrong)


def _typed(name: str, source: Mapping[str, str]) -> str:
    return printable(source.get(name, "")).strip()[:TYPED_MAX]
