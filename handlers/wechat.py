"""The domain ownership files."""

from flask import Blueprint, Response

from wx_backend.errors import NotFound
from wx_backend.platform import config

bp = Blueprint("wechat", __name__)


@bp.get("/<name>.txt")
def verification_file(name: str) -> Response:
    """A file by which the platform sees that a domain is ours."""
    text = config().wechat.verification_files.get(f"{name}.txt")
    if text is None:
        raise NotFound
    return Response(text, mimetype="text/plain")
