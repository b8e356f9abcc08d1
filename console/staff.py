"""Console users: made, placed, stopped and let in again by those above them."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, page_of, text
from console.session import staff as me
from console.typed import EMPTY, Filled, came_back
from console.words import ROLES
from flows import staff_desk
from flows.staff_desk import Governor
from org.models import Role
from org.queries import nodes_under, under
from org.staff_roster import StaffFilter, count_staff, staff_found
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput

bp = Blueprint("staff", __name__)


@bp.get("/staff")
def index() -> str:
    """The console users of my part of the organisation."""
    asked = request.args.get("role", "")
    if asked and asked not in ROLES:
        raise BadInput("没有这个角色", fields=["role"])
    wanted = StaffFilter(under(me().node_id), text("text"), Role(asked) if asked else None)
    pages = page_of(count_staff(wanted))
    rows = staff_found(wanted, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/staff_list.html", rows=rows, pages=pages, roles=ROLES, asked=request.args
    )


@bp.get("/staff/new")
def new() -> str:
    """The form for somebody new."""
    return _form()


@bp.post("/staff")
def create() -> ResponseReturnValue:
    """Somebody new: his password is on this answer and never again."""
    by, form = _governor(), request.form
    login, name, place = (text(each, form) for each in ("login", "name", "place"))
    try:
        role = _role()
        staff_id, password = retried(
            lambda: staff_desk.employ(login=login, name=name, role=role, place=place, by=by)
        )
    except AppError as refusal:
        return _form(came_back(refusal)), refusal.status
    return _page(staff_id, password)


@bp.get("/staff/<int:staff_id>")
def show(staff_id: int) -> str:
    """One console user."""
    return _page(staff_id)


@bp.post("/staff/<int:staff_id>/transfer")
def transfer(staff_id: int) -> ResponseReturnValue:
    """Another role, another place."""
    by, place = _governor(), text("place", request.form)
    return _changed(
        staff_id,
        "transfer",
        "已变更，对方的下一次操作即按新权限",
        lambda: staff_desk.transfer(staff_id=staff_id, role=_role(), place=place, by=by),
    )


@bp.post("/staff/<int:staff_id>/disable")
def disable(staff_id: int) -> ResponseReturnValue:
    """Take every right away, at once."""
    by, now = _governor(), clock.now()
    return _changed(
        staff_id,
        "disable",
        "已停用，所有设备均已退出",
        lambda: staff_desk.disable(staff_id=staff_id, by=by, now=now),
    )


@bp.post("/staff/<int:staff_id>/enable")
def enable(staff_id: int) -> ResponseReturnValue:
    """Give the rights back."""
    by = _governor()
    return _changed(
        staff_id, "enable", "已恢复", lambda: staff_desk.enable(staff_id=staff_id, by=by)
    )


@bp.post("/staff/<int:staff_id>/reset")
def reset(staff_id: int) -> ResponseReturnValue:
    """A new password, on this answer and never again."""
    by, now = _governor(), clock.now()
    try:
        password = retried(lambda: staff_desk.reset(staff_id=staff_id, by=by, now=now))
    except AppError as refusal:
        return _page(staff_id, sent="reset", refused=came_back(refusal)), refusal.status
    return _page(staff_id, password)


def _governor() -> Governor:
    return Governor(me().staff_id, me().role, me().node_id)


def _role() -> Role:
    asked = text("role", request.form)
    if asked not in ROLES:
        raise BadInput("请选择角色", fields=["role"])
    return Role(asked)


def _form(form: Filled = EMPTY) -> str:
    by = _governor()
    return render_template(
        "console/staff_new.html", form=form, roles=by.may_grant, places=nodes_under(by.node_id)
    )


def _page(staff_id: int, password: str = "", *, sent: str = "", refused: Filled = EMPTY) -> str:
    """The page of an account; of its forms the one that was sent comes back as it was typed."""
    by = _governor()
    file = staff_desk.staff_file(staff_id, by, clock.now())
    forms = dict.fromkeys(("disable", "enable", "reset"), EMPTY)
    forms["transfer"] = Filled({"role": file.staff.role, "place": file.node.code})
    return render_template(
        "console/staff.html",
        file=file,
        password=password,
        roles=by.may_grant,
        places=nodes_under(by.node_id),
        forms=forms | {sent: refused},
        refusal=refused.refusal,
    )


def _changed(staff_id: int, form: str, said: str, work: Callable[[], None]) -> ResponseReturnValue:
    try:
        retried(work)
    except AppError as refusal:
        return _page(staff_id, sent=form, refused=came_back(refusal)), refusal.status
    flash(said)
    return redirect(url_for("console.staff.show", staff_id=staff_id))
