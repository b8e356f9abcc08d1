"""Signing in with login and password, a second factor where there is one, and out again."""

import logging
import re
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from console import session
from flows import staff_door
from org.address_lock import came_in_from, try_from
from org.second_factor import has_factor
from org.sessions import end_session
from org.staff import FAILURES_MAX, LOCKED_FOR, Checked, check_password, may_try, sign_in
from org.staff_roster import place_of_staff
from wx_backend import clock
from wx_backend.audit import Act, act_as
from wx_backend.db import retried
from wx_backend.errors import TooMany
from wx_backend.strangers import client_address, network_of

log = logging.getLogger(__name__)
bp = Blueprint("sign_in", __name__)

LOGIN_MAX: Final = 40
CODE_MAX: Final = 20
HALF_WAY_FOR: Final = timedelta(minutes=5)
_HALF_WAY: Final = "staff_half_way"
_PAGE: Final = re.compile(r"/console/[A-Za-z0-9/_-]*(\?[A-Za-z0-9=&_%.-]*)?")
_LOCKS: Final = f"连续输错{FAILURES_MAX}次，账号将锁定{LOCKED_FOR.seconds // 60}分钟。"
# One sentence for every refusal: it tells a guesser neither who exists nor what was right.
REFUSED: Final = f"登录名或密码不正确，或账号已被锁定。{_LOCKS}"
REFUSED_CODE: Final = f"验证码不正确、已使用过，或账号已被锁定。{_LOCKS}"


@bp.get("/login")
def page() -> ResponseReturnValue:
    """The login page."""
    return _form()


@bp.post("/login")
def enter() -> ResponseReturnValue:
    """Check login and password; a session begins under a token that was never seen before."""
    _count_attempt()
    login = request.form.get("login", "").strip()[:LOGIN_MAX]
    checked = check_password(login=login, password=request.form.get("password", ""))
    now, origin = clock.now(), session.origin()
    if _is_half_way(checked, now):
        _count_no_failure()
        cookie[_HALF_WAY] = [checked.staff_id, int(now.timestamp())]
        return redirect(url_for("console.sign_in.code", next=request.form.get("next", "")))
    _begin_act(checked.staff_id)
    token = retried(lambda: sign_in(checked=checked, now=now, origin=origin))
    if token is None:
        log.warning("staff sign-in refused", extra={"staff_id": checked.staff_id})
        return _form(login=login, refused=REFUSED), 401
    return _admitted(token)


@bp.get("/login/code")
def code() -> ResponseReturnValue:
    """Where the code of the phone is typed, after a right password."""
    return _code_form() if _half_way() else redirect(url_for("console.sign_in.page"))


@bp.post("/login/code")
def enter_code() -> ResponseReturnValue:
    """Check the second factor."""
    staff_id, now, origin = _half_way(), clock.now(), session.origin()
    if staff_id is None:
        return redirect(url_for("console.sign_in.page"))
    _count_attempt()
    typed = request.form.get("code", "").strip()[:CODE_MAX]
    _begin_act(staff_id)
    token = retried(lambda: staff_door.enter(staff_id=staff_id, code=typed, now=now, origin=origin))
    if token is None:
        log.warning("staff sign-in refused", extra={"staff_id": staff_id})
        return _code_form(refused=REFUSED_CODE), 401
    return _admitted(token)


@bp.post("/logout")
def leave() -> ResponseReturnValue:
    """End this browser's session, whatever else becomes of the cookie."""
    token, now = session.token(), clock.now()
    retried(lambda: end_session(token=token, now=now))
    response = make_response(redirect(url_for("console.sign_in.page")))
    session.take_back(response)
    return response


def _is_half_way(checked: Checked, now: datetime) -> bool:
    """Whether a code is all that is missing. Who is locked or disabled learns of no right password."""
    staff_id = checked.staff_id
    if not checked.is_right or staff_id is None or not has_factor(staff_id):
        return False
    return retried(lambda: may_try(staff_id=staff_id, now=now))


def _begin_act(staff_id: int | None) -> None:
    """Both coming in and failing to are in the audit trail; who is nobody changes nothing."""
    if staff_id is None:
        act_as(None)
        return
    act_as(
        Act(
            actor=f"staff:{staff_id}",
            what=request.endpoint or "",
            node_id=place_of_staff(staff_id),
            request_id=session.request_id(),
        )
    )


def _count_attempt() -> None:
    """Raises TooMany while this address is locked out, whichever account it tries."""
    now, network = clock.now(), network_of(client_address())
    left = retried(lambda: try_from(network, now=now)) if network else None
    if left is not None:
        log.warning("address locked out of the console", extra={"network": network})
        raise TooMany(retry_after=max(1, int(left.total_seconds())))


def _count_no_failure() -> None:
    if network := network_of(client_address()):
        retried(lambda: came_in_from(network))


def _admitted(token: str) -> Response:
    _count_no_failure()
    for name in ("csrf_token", _HALF_WAY):
        cookie.pop(name, None)
    response = make_response(redirect(_onward()))
    session.give(response, token)
    return response


def _half_way() -> int | None:
    """Whose password this browser has shown, in the last minutes; the cookie is signed."""
    staff_id, at = cookie.get(_HALF_WAY) or (None, 0)
    is_fresh = clock.now().timestamp() - at < HALF_WAY_FOR.total_seconds()
    return staff_id if is_fresh else None


def _form(login: str = "", refused: str = "") -> str:
    return render_template(
        "console/login.html", login=login, refused=refused, onward=request.values.get("next", "")
    )


def _code_form(refused: str = "") -> str:
    return render_template(
        "console/login_code.html", refused=refused, onward=request.values.get("next", "")
    )


def _onward() -> str:
    """The console's page that was asked for; never another site's."""
    asked = request.form.get("next", "")
    return asked if _PAGE.fullmatch(asked) else url_for("console.dashboard.show")
