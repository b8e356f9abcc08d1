"""Proving a phone: a code is sent, typed in, and the phone is the member's."""

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from flows.phone_proof import CodeOver, WrongCode, prove, proven_phone, send_code
from members.phone_codes import Outcome
from members.phones import masked
from storefront import session
from storefront.schemas import CodeRequest, ProofRequest, body
from wx_backend import clock
from wx_backend.db import db, retried

bp = Blueprint("phone", __name__)


@bp.get("/phone")
def page() -> str:
    """The proven phone, and the form to prove another."""
    phone = proven_phone(session.member().member_id)
    return render_template("storefront/phone.html", phone=masked(phone) if phone else "")


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
    asked, member_id = body(ProofRequest()), session.member().member_id
    outcome = retried(
        lambda: prove(
            member_id=member_id, phone=asked["phone"], digits=asked["code"], now=clock.now()
        )
    )
    if outcome is Outcome.WRONG:
        raise WrongCode(fields=["code"])
    if outcome is Outcome.OVER:
        raise CodeOver(fields=["code"])
    return jsonify(phone=masked(proven_phone(member_id)))
