"""The pictures of problems, for the people of the outlet the task lies with."""

from flask import Blueprint, Response

from flows.fulfilment.phone import outlet_of
from flows.fulfilment.pictures import picture_at_outlet
from terminal.session import rep

bp = Blueprint("pictures", __name__)


@bp.get("/tasks/<int:task_id>/pictures/<name>")
def show(task_id: int, name: str) -> Response:
    """One picture; NotFound for a colleague's of another outlet."""
    jpeg = picture_at_outlet(task_id=task_id, name=name, outlet_id=outlet_of(rep()))
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
