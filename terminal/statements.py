"""The rep's own statements: the running month, and every closed one with its lines and proof."""

from flask import Blueprint, render_template

from flows.statements import my_statement, my_statements
from terminal.session import rep
from wx_backend import clock

bp = Blueprint("statements", __name__)


@bp.get("/statements")
def index() -> str:
    """All months."""
    return render_template("terminal/statements.html", page=my_statements(rep(), clock.now()))


@bp.get("/statements/<number>")
def show(number: str) -> str:
    """One closed month; NotFound for a colleague's."""
    return render_template("terminal/statement.html", page=my_statement(number, rep()))
