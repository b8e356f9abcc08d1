"""Giving back what arrived: what the buyer may ask, how far it has come, and the calls for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from flows.fulfilment.asking_back import Stage, ask_back, stage_of, take_back_request, why_not
from flows.fulfilment.timeline import LineWay, Place
from fulfilment.models import Chain
from fulfilment.return_requests import arrived_at, return_until
from orders.models import OrderLine
from storefront import session
from storefront.order_pages import own_order
from storefront.schemas import ReturnAsked, ReturnWithdrawn, body
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.platform import config

bp = Blueprint("returns", __name__)

WORDS: Final = {
    Stage.ASKED: "已申请退货，等待营业厅审核",
    Stage.DECLINED: "营业厅未同意退货",
    Stage.WITHDRAWN: "您已撤回退货申请",
    Stage.AGREED: "已同意退货，请寄回商品或带到营业厅",
    Stage.EXCHANGED: "营业厅已按换货办理",
    Stage.RECEIVED: "商品已收到，正在办理退款",
    Stage.REFUNDING: "退款中，到账时间以微信支付为准",
    Stage.REFUNDED: "已退款",
}
_STEPS: Final = ("申请退货", "营业厅审核", "寄回或到店退回", "办理退款", "退款到账")
_REACHED: Final = {
    Stage.ASKED: 1,
    Stage.DECLINED: 1,
    Stage.WITHDRAWN: 1,
    Stage.EXCHANGED: 2,
    Stage.AGREED: 2,
    Stage.RECEIVED: 3,
    Stage.REFUNDING: 4,
    Stage.REFUNDED: 5,
}
"""How many of the steps are behind a request."""
_STOPPED: Final = frozenset({Stage.DECLINED, Stage.WITHDRAWN, Stage.EXCHANGED})


@dataclass(frozen=True, slots=True)
class ReturnStep:
    """One step of a return; `at` is when it was done, where that is known."""

    name: str
    place: Place
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnPanel:
    """What a customer may do about giving a line back, and what became of what he asked last.

    Without a request `stage` is null and the rest empty; `until` is when he may ask no more.
    """

    can_ask: bool
    until: datetime | None
    can_withdraw: bool
    stage: Stage | None
    words: str
    reason: str
    answer: str
    steps: Sequence[ReturnStep]


@bp.post("/api/orders/<number>/return")
def ask_back_by_call(number: str) -> ResponseReturnValue:
    """Ask to give a line back that arrived; its outlet answers."""
    asked, member_id = body(ReturnAsked()), session.member().member_id
    order_id, now = own_order(number, member_id).id, clock.now()
    retried(
        lambda: ask_back(
            order_id=order_id,
            line_id=int(asked["line"]),
            key=asked["client_key"],
            reason=asked["reason"],
            actor=f"member:{member_id}",
            now=now,
        )
    )
    return jsonify(number=number), 202


@bp.post("/api/orders/<number>/return/withdraw")
def withdraw(number: str) -> ResponseReturnValue:
    """Keep the line after all, as long as nobody has answered."""
    asked, member_id = body(ReturnWithdrawn()), session.member().member_id
    order_id, now = own_order(number, member_id).id, clock.now()
    retried(
        lambda: take_back_request(
            order_id=order_id, line_id=int(asked["line"]), actor=f"member:{member_id}", now=now
        )
    )
    return jsonify(number=number), 202


def return_panel(
    way: LineWay, chain: Chain, lines: Sequence[OrderLine], now: datetime
) -> ReturnPanel:
    """What the page of an order shows of one of its lines; `lines` are all of the order."""
    line = next(each for each in lines if each.id == way.line_id)
    stage = stage_of(way.asked, way.back, line) if way.asked is not None else None
    arrived = arrived_at(chain)
    return ReturnPanel(
        can_ask=stage is not Stage.ASKED and not why_not(chain, line, lines, arrived, now),
        until=return_until(arrived, days=config().returns.days) if arrived else None,
        can_withdraw=stage is Stage.ASKED,
        stage=stage,
        words=WORDS[stage] if stage is not None else "",
        reason=way.asked.reason if way.asked is not None else "",
        answer=way.asked.answer if way.asked is not None else "",
        steps=_steps(way, stage) if stage is not None else [],
    )


def _steps(way: LineWay, stage: Stage) -> list[ReturnStep]:
    """The steps behind, here and ahead; of a request that was stopped those behind."""
    asked, back, reached = way.asked, way.back, _REACHED[stage]
    known = (
        asked.asked_at if asked is not None else None,
        asked.decided_at if asked is not None else None,
        back.goods_back_at if back is not None else None,
        None,
        None,
    )
    if stage in _STOPPED:
        return [ReturnStep(_STEPS[0], Place.DONE, known[0])]
    return [
        ReturnStep(name, _place(number, reached), at if number < reached else None)
        for number, (name, at) in enumerate(zip(_STEPS, known, strict=True))
    ]


def _place(number: int, reached: int) -> Place:
    if number < reached:
        return Place.DONE
    return Place.HERE if number == reached else Place.AHEAD
