"""Which staff member asks: the session cookie, checked against the database on every request."""

from datetime import datetime
from typing import Final

from flask import Response, g, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from org.roster import holds_everything
from org.sessions import Origin, SignedIn, note_use, staff_of_session
from wx_backend import clock
from wx_backend.access import WITH_REASON, Access, Scope
from wx_backend.audit import Act, act_as
from wx_backend.db import retried
from wx_backend.error_pages import wants_json
from wx_backend.errors import BadInput, Forbidden, NotSignedIn
from wx_backend.platform import config
from wx_backend.strangers import client_address
from wx_backend.words import printable

COOKIE: Final = "wx_staff"
PATH: Final = "/console"
CHANGES_PASSWORD: Final = frozenset({"console.account.password", "console.account.new_password"})


def require_staff(row: Access) -> ResponseReturnValue | None:
    """Let staff of the row's roles and tiers through; send a page to the login.

    Nothing is remembered: who was disabled, moved or given another role a moment ago is so in
    this request already. Whose password somebody else knows does nothing before he changed it.
    """
    found = _signed_in()
    if found is None:
        if wants_json() or request.method != "GET":
            raise NotSignedIn
        return redirect(url_for("console.sign_in.page", next=request.full_path.rstrip("?")))
    if not row.admits(found.role, found.tier):
        raise Forbidden
    if row.scope is Scope.ALL and not holds_everything(found.node_id):
        raise Forbidden("这里涉及全部网点，只有覆盖全部网点的账号可以使用")
    if found.must_change_password and request.endpoint not in CHANGES_PASSWORD:
        if request.method != "GET":
            raise Forbidden("请先修改初始密码")
        return redirect(url_for("console.account.password"))
    g.staff = found
    _begin_act(found)
    return None


def _begin_act(found: SignedIn) -> None:
    """From here on what this request changes is in the audit trail as this person's act."""
    if request.method == "GET":
        return
    endpoint, form = request.endpoint or "", request.form
    reason = printable(form.get("reason", "")).strip() or printable(form.get("note", "")).strip()
    if endpoint in WITH_REASON and not reason:
        raise BadInput("请填写原因", fields=["reason"])
    act_as(
        Act(
            actor=f"staff:{found.staff_id}",
            what=endpoint,
            subject=" ".join(map(str, (request.view_args or {}).values())),
            reason=reason,
            node_id=found.node_id,
            request_id=request_id(),
        )
    )


def staff() -> SignedIn:
    """Who is signed in; NotSignedIn outside of the gate."""
    found: SignedIn | None = g.get("staff")
    if found is None:
        raise NotSignedIn
    return found


def request_id() -> str:
    """By what this request is found in the log."""
    return str(g.get("request_id", ""))


def token() -> str:
    """The token of this browser's session; empty without one."""
    return request.cookies.get(COOKIE, "")


def give(response: Response, value: str) -> None:
    """Let the browser keep its session's token, for the console's pages only."""
    response.set_cookie(
        COOKIE,
        value,
        path=PATH,
        secure=config().service.base_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def origin() -> Origin:
    """What this browser says of itself."""
    agent = printable(request.user_agent.string)
    return Origin(str(client_address() or ""), agent)


def take_back(response: Response) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="Lax")


def _signed_in() -> SignedIn | None:
    mine, now = token(), clock.now()
    if not mine:
        return None
    found = staff_of_session(mine, now)
    if found is not None:
        _keep_alive(mine, now)
    return found


def _keep_alive(mine: str, now: datetime) -> None:
    """Note the use once a minute: on SQLite every look would wait for the one writer otherwise."""
    minute = int(now.timestamp()) // 60
    if cookie.get("noted") != minute:
        retried(lambda: note_use(token=mine, now=now))
        cookie["noted"] = minute
