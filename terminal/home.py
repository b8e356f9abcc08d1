"""The first page: the rep's card and his figures."""

from flask import Blueprint, render_template

from flows.rep_home import rep_home
from terminal.session import rep
from wx_backend import clock

bp = Blueprint("home", __name__)


@bp.get("/")
def show() -> str:
    """Today, ever, and the way to everything else."""
    return render_template("terminal/home.html", page=rep_home(rep(), clock.now()))
