"""Share links and short links: count the look, keep the opening, go on to the page."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from flows.accounts import account_of_share
from flows.visit import Landing, Sight, note_opening, open_slug, open_token
from storefront import session
from storefront.sights import sight
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("links", __name__)


@bp.get("/s/<token>")
def share(token: str) -> ResponseReturnValue:
    """A signed share link."""
    viewer = session.viewer()
    identity_id = viewer.identity_id if viewer else None
    return _open(lambda seen, now: open_token(token, sight=seen, identity_id=identity_id, now=now))


@bp.get("/l/<slug>")
def short(slug: str) -> ResponseReturnValue:
    """A short link that an older system gave out."""
    return _open(lambda seen, now: open_slug(slug, sight=seen, now=now))


@bp.post("/api/touch")
def touch() -> ResponseReturnValue:
    """The opened page answers for itself: only a person's browser, on this site, can send this."""
    opened, viewer = session.waiting(), session.viewer()
    if opened is None:
        return "", 204
    cookie = retried(
        lambda: note_opening(
            opened,
            identity_id=viewer.identity_id if viewer else None,
            visitor_cookie=session.visitor_cookie(),
            now=clock.now(),
        )
    )
    session.settle_opened()
    response = make_response("", 204)
    if cookie is not None:
        session.give_visitor(response, cookie)
    return response


def _open(work: Callable[[Sight, datetime], Landing]) -> ResponseReturnValue:
    seen, now = sight(), clock.now()
    landing = retried(lambda: work(seen, now))
    if seen is Sight.PREFETCH:
        return Response(status=204)  # so that the real visit comes to us as well
    if landing.message:
        flash(landing.message)
    if landing.opened is None:
        return redirect(landing.path)
    session.note_opened(landing.opened, now)
    told = session.named_account(request.args.get("account", ""))
    session.meet(told or account_of_share(landing.opened.share_id))
    if session.is_in_wechat() and session.viewer() is None:
        return redirect(url_for("storefront.sign_in.begin", next=landing.path))
    return redirect(landing.path)
