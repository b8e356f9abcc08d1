"""Which staff member asks: the session cookie, checked against the database on every request."""

from datetime import datetime
from typing import Final

from flask import Response, g, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from org.sessions import SignedIn, note_use, staff_of_session
from wx_backend import clock
from wx_backend.access import Access
from wx_backend.db import retried
from wx_backend.error_pages import wants_json
from wx_backend.errors import Forbidden, NotSignedIn
from wx_backend.platform import config

COOKIE: Final = "wx_staff"
PATH: Final = "/console"


def require_staff(row: Access) -> ResponseReturnValue | None:
    """Let staff of the row's roles through; send a page to the login. Nothing is remembered.

    Who was disabled, moved or given another role a moment ago is so in this request already.
    """
    found = _signed_in()
    if found is None:
        if wants_json() or request.method != "GET":
            raise NotSignedIn
        return redirect(url_for("console.sign_in.page", next=request.full_path.rstrip("?")))
    if found.role not in row.roles:
        raise Forbidden
    g.staff = found
    return None


def staff() -> SignedIn:
    """Who is signed in; NotSignedIn outside of the gate."""
    found: SignedIn | None = g.get("staff")
    if found is None:
        raise NotSignedIn
    return found


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
