"""The first page: what waits for one's word, and today beside yesterday."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, render_template

from console.session import staff
from flows.approvals import Approval, approvals_waiting
from flows.dashboard import dashboard
from wx_backend import access, clock

bp = Blueprint("dashboard", __name__)

# What each is called, the route that decides on it, and the page where it is listed.
_DECIDED: Final[Mapping[Approval, tuple[str, str, str]]] = {
    Approval.REFUND: ("退款", "console.refunds.decide", "console.refunds.index"),
    Approval.RETURN: ("退货", "console.returns.decide", "console.refunds.index"),
    Approval.WAY_OUT: ("改退", "console.refunds.decide_way_out", "console.refunds.index"),
    Approval.PRICE: ("改价", "console.products.decide_price", "console.products.index"),
    Approval.LAUNCH: ("上架", "console.products.decide", "console.products.index"),
    Approval.CLAIM: ("微信换绑", "console.claims.decide", "console.claims.index"),
    Approval.PAYOUT: ("佣金发放", "console.payouts.approve", "console.payouts.index"),
    Approval.RATE: ("佣金规则", "console.rates.approve", "console.rates.index"),
    Approval.POLICY: ("归属规则", "console.policies.approve", "console.policies.index"),
    Approval.CAMPAIGN: ("活动", "console.campaigns.approve", "console.campaigns.index"),
    Approval.DISPUTE: ("归属争议", "console.disputes.close", "console.disputes.index"),
    Approval.REASSIGNMENT: ("改判", "console.disputes.decide", "console.disputes.index"),
    Approval.FARMING: ("推广核查", "console.farming.decide", "console.farming.index"),
}


@bp.get("/")
def show() -> str:
    """What was sold and who came today, and what waits."""
    return render_template(
        "console/dashboard.html",
        page=dashboard(staff().node_id, clock.now()),
        approvals=_approvals(),
    )


def _approvals() -> list[tuple[str, int, str]]:
    """What this person may decide and somebody else has asked for: its name, how much, its page."""
    who = staff()
    mine = [
        kind
        for kind, (_, route, _) in _DECIDED.items()
        if access.TABLE[route].admits(who.role, who.tier)
    ]
    found = approvals_waiting(mine, node_id=who.node_id, staff_id=who.staff_id)
    return [(_DECIDED[kind][0], count, _DECIDED[kind][2]) for kind, count in found.items()]
