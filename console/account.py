"""One's own account: password, second factor, and the browsers one is signed in with."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import session
from console.pages import text
from console.session import staff
from flows import staff_desk, staff_door
from org.second_factor import codes_left, drop_factor, has_factor, new_recovery_codes
from org.sessions import end_one, end_sessions, living_sessions, start_session
from org.staff import LOCKED_FOR, WeakPassword, check_password, confirm_password
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound
from wx_backend.qr_picture import qr_svg

bp = Blueprint("account", __name__)


class WrongPassword(BadInput):
    code = "wrong_password"
    message = f"当前密码不正确，或输错次数过多，请{LOCKED_FOR.seconds // 60}分钟后再试"


@bp.get("/account")
def show() -> str:
    """Who I am, where I am signed in, and what protects me."""
    me, now = staff(), clock.now()
    return render_template(
        "console/account.html",
        sessions=living_sessions(me.staff_id, now),
        has_factor=has_factor(me.staff_id),
        codes_left=codes_left(me.staff_id),
    )


@bp.post("/account/sessions/<int:session_id>/end")
def end(session_id: int) -> ResponseReturnValue:
    """Sign out one of my browsers."""
    me, now = staff(), clock.now()
    if not retried(lambda: end_one(session_id=session_id, staff_id=me.staff_id, now=now)):
        raise NotFound
    flash("已退出该设备")
    return redirect(url_for("console.account.show"))


@bp.post("/account/sessions/end")
def end_others() -> ResponseReturnValue:
    """Sign out all my browsers but this one."""
    me, now = staff(), clock.now()
    count = retried(lambda: end_sessions(staff_id=me.staff_id, now=now, but=me.session_id))
    flash(f"已退出其他 {count} 个设备")
    return redirect(url_for("console.account.show"))


@bp.get("/account/password")
def password() -> str:
    """Where a new password is chosen; who must, is sent here."""
    return _password_form()


@bp.post("/account/password")
def new_password() -> ResponseReturnValue:
    """Change my password: every session and the briefing end, and this browser gets a new session."""
    me, now, form = staff(), clock.now(), request.form
    chosen = form.get("password", "")
    try:
        _check_password()
        if chosen != form.get("again", ""):
            raise WeakPassword("两次输入的新密码不一致")
        if chosen == form.get("current", ""):
            raise WeakPassword("新密码不能与当前密码相同")
        retried(
            lambda: staff_desk.change_own_password(staff_id=me.staff_id, password=chosen, now=now)
        )
    except (WrongPassword, WeakPassword) as refusal:
        return _password_form(refusal.message), refusal.status
    token = retried(lambda: start_session(staff_id=me.staff_id, now=now, origin=session.origin()))
    flash("密码已修改，其他设备和微信上的每日简报均已退出")
    response = make_response(redirect(url_for("console.account.show")))
    session.give(response, token)
    return response


@bp.post("/account/factor")
def begin_factor() -> ResponseReturnValue:
    """Make a secret for my phone; my password is asked for again."""
    me = staff()
    _check_password()
    retried(lambda: staff_door.enrol(staff_id=me.staff_id, login=me.login))
    return redirect(url_for("console.account.factor"))


@bp.get("/account/factor")
def factor() -> str:
    """The secret as a picture to scan, until my phone has shown its first code."""
    return _factor_form()


@bp.post("/account/factor/confirm")
def confirm_factor() -> ResponseReturnValue:
    """My phone shows a code: from now on one is asked for. The recovery codes are shown once."""
    me, now, code = staff(), clock.now(), text("code", request.form)
    try:
        codes = retried(lambda: staff_door.confirm(staff_id=me.staff_id, code=code, now=now))
    except staff_door.WrongCode as refusal:
        return _factor_form(refusal.message), refusal.status
    return render_template("console/recovery_codes.html", codes=codes)


@bp.post("/account/factor/codes")
def codes() -> str:
    """Fresh recovery codes, shown once; the old ones stop working."""
    me = staff()
    _check_password()
    if not has_factor(me.staff_id):
        raise NotFound
    fresh = retried(lambda: new_recovery_codes(staff_id=me.staff_id))
    return render_template("console/recovery_codes.html", codes=fresh)


@bp.post("/account/factor/drop")
def drop() -> ResponseReturnValue:
    """The password alone is enough again; it is asked for."""
    me = staff()
    _check_password()
    retried(lambda: drop_factor(staff_id=me.staff_id))
    flash("两步验证已停用")
    return redirect(url_for("console.account.show"))


def _check_password() -> None:
    """The person at the keyboard is who signed in, not who found the desk empty. WrongPassword.

    A failure stays counted whatever becomes of the request.
    """
    checked = check_password(login=staff().login, password=request.form.get("current", ""))
    now = clock.now()
    if not retried(lambda: confirm_password(checked=checked, now=now)):
        raise WrongPassword


def _password_form(refused: str = "") -> str:
    return render_template("console/password.html", refused=refused)


def _factor_form(refused: str = "") -> str:
    me = staff()
    shown = staff_door.enrolment(staff_id=me.staff_id, login=me.login)
    picture = qr_svg(shown.address)
    return render_template("console/factor.html", shown=shown, picture=picture, refused=refused)
