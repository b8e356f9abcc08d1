"""A customer who lost his WeChat: claimed for a new one by one person, agreed to by another; and lifted so."""

import logging
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import sentence
from console.session import staff
from flows import lost_wechat
from members.claim_models import ClaimKind, ClaimVerdict
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound

log = logging.getLogger(__name__)
bp = Blueprint("claims", __name__)

_VERDICTS: Final = (ClaimVerdict.APPROVED, ClaimVerdict.REJECTED)
_AGREED: Final = {
    ClaimKind.LOST: "已同意，新微信已接管客户的订单，原微信已挂失",
    ClaimKind.FOUND: "已解除挂失，原微信可重新登录",
    ClaimKind.WRONG: "已解除挂失并分开两个微信，新微信不再看到该客户的订单",
}
LIFTS: Final = {
    ClaimKind.FOUND: "原微信找回了（两个微信都是这位客户，都可登录）",
    ClaimKind.WRONG: "换绑有误（新微信不是这位客户，与原微信分开）",
}


@bp.get("/claims")
def index() -> str:
    """What waits for a second person."""
    rows = lost_wechat.claims_waiting(staff().node_id)
    return render_template("console/claims.html", rows=rows, me=_actor())


@bp.get("/orders/<number>/customer")
def form(number: str) -> str:
    """Whose order it is, and which WeChats proved its phone lately."""
    file = lost_wechat.claim_file(number, node_id=staff().node_id, now=clock.now())
    return render_template("console/claim.html", file=file, lifts=LIFTS, me=_actor())


@bp.post("/orders/<number>/customer")
def ask(number: str) -> ResponseReturnValue:
    """Claim the customer for one of them."""
    node_id, now = staff().node_id, clock.now()
    new, reason = request.form.get("new", "")[:32], sentence("reason")
    if not new or not reason:
        raise BadInput("请选择新微信，并写明核对了什么证件", fields=["new", "reason"])
    retried(
        lambda: lost_wechat.ask(
            number, new=new, reason=reason, node_id=node_id, actor=_actor(), now=now
        )
    )
    flash("已提交，等待另一位同事审批")
    return _back(number)


@bp.post("/claims/<int:claim_id>/<verdict>")
def decide(claim_id: int, verdict: str) -> ResponseReturnValue:
    """Agree or decline, as the second person."""
    if verdict not in _VERDICTS:
        raise NotFound
    known, note, node_id, now = (
        ClaimVerdict(verdict),
        sentence("note"),
        staff().node_id,
        clock.now(),
    )
    if known is ClaimVerdict.REJECTED and not note:
        raise BadInput("请填写驳回原因", fields=["note"])
    done = retried(
        lambda: lost_wechat.decide(
            claim_id, verdict=known, note=note, node_id=node_id, actor=_actor(), now=now
        )
    )
    log.info(
        "claim decided",
        extra={"order": done.number, "staff_id": staff().staff_id, "verdict": known},
    )
    flash(_agreed(done) if known is ClaimVerdict.APPROVED else "已驳回")
    return _back(done.number)


@bp.post("/claims/<int:claim_id>/lift")
def lift(claim_id: int) -> ResponseReturnValue:
    """Ask that a WeChat that was reported lost is let in again."""
    node_id, now = staff().node_id, clock.now()
    typed, reason = request.form.get("lift", ""), sentence("reason")
    if typed not in LIFTS or not reason:
        raise BadInput("请选择解除挂失的原因，并写明核对了什么", fields=["lift", "reason"])
    kind = ClaimKind(typed)
    number = retried(
        lambda: lost_wechat.lift(
            claim_id, kind=kind, reason=reason, node_id=node_id, actor=_actor(), now=now
        )
    )
    flash("已提交，等待另一位同事审批")
    return _back(number)


@bp.post("/claims/<int:claim_id>/withdraw")
def withdraw(claim_id: int) -> ResponseReturnValue:
    """Take one's own claim back."""
    node_id, now = staff().node_id, clock.now()
    number = retried(
        lambda: lost_wechat.withdraw(claim_id, node_id=node_id, actor=_actor(), now=now)
    )
    flash("已撤回申请")
    return _back(number)


def _agreed(done: lost_wechat.Decided) -> str:
    """What became of it, with what went to the WeChat that had made it."""
    given = done.given
    counts = {"个订单": given.orders, "个收货地址": given.addresses, "个手机号": given.phones}
    moved = "、".join(f"{count} {what}" for what, count in counts.items() if count)
    said = _AGREED[done.kind]
    if moved:
        said += f"；换绑期间留下的 {moved}已移到实际使用的微信名下"
    if given.disputed:
        said += f"；换绑期间有 {given.disputed} 个订单的推广归属依据了另一位客户的接触，已登记为归属争议，请核对"
    return said


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for(".form", number=number))


def _actor() -> str:
    return f"staff:{staff().staff_id}"
