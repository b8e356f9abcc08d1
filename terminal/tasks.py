"""What the rep's outlet has to do with its orders: the list by urgency, and each task step by step."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.fulfilment import desk
from flows.fulfilment.labels import Label, label_of_task
from flows.fulfilment.phone import (
    actor_of,
    is_repeat,
    outlet_of,
    phone_task,
    take_goods_back,
    taken_by_whom,
    todo_list,
)
from flows.fulfilment.pictures import drop_picture, keep_picture
from fulfilment.errors import NotYet, ProofMissing, TakenByOther
from fulfilment.nodes import CARRIERS
from terminal.session import begin_act, rep
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput, NotFound
from wx_backend.words import printable

bp = Blueprint("tasks", __name__)

REPEATED: Final = "这一步已经完成了"
WORDS_MAX: Final = 120
TYPED_MAX: Final = 64
CALLS: Final = ("已接通，客户知悉", "无人接听", "号码有误", "客户要求改期")
PROBLEMS: Final = ("缺货", "商品破损", "客户联系不上", "客户要求改期", "串码与实物不符")


@bp.get("/tasks")
def index() -> str:
    """What lies with the outlet, of one node or of all."""
    node = request.args.get("node", "")
    return render_template(
        "terminal/tasks.html", page=todo_list(rep(), node=node, now=clock.now()), node=node
    )


@bp.get("/tasks/<int:task_id>")
def show(task_id: int) -> str:
    """One task with what it asks for next."""
    return _page(task_id)


@bp.post("/tasks/<int:task_id>/address")
def address(task_id: int) -> ResponseReturnValue:
    """The same with where its parcel goes, for who has it in hand; that he looked is kept."""
    task = phone_task(task_id, rep_id=rep(), now=clock.now()).page.task
    begin_act(task.order_number)
    try:
        return _page(task_id, label=retried(lambda: _label(task_id)))
    except AppError as refused:
        return _refused(task_id, refused)


@bp.post("/tasks/<int:task_id>/accept")
def accept(task_id: int) -> ResponseReturnValue:
    """Take it in hand."""
    return _do(task_id, desk.accept_task, "已接单，请开始处理")


@bp.post("/tasks/<int:task_id>/call")
def call(task_id: int) -> ResponseReturnValue:
    """The customer was called."""
    said = _typed("said", WORDS_MAX) or CALLS[0]
    return _do(task_id, desk.note_call, "通话结果已记录", said=said)


@bp.post("/tasks/<int:task_id>/check")
def check(task_id: int) -> ResponseReturnValue:
    """One item of the check-list is right."""
    return _do(task_id, desk.record_check, "已核对", check=_typed("check"))


@bp.post("/tasks/<int:task_id>/serial")
def serial(task_id: int) -> ResponseReturnValue:
    """One unit was scanned, or its number typed."""
    value = _typed("value")
    return _do(task_id, desk.record_serial, f"已录入串码 {value}", value=value)


@bp.post("/tasks/<int:task_id>/serial/drop")
def drop(task_id: int) -> ResponseReturnValue:
    """A unit was scanned by mistake; one that is gone already stays gone."""
    value, said = _typed("value"), f"已移除串码 {_typed('value')}"
    try:
        return _do(task_id, desk.drop_scan, said, value=value)
    except NotFound:
        phone_task(task_id, rep_id=rep(), now=clock.now())  # is it the task that is not there?
    flash(said)
    return redirect(url_for(".show", task_id=task_id))


@bp.post("/tasks/<int:task_id>/pack")
def pack(task_id: int) -> ResponseReturnValue:
    """The parcel is closed."""
    return _do(task_id, desk.finish_packing, "封装完成", then="terminal.tasks.index")


@bp.post("/tasks/<int:task_id>/hand-over")
def hand_over(task_id: int) -> ResponseReturnValue:
    """The carrier has it."""
    return _do(
        task_id,
        desk.hand_to_carrier,
        "已交给承运商，客户会收到发货通知",
        then="terminal.tasks.index",
        carrier=_typed("carrier"),
        waybill=_typed("waybill"),
    )


@bp.post("/tasks/<int:task_id>/delivered")
def delivered(task_id: int) -> ResponseReturnValue:
    """The carrier's record says so."""
    return _do(task_id, desk.record_delivery, "已登记送达", then="terminal.tasks.index")


@bp.post("/tasks/<int:task_id>/goods-back")
def goods_back(task_id: int) -> ResponseReturnValue:
    """What came back is here."""
    return _do(task_id, take_goods_back, "已收回入库，退款按流程继续", then="terminal.tasks.index")


@bp.post("/tasks/<int:task_id>/problem")
def problem(task_id: int) -> ResponseReturnValue:
    """It cannot go on: the reason, and perhaps a picture, for the order centre."""
    phone_task(task_id, rep_id=rep(), now=clock.now())  # before anything is stored
    reason = "：".join(filter(None, (_typed("reason"), _typed("more", WORDS_MAX))))
    picture = None
    try:
        if not reason:
            raise BadInput("请选择或填写原因", fields=["reason"])
        sent = request.files.get("picture")
        picture = keep_picture(sent.read()) if sent is not None and sent.filename else None
        _run(task_id, desk.report_problem, reason=reason, picture=picture)
    except AppError as refused:
        if picture is not None:
            drop_picture(picture)
        return _refused(task_id, refused)
    flash("异常已上报，省订单中心会处理")
    return redirect(url_for(".show", task_id=task_id))


def _do(
    task_id: int,
    verb: Callable[..., None],
    confirmed: str,
    *,
    then: str = "",
    **arguments: object,
) -> ResponseReturnValue:
    """One verb of the desk, then one sentence of what came of it.

    A tap that comes twice ends like the first one.
    """
    try:
        _run(task_id, verb, **arguments)
    except NotYet as refused:
        if not is_repeat(task_id, rep_id=rep(), now=clock.now()):
            return _refused(task_id, refused)
        confirmed = REPEATED
    except AppError as refused:
        return _refused(task_id, refused)
    flash(confirmed)
    return redirect(url_for(then) if then else url_for(".show", task_id=task_id))


def _label(task_id: int) -> Label:
    return label_of_task(task_id=task_id, outlet_id=outlet_of(rep()), actor=actor_of(rep()))


def _page(task_id: int, *, label: Label | None = None) -> str:
    return render_template(
        "terminal/task.html",
        each=phone_task(task_id, rep_id=rep(), now=clock.now()),
        label=label,
        carriers=CARRIERS,
        calls=CALLS,
        problems=PROBLEMS,
    )


def _run(task_id: int, verb: Callable[..., None], **arguments: object) -> None:
    now, actor, outlet_id = clock.now(), actor_of(rep()), outlet_of(rep())
    retried(lambda: verb(task_id=task_id, outlet_id=outlet_id, actor=actor, now=now, **arguments))


def _refused(task_id: int, refused: AppError) -> ResponseReturnValue:
    """Back to the task with the reason; a task that is not this outlet's is not there."""
    if isinstance(refused, NotFound):
        raise refused
    if isinstance(refused, TakenByOther):
        refused = taken_by_whom(task_id, rep_id=rep(), now=clock.now())
    if isinstance(refused, ProofMissing):
        refused = ProofMissing("还有未完成的核对项或串码，请逐项完成后再封装")
    flash(refused.message, "bad")
    return redirect(url_for(".show", task_id=task_id))


def _typed(name: str, length: int = TYPED_MAX) -> str:
    """One line as somebody typed or scanned it."""
    text = printable(request.form.get(name, "")).strip()
    return text[:length]
