"""What gave up and what did not fit: try again, or say how it was put right."""

import logging
import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.asking import id_of
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from flows import repair
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

log = logging.getLogger(__name__)
bp = Blueprint("repair", __name__)


@bp.get("/failures")
def failures() -> str:
    """Pushes, notices and jobs that gave up, with the reason."""
    node_id = staff().node_id
    return render_template(
        "console/failures.html",
        tables=repair.failures(node_id),
        kinds=repair.kinds(node_id),
        under_way=repair.under_way(node_id),
        unsigned=repair.unsigned(node_id),
    )


@bp.post("/failures/<label>/<int:row_id>/replay")
def replay(label: str, row_id: int) -> ResponseReturnValue:
    """Try one again."""
    who, now = staff(), clock.now()
    retried(lambda: repair.try_again(label=label, row_id=row_id, node_id=who.node_id, now=now))
    log.info("replayed", extra={"table": label, "row_id": row_id, "staff_id": who.staff_id})
    flash("已重新排队")
    return redirect(url_for("console.repair.failures"))


@bp.post("/failures/<label>/replay")
def replay_several(label: str) -> ResponseReturnValue:
    """Try those again that were ticked."""
    who, now = staff(), clock.now()
    row_ids = {id_of(typed) for typed in request.form.getlist("row")[: repair.SHOWN]}
    if not row_ids:
        raise BadInput("请勾选要重试的记录", fields=["row"])
    count = retried(
        lambda: repair.try_several(label=label, row_ids=row_ids, node_id=who.node_id, now=now)
    )
    log.info("replayed", extra={"table": label, "count": count, "staff_id": who.staff_id})
    gone = len(row_ids) - count
    flash(f"已重新排队 {count} 条" + (f"，另有 {gone} 条已不是失败状态" if gone else ""))
    return redirect(url_for("console.repair.failures"))


@bp.post("/failures/<label>/kind")
def replay_kind(label: str) -> ResponseReturnValue:
    """Try everything of one sort again."""
    who, now, kind = staff(), clock.now(), request.form.get("kind", "")
    count = retried(lambda: repair.try_kind(label=label, kind=kind, node_id=who.node_id, now=now))
    log.info("replaying", extra={"table": label, "kind": kind, "staff_id": who.staff_id})
    flash(f"正在重新排队 {count} 条")
    return redirect(url_for("console.repair.failures"))


@bp.get("/exceptions")
def exceptions() -> str:
    """Money that did not fit, within the staff's scope: what is open, or what was put right."""
    node_id, is_closed = staff().node_id, text("state") == "closed"
    pages = page_of(repair.number_of_items(node_id, is_closed=is_closed))
    items = repair.items(node_id, is_closed=is_closed, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/exceptions.html",
        items=items,
        pages=pages,
        is_closed=is_closed,
        key=secrets.token_hex(16),
    )


@bp.post("/exceptions/<int:item_id>/report-again")
def report_again(item_id: int) -> ResponseReturnValue:
    """Tell WeChat once more of a shipment whose report it refused."""
    who, now = staff(), clock.now()
    by = f"staff:{who.staff_id}"
    retried(lambda: repair.report_again(item_id=item_id, node_id=who.node_id, by=by, now=now))
    flash("正在重新上报，再被拒绝会重新列在这里")
    return redirect(url_for("console.repair.exceptions"))


@bp.post("/exceptions/<int:item_id>/close")
def close(item_id: int) -> ResponseReturnValue:
    """Say how it was put right."""
    who, now, resolution = staff(), clock.now(), text("resolution", request.form)
    if not resolution:
        raise BadInput("请填写处理结果", fields=["resolution"])
    retried(
        lambda: repair.settle_item(
            item_id=item_id,
            node_id=who.node_id,
            by=f"staff:{who.staff_id}",
            resolution=resolution,
            now=now,
        )
    )
    flash("已记录处理结果")
    return redirect(url_for("console.repair.exceptions"))
