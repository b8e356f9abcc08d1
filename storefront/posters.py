"""A customer's own poster of a page: asked for, waited for, kept by a long press."""

from flask import Blueprint, Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from flows.member_poster import ask_for_own_poster, own_poster
from referral.models import Subject
from storefront import session
from storefront.schemas import ShareRequest, body
from storefront.sharing import shared_page
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound
from wx_backend.strict import Malformed, whole_number

bp = Blueprint("posters", __name__)


@bp.post("/api/posters")
def create() -> ResponseReturnValue:
    """Have one's own poster of a page drawn; the same page again is the same poster."""
    asked, viewer = body(ShareRequest()), session.member()
    subject, key, _ = shared_page(Subject(asked["subject"]), asked["key"])
    parent_id, now = session.carried_share(), clock.now()
    share_id = retried(
        lambda: ask_for_own_poster(
            identity_id=viewer.identity_id,
            member_id=viewer.member_id,
            sharing=(subject, key),
            parent_id=parent_id,
            now=now,
        )
    )
    return jsonify(number=str(share_id)), 202


@bp.get("/api/posters/<number>")
def state(number: str) -> ResponseReturnValue:
    """Whether it is there by now, and where."""
    is_ready = _own(number) is not None
    return jsonify(url=url_for(".picture", number=number) if is_ready else None)


@bp.get("/posters/<number>.jpg")
def picture(number: str) -> Response:
    """The picture, to be kept by a long press."""
    jpeg = _own(number)
    if jpeg is None:
        raise NotFound("海报还没有生成")
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _own(number: str) -> bytes | None:
    viewer, now = session.member(), clock.now()
    try:
        share_id = whole_number(number, low=1, high=2**62)
    except Malformed:
        raise NotFound("海报不存在") from None
    return own_poster(share_id, identity_id=viewer.identity_id, member_id=viewer.member_id, now=now)
