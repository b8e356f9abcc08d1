"""Picking a phone number: a page of free ones, others at each call, and what one holds."""

from typing import Any, Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from catalog.number_models import NumberClass
from catalog.number_queries import Pattern
from flows.numbers import Choice, drop_number, held_numbers, hold_number, numbers_near
from storefront import session
from storefront.homes import home_outlet
from storefront.schemas import NumberRequest, body
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("numbers", __name__)

GRADES: Final = {
    NumberClass.ORDINARY: "",
    NumberClass.FINE: "靓号",
    NumberClass.PREMIUM: "精品号",
}
DIGITS_MAX: Final = 11


@bp.get("/api/numbers")
def index() -> ResponseReturnValue:
    """Free numbers near the buyer's outlet: `ending` or `contains` some digits; and held ones."""
    pattern = Pattern(*(request.args.get(name, "")[:DIGITS_MAX] for name in ("ending", "contains")))
    now = clock.now()
    free = numbers_near(home_outlet(), pattern)
    held = held_numbers(session.member().member_id, now)
    return jsonify(numbers=[_shown(each) for each in free], held=[_shown(each) for each in held])


@bp.post("/api/numbers/hold")
def hold() -> ResponseReturnValue:
    """Hold a number that is offered here for a quarter of an hour, so that nobody else gets it."""
    number, outlet, now = body(NumberRequest())["number"], home_outlet(), clock.now()
    opened = session.waiting()
    held = session.acting(
        lambda owner: hold_number(
            msisdn=number,
            member_id=owner.member_id,
            identity_id=owner.identity_id,
            outlet_code=outlet,
            opened=opened,
            now=now,
        )
    )
    session.settle_opened()
    return jsonify(_shown(held)), 201


@bp.post("/api/numbers/release")
def release() -> ResponseReturnValue:
    """Let a held number go."""
    number, member_id = body(NumberRequest())["number"], session.member().member_id
    retried(lambda: drop_number(msisdn=number, member_id=member_id))
    return jsonify(number=number), 200


def _shown(choice: Choice) -> dict[str, Any]:
    return {
        "number": choice.number,
        "grade": GRADES[choice.grade],
        "minimum_fen": choice.minimum_fen,
        "until": choice.until.isoformat() if choice.until else None,
    }
