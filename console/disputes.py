"""Disputes about who is credited: listed beside the receipt they speak against, and closed with a word."""

import logging

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, page_of, sentence, text
from console.session import staff
from flows import dispute_desk
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

log = logging.getLogger(__name__)
bp = Blueprint("disputes", __name__, url_prefix="/disputes")


@bp.get("")
def index() -> str:
    """What is disputed about the orders of one's part, or what was: each with what speaks against its credit."""
    node_id, is_closed = staff().node_id, text("state") == "closed"
    pages = page_of(dispute_desk.count_dispute_rows(node_id, is_closed=is_closed))
    rows = dispute_desk.dispute_rows(
        node_id, is_closed=is_closed, after=pages.after, limit=PER_PAGE
    )
    return render_template("console/disputes.html", rows=rows, pages=pages, is_closed=is_closed)


@bp.post("/<int:dispute_id>/close")
def close(dispute_id: int) -> ResponseReturnValue:
    """Say what looking into it came to."""
    who, now, resolution = staff(), clock.now(), sentence("reason")
    if not resolution:
        raise BadInput("请填写结论", fields=["reason"])
    retried(
        lambda: dispute_desk.close(
            dispute_id=dispute_id,
            node_id=who.node_id,
            resolution=resolution,
            by=f"staff:{who.staff_id}",
            now=now,
        )
    )
    log.info("dispute closed", extra={"dispute": dispute_id, "staff_id": who.staff_id})
    flash("已记录结论")
    return redirect(url_for(".index"))
