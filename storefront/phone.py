"""Proving a phone: a code is sent, typed in, and the phone is the member's."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.phone_proof import (
    CodeOver,
    WrongCode,
    answer,
    joins_waiting,
    prove,
    proven_phone,
    send_code,
)
from flows.signing_in import Person
from members.phone_codes import Outcome
from members.phone_joining import take_phone_turns
from members.phones import masked
from storefront import session
from storefront.schemas import CodeRequest, JoinRequest, ProofRequest, body
from wx_backend import clock
from wx_backend.db import db
from wx_backend.errors import NotFound

bp = Blueprint("phone", __name__)


@bp.get("/phone")
def page() -> str:
    """The proven phone, who else proved it and waits for an answer, and the form to prove another."""
    state = _state()
    return render_template("storefront/phone.html", phone=state["phone"], joins=state["joins"])


@bp.get("/api/phone")
def show() -> ResponseReturnValue:
    """The proven phone, and the other WeChats that proved it and wait for one's answer."""
    return jsonify(_state())


@bp.post("/api/phone/joins")
def join() -> ResponseReturnValue:
    """Say whether another WeChat is one's own too: both are one customer once both agreed."""
    asked = body(JoinRequest())
    return jsonify(is_joined=_answered(asked["number"], agrees=asked["agrees"]))


@bp.post("/phone/joins")
def join_by_form() -> ResponseReturnValue:
    """The same for a page without script."""
    agrees = request.form.get("agrees") == "1"
    is_joined = _answered(request.form.get("number", ""), agrees=agrees)
    said = "已合并，可在这里查看全部订单" if is_joined else "已确认，等待另一个微信确认"
    flash(said if agrees else "好的，不会合并")
    return redirect(url_for("storefront.phone.page"))


@bp.post("/api/phone/code")
def send() -> ResponseReturnValue:
    """Have a code sent to a phone."""
    phone, member_id = body(CodeRequest())["phone"], session.member().member_id
    title = session.account().title
    db.session.rollback()  # no transaction stays open around the call
    send_code(member_id=member_id, phone=phone, title=title)
    return jsonify(seconds=60), 202


@bp.post("/api/phone")
def check() -> ResponseReturnValue:
    """Type the code in; five tries, once."""
    asked = body(ProofRequest())
    outcome = session.acting(
        lambda owner: prove(
            member_id=owner.member_id, phone=asked["phone"], digits=asked["code"], now=clock.now()
        ),
        first=take_phone_turns,
    )
    if outcome is Outcome.WRONG:
        raise WrongCode(fields=["code"])
    if outcome is Outcome.OVER:
        raise CodeOver(fields=["code"])
    return jsonify(_state())


def _answered(number: str, *, agrees: bool) -> bool:
    now = clock.now()

    def say(owner: Person) -> bool:
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise NotFound("没有找到这个合并请求")
        return answer(int(number), member_id=owner.member_id, agrees=agrees, now=now)

    return session.acting(say, first=take_phone_turns)


def _state() -> dict[str, Any]:
    member_id, now = session.member().member_id, clock.now()
    phone = proven_phone(member_id)
    waiting = joins_waiting(member_id, now=now)
    joins = [{"number": str(row.id), "asked_at": row.asked_at.isoformat()} for row in waiting]
    return {"phone": masked(phone) if phone else "", "joins": joins}
