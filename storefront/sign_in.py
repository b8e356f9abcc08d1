"""Signing in by WeChat: a silent round trip, bound to this browser by a state used once."""

import logging
import re
import secrets
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from flows.accounts import account_of_page
from flows.signing_in import ask_who, sign_in
from storefront import session
from storefront.homes import home_node
from wechat.error_codes import CODE_USED
from wx_backend import access, clock
from wx_backend.access import Access, Caller
from wx_backend.carried import leave_session_as_sent
from wx_backend.config import Account
from wx_backend.db import db, retried
from wx_backend.error_pages import wants_json
from wx_backend.errors import (
    BadInput,
    Forbidden,
    NotFound,
    NotSignedIn,
    PlatformError,
    Unavailable,
)
from wx_backend.platform import client, config
from wx_backend.qr_picture import qr_svg

log = logging.getLogger(__name__)
bp = Blueprint("sign_in", __name__)

ROUND_SECONDS: Final = 600
ROUNDS_MAX: Final = 3
PATH_MAX: Final = 512  # it has to fit into a cookie, and into a code that a phone can read
_PATH: Final = re.compile(r"/(?!/)[A-Za-z0-9/_-]*(\?[A-Za-z0-9=&_-]*)?")
_PUBLIC_PAGES: Final = frozenset(
    {
        "storefront.cart.page",
        "storefront.mall.category",
        "storefront.mall.home",
        "storefront.mall.mine",
        "storefront.mall.product",
        "storefront.mall.search",
        "storefront.mall.showroom",
        "storefront.places.city",
        "storefront.places.near",
        "storefront.places.outlet",
        "storefront.places.province",
    }
)


class BadNext(BadInput):
    """Where to go after signing in is not a page of this site."""

    code, message = "bad_next", "跳转地址无效"


class BadState(Forbidden):
    """This browser began no such round trip, or it is over: somebody planted it, or a repeat."""

    code, message = "bad_state", "登录已失效，请返回后重新打开页面"


@bp.get("/login")
def begin() -> ResponseReturnValue:
    """Send the browser to WeChat; what it is to come back to stays with us, under the state."""
    onward = request.args.get("next", "/")
    if not is_own_page(onward):
        raise BadNext
    if not session.is_in_wechat():
        return outside_wechat(onward)
    base_url = config().service.base_url
    if request.host != urlsplit(base_url).netloc:  # WeChat returns there: the cookie must be there
        return redirect(f"{base_url}{url_for('.begin', next=onward)}")
    state = secrets.token_hex(16)
    session.meet(_account_of(onward))
    account = session.account()
    if account.kind != "official":
        raise NotFound("没有可用的公众号")
    appid = account.appid
    round_trip = [state, onward, session.as_values(session.waiting()), _seconds(), appid]
    cookie["rounds"] = [*_rounds(), round_trip][-ROUNDS_MAX:]
    target = f"{base_url}{url_for('.come_back')}"
    return redirect(client(appid).authorize_url(target, state))


@bp.get("/oauth/return")
def come_back() -> ResponseReturnValue:
    """WeChat sent the browser back: exchange the code once, then a clean address."""
    _, onward, opened, _, appid = _take_round(request.args.get("state", ""))
    now = clock.now()
    db.session.rollback()  # no transaction stays open around the call
    try:
        login = ask_who(appid=appid, code=request.args.get("code", ""))
    except PlatformError as error:
        return _not_told(onward, error)
    done = retried(
        lambda: sign_in(
            appid=appid,
            login=login,
            visitor_cookie=session.visitor_cookie(),
            opened=session.opened_from(opened),
            now=now,
        )
    )
    if session.as_values(session.waiting()) == opened:
        session.settle_opened()
    session.enter(done.identity_id, now)
    session.carry(done.opened, now)
    response = make_response(redirect(onward))
    if not done.keeps_visitor:
        session.forget_visitor(response)
    return response


@bp.post("/logout")
def end() -> ResponseReturnValue:
    """Sign out, on every browser."""
    session.end(clock.now())
    return redirect("/")


def require_member(_row: Access) -> ResponseReturnValue | None:
    """Let members through; send a page in WeChat to the sign-in; explain outside of it."""
    if session.viewer() is not None:
        return None
    if wants_json() or request.method != "GET":
        raise NotSignedIn
    asked = request.full_path.rstrip("?")
    onward = asked if is_own_page(asked) else "/"
    if not session.is_in_wechat():
        return outside_wechat(onward)
    return redirect(url_for("storefront.sign_in.begin", next=onward))


def outside_wechat(path: str) -> ResponseReturnValue:
    """Explain that the page opens in WeChat, with a code of its address to scan."""
    link = f"{config().service.base_url}{path}"
    page = "storefront/outside.html"
    return render_template(page, link=link, code=qr_svg(link), outlet=home_node()), 401


def is_own_page(target: str) -> bool:
    """Whether a target is a page here that one may come back to; nothing else is ever followed."""
    if len(target) > PATH_MAX or not _PATH.fullmatch(target):
        return False
    try:
        endpoint, _ = current_app.url_map.bind("").match(target.partition("?")[0], method="GET")
    except HTTPException:
        return False
    row = access.TABLE.get(endpoint)
    is_for_members = row is not None and row.caller in {Caller.MEMBER, Caller.REP}
    return endpoint in _PUBLIC_PAGES or (is_for_members and not target.startswith("/api/"))


def _account_of(onward: str) -> Account | None:
    """The account a page belongs to: the one its address names, or that of a rep's showroom.

    Whoever is on his way from a link has met its account already.
    """
    parts = urlsplit(onward)
    named = session.named_account(parse_qs(parts.query).get("account", [""])[0])
    if named is not None or session.waiting() is not None:
        return named
    return account_of_page(parts.path)


def _not_told(onward: str, error: PlatformError) -> ResponseReturnValue:
    """WeChat did not say who it is: public pages open all the same, others ask to try again.

    A code that was used belongs to a twin of this request, which WeChat's browser is known to send: the
    twin's answer has the sign-in, and this one undoes nothing of it. Without a twin the page begins
    anew, so often.
    """
    log.warning("sign-in failed", extra={"api": error.api, "code": error.code})
    is_twin = error.code in map(str, CODE_USED)
    begun = sum(each[1] == onward for each in _rounds())
    if is_twin:
        leave_session_as_sent()
    endpoint, _ = current_app.url_map.bind("").match(onward.partition("?")[0], method="GET")
    if endpoint in _PUBLIC_PAGES or (is_twin and begun < ROUNDS_MAX - 1):
        return redirect(onward)
    raise Unavailable("微信登录暂时不可用，请稍后再试")


def _take_round(state: str) -> list[Any]:
    """The round trip this browser began with this state; it can be taken once. Raises BadState."""
    rounds = _rounds()
    found = next(
        (each for each in rounds if secrets.compare_digest(each[0].encode(), state.encode())), None
    )
    if found is None:
        raise BadState
    cookie["rounds"] = [each for each in rounds if each is not found]
    return found


def _rounds() -> list[list[Any]]:
    """Round trips that are still young enough."""
    rounds: list[list[Any]] = cookie.get("rounds", [])
    return [each for each in rounds if len(each) == 5 and each[3] > _seconds() - ROUND_SECONDS]


def _seconds() -> int:
    return int(clock.now().timestamp())
