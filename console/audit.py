"""The audit trail: who did what, when, from what to what, and why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request

from console.audit_words import ACTS, act_words, change_line, change_words
from console.figures import ROWS_MAX, TooManyRows
from console.pages import PER_PAGE, day, page_of, text
from console.session import staff
from console.tables import Table, table_file
from console.words import actor, when
from flows import trail
from org.queries import under
from org.roster import holds_everything, staff_names
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import retried
from wx_backend.errors import BadInput

bp = Blueprint("audit", __name__)

NARROWED: Final = ("text", "login", "what", "since", "until")
COLUMNS: Final = ("时间", "谁", "操作", "对象", "原因", "变更", "请求")


@bp.get("/audit")
def index() -> str:
    """What the staff of my part of the organisation did, the latest first."""
    wanted = _wanted()
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


@bp.post("/audit.csv")
def file_csv() -> Response:
    """The same entries as a file; that it was taken is an entry itself."""
    wanted, now = _wanted(), clock.now()
    if trail.count_entries(wanted) > ROWS_MAX:
        raise TooManyRows
    names = staff_names()
    rows = [_cells(each, names) for each in trail.entries_found(wanted, limit=ROWS_MAX)]
    retried(lambda: trail.note_export("audit_entry", {"rows": len(rows), **_asked()}))
    return table_file("csv", Table("audit", "操作日志", (), COLUMNS, rows, now))


@bp.get("/audit/<int:entry_id>")
def show(entry_id: int) -> str:
    """One act with what it changed."""
    entry = trail.entry_within(entry_id, _mine())
    return render_template(
        "console/audit_entry.html", entry=entry, act_words=act_words, change_words=change_words
    )


def _wanted() -> trail.TrailFilter:
    """What the query asks for of that. Raises BadInput."""
    asked, until = request.args.get("what", ""), day("until")
    if asked and asked not in ACTS:
        raise BadInput("没有这类操作", fields=["what"])
    return replace(
        _mine(),
        text=text("text"),
        login=text("login"),
        what=asked,
        since=day("since"),
        until=until + timedelta(days=1) if until else None,
    )


def _asked() -> dict[str, str]:
    """By what it was narrowed, as typed."""
    return {name: typed for name in NARROWED if (typed := text(name))}


def _cells(entry: AuditEntry, names: Mapping[int, str]) -> tuple[object, ...]:
    return (
        when(entry.at),
        actor(entry.actor, names=names),
        act_words(entry.what),
        entry.subject,
        entry.reason,
        "；".join(map(change_line, entry.changes)),
        entry.request_id,
    )


def _mine() -> trail.TrailFilter:
    node_id = staff().node_id
    return trail.TrailFilter(under(node_id), is_top=holds_everything(node_id))
