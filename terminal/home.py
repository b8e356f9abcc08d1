"""The first page: the rep's card and his figures."""

from flask import Blueprint, render_template

from flows.ranking import rank_page
from flows.rep_home import rep_home
from flows.team_view import team_page
from terminal.session import rep
from wx_backend import clock

bp = Blueprint("home", __name__)


@bp.get("/")
def show() -> str:
    """Today beside yesterday, who needs him, and the way to everything else."""
    return render_template("terminal/home.html", page=rep_home(rep(), clock.now()))


@bp.get("/rank")
def rank() -> str:
    """The month so far, by name among the colleagues of the outlet."""
    return render_template("terminal/rank.html", page=rank_page(rep(), clock.now()))


@bp.get("/team")
def team() -> str:
    """The outlet at a glance, for who leads it."""
    return render_template("terminal/team.html", page=team_page(rep(), clock.now()))
