"""The rep's poster: asked for by the page, drawn by a worker, shown as soon as it is there."""

from flask import Blueprint, Response, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from flows.rep_poster import ask_for_poster, finished_poster
from terminal.session import person, rep
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("poster", __name__)


@bp.get("/terminal/poster")
def page() -> str:
    """The poster, or the wait for it."""
    is_ready = finished_poster(rep(), person().appid) is not None
    return render_template("terminal/poster.html", is_ready=is_ready)


@bp.get("/terminal/poster.jpg")
def picture() -> Response:
    """The file, to be kept by a long press; NotFound while it is not drawn."""
    jpeg = finished_poster(rep(), person().appid)
    if jpeg is None:
        raise NotFound("海报还没有生成")
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


@bp.post("/api/terminal/poster")
def draw() -> ResponseReturnValue:
    """Have it drawn."""
    rep_id, appid, now = rep(), person().appid, clock.now()
    retried(lambda: ask_for_poster(rep_id=rep_id, appid=appid, now=now))
    return jsonify(is_ready=False), 202


@bp.get("/api/terminal/poster")
def state() -> Response:
    """Whether it is there by now."""
    is_ready = finished_poster(rep(), person().appid) is not None
    return jsonify(is_ready=is_ready, url=url_for(".picture") if is_ready else None)
