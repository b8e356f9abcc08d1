"""Signing in with login and password, and out again."""

import logging
import re
from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from console import session
from org.sessions import end_session
from org.staff import FAILURES_MAX, LOCKED_FOR, check_password, sign_in
from wx_backend import clock
from wx_backend.db import retried

log = logging.getLogger(__name__)
bp = Blueprint("sign_in", __name__)

LOGIN_MAX: Final = 40
_PAGE: Final = re.compile(r"/console/[A-Za-z0-9/_-]*(\?[A-Za-z0-9=&_%.-]*)?")
# One sentence for every refusal: it tells a guesser neither who exists nor what was right.
REFUSED: Final = (
    "登录名或密码不正确，或账号已被锁定。"
    f"连续输错{FAILURES_MAX}次，账号将锁定{LOCKED_FOR.seconds // 60}分钟。"
)


@bp.get("/login")
def page() -> ResponseReturnValue:
    """The login page."""
    return _form()


@bp.post("/login")
def enter() -> ResponseReturnValue:
    """Check login and password; a session begins under a token that was never seen before."""
    login = request.form.get("login", "").strip()[:LOGIN_MAX]
    checked = check_password(login=login, password=request.form.get("password", ""))
    now = clock.now()
    token = retried(lambda: sign_in(checked=checked, now=now))
    if token is None:
        log.warning("staff sign-in refused", extra={"staff_id": checked.staff_id})
        return _form(login=login, refused=REFUSED), 401
    cookie.pop("csrf_token", None)
    response = make_response(redirect(_onward()))
    session.give(response, token)
    return response


@bp.post("/logout")
def leave() -> ResponseReturnValue:
    """End this browser's session, whatever else becomes of the cookie."""
    token, now = session.token(), clock.now()
    retried(lambda: end_session(token=token, now=now))
    response = make_response(redirect(url_for("console.sign_in.page")))
    session.take_back(response)
    return response


def _form(login: str = "", refused: str = "") -> str:
    return render_template(
        "console/login.html", login=login, refused=refused, onward=request.values.get("next", "")
    )


def _onward() -> str:
    """The console's page that was asked for; never another site's."""
    asked = request.form.get("next", "")
    return asked if _PAGE.fullmatch(asked) else url_for("console.dashboard.show")
