"""What gave up and what did not fit: try again, or say how it was put right."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
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


@bp.get("/exceptions")
def exceptions() -> str:
    """Money that did not fit, within the staff's scope, the oldest first."""
    items = repair.open_items(staff().node_id, limit=repair.SHOWN)
    return render_template("console/exceptions.html", items=items, limit=repair.SHOWN)


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
