"""Refunds: lines of an order given back, large ones agreed to by a second person, abnormal ones worked off."""

import logging
import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import form_key, text
from console.session import staff
from flows.fulfilment.asking_back import waiting_at
from flows.refund import desk
from flows.refund.abnormal import PayerCard
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput
from wx_backend.money import fen_from_yuan

log = logging.getLogger(__name__)
bp = Blueprint("refunds", __name__)

AMOUNT = "line-"


@bp.get("/refunds")
def index() -> str:
    """What customers and colleagues wait for, and refunds that have not reached the payer."""
    node_id = staff().node_id
    return render_template(
        "console/refunds.html",
        proposals=desk.proposals_waiting(node_id),
        refunds=desk.refunds_to_watch(node_id),
        ways_out=desk.ways_out_to_decide(node_id),
        returns=waiting_at(node_id),
        me=_actor(),
    )


@bp.get("/orders/<number>/refund")
def form(number: str) -> str:
    """Which lines of the order, how much, and why."""
    return render_template(
        "console/refund_form.html",
        form=desk.refund_form(number, staff().node_id),
        key=secrets.token_hex(16),
        now=clock.now(),
        me=_actor(),
    )


@bp.post("/orders/<number>/refund")
def ask(number: str) -> ResponseReturnValue:
    """Give it back, or propose it."""
    who, now, typed = staff(), clock.now(), request.form
    reason, key = text("reason", typed), text("key", typed)
    if not reason or not key:
        raise BadInput("请填写退款原因", fields=["reason"])
    wish = desk.RefundAsk(number, _amounts(), reason, _actor(), key)
    is_done = retried(lambda: desk.ask_refund(wish, node_id=who.node_id, now=now))
    log.info(
        "refund asked for" if is_done else "refund proposed",
        extra={"order": number, "staff_id": who.staff_id, "fen": sum(wish.amounts.values())},
    )
    flash("退款已提交微信支付" if is_done else "金额超过限额，已提交，等待另一位员工审批")
    return redirect(url_for("console.refunds.form", number=number))


@bp.post("/refunds/proposals/<int:proposal_id>")
def decide(proposal_id: int) -> ResponseReturnValue:
    """Agree or decline, as the second person."""
    who, now, is_agreed = staff(), clock.now(), _is_agreed()
    number = retried(
        lambda: desk.decide(
            proposal_id=proposal_id,
            is_agreed=is_agreed,
            node_id=who.node_id,
            actor=_actor(),
            now=now,
        )
    )
    log.info(
        "refund decided", extra={"order": number, "staff_id": who.staff_id, "is_agreed": is_agreed}
    )
    flash("已同意，退款已提交微信支付" if is_agreed else "已驳回")
    return redirect(url_for("console.refunds.index"))


@bp.post("/refunds/proposals/<int:proposal_id>/withdraw")
def withdraw(proposal_id: int) -> ResponseReturnValue:
    """Take one's own proposal back before anybody has decided on it."""
    node_id, actor, now = staff().node_id, _actor(), clock.now()
    number = retried(
        lambda: desk.withdraw(proposal_id=proposal_id, node_id=node_id, actor=actor, now=now)
    )
    log.info("refund taken back", extra={"order": number, "staff_id": staff().staff_id})
    flash("已撤回退款申请")
    if not number:
        return redirect(url_for("console.refunds.index"))
    return redirect(url_for("console.refunds.form", number=number))


@bp.get("/refunds/<number>")
def show(number: str) -> str:
    """One refund; an abnormal one with its two ways out."""
    return render_template(
        "console/refund.html",
        view=desk.refund_file(number, staff().node_id),
        key=secrets.token_hex(16),
        me=_actor(),
    )


@bp.post("/refunds/<number>/again")
def again(number: str) -> ResponseReturnValue:
    """Return a whole payment under a new number, after WeChat Pay closed its refund."""
    who, now, key = staff(), clock.now(), form_key()
    is_done = retried(
        lambda: desk.give_back_again(
            out_refund_no=number, key=key, node_id=who.node_id, actor=_actor(), now=now
        )
    )
    log.info(
        "refund asked for again" if is_done else "refund proposed again",
        extra={"refund": number, "staff_id": who.staff_id},
    )
    flash("已用新的退款单号提交微信支付" if is_done else "金额超过限额，已提交，等待另一位员工审批")
    return redirect(url_for("console.refunds.index"))


@bp.post("/refunds/<number>/way-out")
def work_off(number: str) -> ResponseReturnValue:
    """Send an abnormal refund to another card of the payer, or to us to pay by hand."""
    who, now, typed = staff(), clock.now(), request.form
    way = typed.get("way", "")
    if way not in ("card", "merchant"):
        raise BadInput("请选择退回方式", fields=["way"])
    card = None
    if way == "card":
        names = ("bank_type", "account", "name")
        card = PayerCard(*(text(name, typed) for name in names))
    is_done = retried(
        lambda: desk.work_off(
            out_refund_no=number,
            card=card,
            node_id=who.node_id,
            actor=_actor(),
            now=now,
        )
    )
    log.info(
        "abnormal refund sent on" if is_done else "way out proposed",
        extra={"refund": number, "staff_id": who.staff_id},
    )
    flash(
        "已提交微信支付，请留意退款状态" if is_done else "金额超过限额，已提交，等待另一位员工审批"
    )
    return redirect(url_for("console.refunds.show", number=number))


@bp.post("/refunds/ways-out/<int:way_out_id>")
def decide_way_out(way_out_id: int) -> ResponseReturnValue:
    """Agree to where an abnormal refund goes, or decline it, as the second person."""
    who, now, is_agreed = staff(), clock.now(), _is_agreed()
    number = retried(
        lambda: desk.decide_way_out(
            way_out_id=way_out_id,
            is_agreed=is_agreed,
            node_id=who.node_id,
            actor=_actor(),
            now=now,
        )
    )
    log.info(
        "way out decided",
        extra={"refund": number, "staff_id": who.staff_id, "is_agreed": is_agreed},
    )
    flash("已同意，已提交微信支付" if is_agreed else "已驳回")
    return redirect(url_for("console.refunds.show", number=number))


@bp.post("/refunds/ways-out/<int:way_out_id>/withdraw")
def withdraw_way_out(way_out_id: int) -> ResponseReturnValue:
    """Take back where one wanted an abnormal refund to go."""
    node_id, actor, now = staff().node_id, _actor(), clock.now()
    number = retried(
        lambda: desk.take_way_out_back(way_out_id=way_out_id, node_id=node_id, actor=actor, now=now)
    )
    log.info("way out taken back", extra={"refund": number, "staff_id": staff().staff_id})
    flash("已撤回改退申请")
    return redirect(url_for("console.refunds.show", number=number))


def _amounts() -> dict[int, int]:
    """Fen by position of the line, from the yuan that were typed. Raises BadInput."""
    found: dict[int, int] = {}
    for name, typed in request.form.items():
        place = name.removeprefix(AMOUNT)
        if name == place or not typed.strip():
            continue
        if not (place.isascii() and place.isdigit() and len(place) <= 3):
            raise BadInput("没有这一行", fields=[name])
        try:
            found[int(place)] = fen_from_yuan(typed.strip())
        except ValueError as error:
            raise BadInput("金额应为元，最多两位小数", fields=[name]) from error
    return {place: fen for place, fen in found.items() if fen != 0}


def _is_agreed() -> bool:
    """What the second person said."""
    verdict = request.form.get("verdict", "")
    if verdict not in ("agree", "decline"):
        raise BadInput("请选择同意或驳回", fields=["verdict"])
    return verdict == "agree"


def _actor() -> str:
    return f"staff:{staff().staff_id}"
