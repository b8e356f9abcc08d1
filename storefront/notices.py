"""Agreeing to subscription notices: WeChat's own button on a page, and the ids for a mini-program.

What was answered comes as a push of WeChat's, so the page only looks again; nothing is believed
that a browser says.
"""

from flask import Blueprint, jsonify, make_response, render_template
from flask.typing import ResponseReturnValue

from flows.consents import asked_of
from storefront import session
from wx_backend.headers import policy

bp = Blueprint("notices", __name__)

OPEN_TAG_FRAMES = "https://*.qq.com webcompt:"


@bp.get("/notices")
def page() -> ResponseReturnValue:
    """Which notices there are, how often one agreed to each, and WeChat's button to agree."""
    asked = asked_of(session.member().identity_id)
    answer = make_response(render_template("storefront/notices.html", asked=asked))
    answer.headers["Content-Security-Policy"] = policy(frames=OPEN_TAG_FRAMES)
    return answer


@bp.get("/api/notices")
def index() -> ResponseReturnValue:
    """The same as data: a mini-program hands the ids to `wx.requestSubscribeMessage`."""
    return jsonify(notices=asked_of(session.member().identity_id))
