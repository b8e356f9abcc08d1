"""What customers asked to give back: agreed to, or declined with a reason they read."""

import logging

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import text
from console.session import staff
from flows.fulfilment.asking_back import answer_request
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

log = logging.getLogger(__name__)
bp = Blueprint("returns", __name__)


@bp.post("/returns/<int:request_id>")
def decide(request_id: int) -> ResponseReturnValue:
    """Let the goods come, or say why not."""
    who, now, verdict = staff(), clock.now(), request.form.get("verdict", "")
    if verdict not in ("agree", "decline"):
        raise BadInput("请选择同意或不同意", fields=["verdict"])
    answer, is_agreed = text("answer", request.form), verdict == "agree"
    number = retried(
        lambda: answer_request(
            request_id=request_id,
            is_agreed=is_agreed,
            answer=answer,
            node_id=who.node_id,
            actor=f"staff:{who.staff_id}",
            now=now,
        )
    )
    log.info(
        "return decided",
        extra={"order": number, "staff_id": who.staff_id, "is_agreed": is_agreed},
    )
    flash("已同意退货，登记商品退回后自动退款" if is_agreed else "已答复客户：不同意退货")
    return redirect(url_for("console.orders.show", number=number))
