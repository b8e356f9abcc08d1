"""The lines of a campaign's imported list that named nobody: by number and reason, on a page and as a file."""

from typing import Final

from flask import Blueprint, Response, render_template

from console.campaign_words import says
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from console.tables import Table, table_file
from flows.campaign.desk import campaign_of, count_misses_shown, misses_shown
from flows.campaign.importing import LINES_MAX, MISSES
from wx_backend import clock

bp = Blueprint("campaign_lists", __name__, url_prefix="/campaigns")

COLUMNS: Final = ("行号", "原因")


@bp.get("/<number>/misses")
def index(number: str) -> str:
    """Which lines, and why."""
    node_id, miss = staff().node_id, text("miss")
    pages = page_of(count_misses_shown(number, node_id, miss=miss))
    return render_template(
        "console/campaign_misses.html",
        row=campaign_of(number, node_id),
        lines=misses_shown(number, node_id, miss=miss, after=pages.after, limit=PER_PAGE),
        pages=pages,
        miss=miss,
        misses=MISSES,
    )


@bp.get("/<number>/misses.<kind>")
def export(number: str, kind: str) -> Response:
    """The same lines as a file for a spreadsheet."""
    node_id, miss = staff().node_id, text("miss")
    name = campaign_of(number, node_id).name
    lines = misses_shown(number, node_id, miss=miss, limit=LINES_MAX)
    rows = [(line.position, says("miss", line.miss)) for line in lines]
    head = [("活动", name)]
    return table_file(kind, Table("misses", "未匹配的行", head, COLUMNS, rows, clock.now()))
