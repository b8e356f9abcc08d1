"""The first page: today beside yesterday."""

from flask import Blueprint, render_template

from console.session import staff
from flows.dashboard import dashboard
from wx_backend import clock

bp = Blueprint("dashboard", __name__)


@bp.get("/")
def show() -> str:
    """What was sold and who came today, and what waits."""
    return render_template("console/dashboard.html", page=dashboard(staff().node_id, clock.now()))
