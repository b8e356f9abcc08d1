"""Reps and outlets from files: looked at, brought in with a progress bar, taken back; and out again."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.export import csv_file
from console.pages import PER_PAGE, page_of
from console.session import staff
from console.sheets import Sheet, xlsx_file
from flows.imports import taking
from flows.imports.columns import COLUMNS
from flows.imports.personal import shown
from flows.spreadsheets import BYTES_MAX
from org.import_models import ImportKind
from org.importing import count_rows, import_within, imports_within, rows_shown
from org.queries import under
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound
from wx_backend.words import printable

bp = Blueprint("imports", __name__)

NAMES = {
    ImportKind.REPS: "员工",
    ImportKind.OUTLETS: "网点",
    ImportKind.BINDINGS: "客户归属",
    ImportKind.CODES: "旧码",
    ImportKind.MEMBERS: "会员",
}


@bp.get("/imports")
def index() -> str:
    """The files of my part, and the form for the next one."""
    rows = imports_within(under(staff().node_id), limit=PER_PAGE)
    return render_template("console/imports.html", rows=rows, names=NAMES, exported=taking.EXPORTED)


@bp.post("/imports")
def take() -> ResponseReturnValue:
    """Check a file; nothing is made yet."""
    me, now, sent = staff(), clock.now(), request.files.get("file")
    kind = _kind(request.form.get("kind", ""))
    raw = sent.read(BYTES_MAX + 1) if sent else b""
    if sent is None or not raw:
        raise BadInput("请选择文件", fields=["file"])
    name = printable(sent.filename or "")
    lines = taking.read_file(kind=kind, raw=raw)
    made = retried(
        lambda: taking.take_file(
            kind=kind, lines=lines, name=name, staff_id=me.staff_id, node_id=me.node_id, now=now
        )
    )
    return redirect(url_for("console.imports.show", import_id=made))


@bp.get("/imports/<int:import_id>")
def show(import_id: int) -> str:
    """A file: its lines with what is wrong with them, and how far it is; it refreshes itself."""
    row = import_within(import_id, under(staff().node_id))
    only_bad = request.args.get("only") == "bad"
    pages, kind = page_of(count_rows(row.id, only_bad=only_bad)), ImportKind(row.kind)
    lines = rows_shown(row.id, only_bad=only_bad, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/import.html",
        row=row,
        lines=lines,
        cells={each.id: shown(kind, each.cells, is_bad=each.is_bad) for each in lines},
        pages=pages,
        columns=COLUMNS[kind],
        names=NAMES,
        only_bad=only_bad,
    )


@bp.post("/imports/<int:import_id>/start")
def start(import_id: int) -> ResponseReturnValue:
    """Bring the good lines in."""
    me = staff()
    retried(lambda: taking.start(import_id=import_id, staff_id=me.staff_id, node_id=me.node_id))
    return redirect(url_for("console.imports.show", import_id=import_id))


@bp.post("/imports/<int:import_id>/undo")
def undo(import_id: int) -> ResponseReturnValue:
    """Take back what it made, as far as nobody used it."""
    me = staff()
    retried(lambda: taking.undo(import_id=import_id, staff_id=me.staff_id, node_id=me.node_id))
    flash("正在撤销")
    return redirect(url_for("console.imports.show", import_id=import_id))


@bp.get("/exports/<kind>.csv")
def file_csv(kind: str) -> Response:
    """What is there, in the columns of a file to bring in; without lines it is the form to fill."""
    known = _kind(kind)
    rows = [] if "empty" in request.args else taking.exported(known, staff().node_id)
    return csv_file(f"{known}.csv", COLUMNS[known], rows)


@bp.get("/exports/<kind>.xlsx")
def file_xlsx(kind: str) -> Response:
    """The same as a spreadsheet."""
    known = _kind(kind)
    rows = taking.exported(known, staff().node_id)
    sheet = Sheet(NAMES[known], (), COLUMNS[known], rows, clock.now())
    return xlsx_file(f"{known}.xlsx", sheet)


def _kind(asked: str) -> ImportKind:
    if asked not in {*ImportKind}:
        raise NotFound
    return ImportKind(asked)
