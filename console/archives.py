"""数据归档: everything in one file, for administrators above every outlet; who took it is on record."""

import logging

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from archives.operations import KEPT, UNDER_WAY, events_of, latest_archives
from console.pages import text
from console.session import staff
from flows.archive import work
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound

log = logging.getLogger(__name__)
bp = Blueprint("archives", __name__)


@bp.get("/archives")
def index() -> str:
    """The archives asked for last, with their progress and everything done with them."""
    work.require_top(staff().node_id)
    rows = latest_archives()
    return render_template(
        "console/archives.html",
        rows=rows,
        events=events_of([row.id for row in rows]),
        is_under_way=any(row.status in UNDER_WAY for row in rows),
        days=KEPT.days,
    )


@bp.post("/archives")
def ask() -> ResponseReturnValue:
    """Have one written; personal data stays sealed unless that is asked for in so many words."""
    who, now, reason = staff(), clock.now(), text("reason", request.form)
    mode = request.form.get("personal", "")
    if not reason:
        raise BadInput("请填写用途", fields=["reason"])
    if mode not in {"sealed", "clear"}:
        raise BadInput("请选择个人信息的导出方式", fields=["personal"])
    retried(
        lambda: work.ask(
            node_id=who.node_id, reason=reason, is_clear=mode == "clear", actor=_actor(), now=now
        )
    )
    log.info("archive asked for", extra={"staff_id": who.staff_id, "personal": mode})
    flash("已开始生成，完成后可下载")
    return redirect(url_for(".index"))


@bp.get("/archives/<int:archive_id>.zip")
def fetch(archive_id: int) -> Response:
    """The file; that it was taken is on record first."""
    who, now = staff(), clock.now()
    path = retried(lambda: work.fetch(archive_id, node_id=who.node_id, actor=_actor(), now=now))
    if not path.is_file():
        raise NotFound("归档文件已不在服务器上")
    log.info("archive fetched", extra={"staff_id": who.staff_id, "archive_id": archive_id})
    return send_file(path, mimetype="application/zip", as_attachment=True)


@bp.post("/archives/<int:archive_id>/removed")
def remove(archive_id: int) -> ResponseReturnValue:
    """Take the file away before its week is over."""
    who, now = staff(), clock.now()
    path = retried(lambda: work.remove(archive_id, node_id=who.node_id, actor=_actor(), now=now))
    path.unlink(missing_ok=True)
    flash("已删除归档文件")
    return redirect(url_for(".index"))


def _actor() -> str:
    return f"staff:{staff().staff_id}"
