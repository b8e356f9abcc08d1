"""The audit trail: who did what, when, from what to what, and why."""

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, render_template, request

from console.audit_words import ACTS, act_words, change_words
from console.pages import PER_PAGE, day, page_of, text
from console.session import staff
from flows import trail
from org.queries import under
from org.roster import holds_everything
from wx_backend.errors import BadInput

bp = Blueprint("audit", __name__)


@bp.get("/audit")
def index() -> str:
    """What the staff of my part of the organisation did, the latest first."""
    asked = request.args.get("what", "")
    if asked and asked not in ACTS:
        raise BadInput("没有这类操作", fields=["what"])
    until = day("until")
    wanted = replace(
        _mine(),
        text=text("text"),
        login=text("login"),
        what=asked,
        since=day("since"),
        until=until + timedelta(days=1) if until else None,
    )
    pages = page_of(trail.count_entries(wanted))
    rows = trail.entries_found(wanted, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/audit.html",
        rows=rows,
        pages=pages,
        acts=ACTS,
        act_words=act_words,
        asked=request.args,
    )


@bp.get("/audit/<int:entry_id>")
def show(entry_id: int) -> str:
    """One act with what it changed."""
    entry = trail.entry_within(entry_id, _mine())
    return render_template(
        "console/audit_entry.html", entry=entry, act_words=act_words, change_words=change_words
    )


def _mine() -> trail.TrailFilter:
    node_id = staff().node_id
    return trail.TrailFilter(under(node_id), is_top=holds_everything(node_id))
