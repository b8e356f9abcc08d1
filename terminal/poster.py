"""The rep's poster in the look he picks: drawn by a worker, shown as soon as it is there, sent to his chat."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.poster import looks
from flows.rep_poster import ask_for_poster, ask_to_send, finished_poster, look_named
from terminal.session import person, rep
from terminal.typed import typed_line
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("poster", __name__)


@bp.get("/terminal/poster")
def page() -> str:
    """The poster, or the wait for it."""
    look = _look()
    return render_template(
        "terminal/poster.html",
        is_ready=finished_poster(rep(), person().appid, look) is not None,
        look=look,
        looks=looks(),
    )


@bp.get("/terminal/poster.jpg")
def picture() -> Response:
    """The file, to be kept by a long press; NotFound while it is not drawn."""
    return jpeg_or_missing(finished_poster(rep(), person().appid, _look()))


@bp.post("/terminal/poster/send")
def send() -> ResponseReturnValue:
    """Have it sent into the chat with the account."""
    look = look_named(typed_line(request.form, "look"))
    rep_id, identity_id, now = rep(), person().identity_id, clock.now()
    retried(lambda: ask_to_send(rep_id=rep_id, identity_id=identity_id, now=now, look=look))
    flash("正在发到公众号对话，稍后请到对话中查看")
    return redirect(url_for(".page", look=look))


@bp.post("/api/terminal/poster")
def draw() -> ResponseReturnValue:
    """Have it drawn."""
    rep_id, appid, now, look = rep(), person().appid, clock.now(), _look()
    retried(lambda: ask_for_poster(rep_id=rep_id, appid=appid, now=now, look=look))
    return jsonify(is_ready=False), 202


@bp.get("/api/terminal/poster")
def state() -> Response:
    """Whether it is there by now."""
    look = _look()
    is_ready = finished_poster(rep(), person().appid, look) is not None
    url = url_for(".picture", look=look) if is_ready else None
    return jsonify(is_ready=is_ready, url=url)


def jpeg_or_missing(jpeg: bytes | None) -> Response:
    """A finished picture as an answer; NotFound while there is none."""
    if jpeg is None:
        raise NotFound("图片还没有生成")
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _look() -> str:
    return look_named(typed_line(request.args, "look"))
