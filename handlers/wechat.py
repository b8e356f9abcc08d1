"""The callback routes as Flask sees them, and the domain ownership files."""

from flask import Blueprint, Response, current_app, request

from handlers.body import raw_body
from handlers.door import read_query
from handlers.messages import Answer, Letter, Messages
from wx_backend import clock
from wx_backend.errors import NotFound
from wx_backend.platform import config

bp = Blueprint("wechat", __name__)


def _messages() -> Messages:
    found: Messages = current_app.extensions["wx_messages"]
    return found


@bp.get("/wechat/<account>/callback")
def verify(account: str) -> Response:
    """The console checks our address."""
    return _response(_messages().verify_url(account, Letter(_query(), b"")))


@bp.post("/wechat/<account>/callback")
def push(account: str) -> Response:
    """A push that did not come through the door: the same answer, or 413 for a large one."""
    return _response(_messages().answer(account, Letter(_query(), raw_body()), clock.now()))


@bp.get("/<name>.txt")
def verification_file(name: str) -> Response:
    """A file by which the platform sees that a domain is ours."""
    text = config().wechat.verification_files.get(f"{name}.txt")
    if text is None:
        raise NotFound
    return Response(text, mimetype="text/plain")


def _query() -> dict[str, str]:
    return read_query(request.query_string.decode("latin-1")) or {}


def _response(answer: Answer) -> Response:
    return Response(answer.body, status=answer.status, content_type=answer.content_type)
