"""Pictures of products, for everybody; a picture never changes under its name."""

from flask import Blueprint, Response, request

from flows.album import picture_named

bp = Blueprint("pictures", __name__)


@bp.get("/pictures/<name>.jpg")
def show(name: str) -> Response:
    """One picture; a browser that has it is told so."""
    response = Response(picture_named(name), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(name)
    response.make_conditional(request)
    return response
