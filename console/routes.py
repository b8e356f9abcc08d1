"""The console as one blueprint; endpoints read `console.orders.show`."""

from functools import cache
from hashlib import blake2s
from pathlib import Path

from flask import Blueprint, Response, g, request, url_for

from console import (
    billing,
    calendar,
    dashboard,
    kpis,
    numbers,
    orders,
    payouts,
    periods,
    pool,
    products,
    rates,
    real_names,
    receipts,
    reconciliation,
    refunds,
    repair,
    reps,
    sign_in,
    statements,
    words,
)
from wx_backend import access
from wx_backend.money import yuan

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
NAVIGATION = (
    ("console.dashboard.show", "概览", ("console.dashboard",)),
    ("console.orders.index", "订单", ("console.orders", "console.receipts")),
    ("console.products.index", "商品", ("console.products",)),
    ("console.numbers.index", "号码", ("console.numbers",)),
    ("console.pool.index", "订单池", ("console.pool",)),
    ("console.kpis.index", "运营指标", ("console.kpis",)),
    ("console.calendar.index", "日历与规则", ("console.calendar",)),
    ("console.reps.index", "员工", ("console.reps",)),
    ("console.reconciliation.days", "对账", ("console.reconciliation", "console.refunds")),
    ("console.billing.index", "计费交接", ("console.billing",)),
    ("console.rates.index", "佣金规则", ("console.rates",)),
    ("console.payouts.index", "发放", ("console.payouts",)),
    ("console.statements.index", "结算单", ("console.statements",)),
    ("console.periods.index", "月结", ("console.periods",)),
    ("console.repair.exceptions", "资金异常", ("console.repair.exceptions",)),
    ("console.repair.failures", "失败任务", ("console.repair.failures",)),
)
"""Where each leads, what it is called, and the endpoints it stands for by their beginnings."""

bp = Blueprint(
    "console",
    __name__,
    url_prefix="/console",
    template_folder="templates",
    static_folder=STATIC,
    static_url_path="/assets",
)
for part in (
    sign_in,
    dashboard,
    orders,
    real_names,
    products,
    numbers,
    receipts,
    reps,
    reconciliation,
    refunds,
    repair,
    rates,
    payouts,
    periods,
    statements,
    calendar,
    kpis,
    pool,
    billing,
):
    bp.register_blueprint(part.bp)


@bp.context_processor
def page_values() -> dict[str, object]:
    """What every page of the console knows: who looks, what he may do, how values read."""
    return {
        "staff": g.get("staff"),
        "navigation": NAVIGATION,
        "may": may,
        "asset": asset,
        "word": words.word,
        "when": words.when,
        "age": words.age,
        "actor": words.actor,
        "percent": words.percent,
        "yuan": yuan,
    }


def may(endpoint: str) -> bool:
    """Whether who is signed in may call a route."""
    staff = g.get("staff")
    return staff is not None and staff.role in access.TABLE[endpoint].roles


def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that it may be kept for ever."""
    return url_for("console.static", filename=name, v=_version(name))


@bp.after_request
def keep_assets(response: Response) -> Response:
    """Files asked for by version never change; browsers need not ask again."""
    if request.endpoint == "console.static" and request.args.get("v"):
        response.headers["Cache-Control"] = FOR_EVER
    return response


@cache
def _version(name: str) -> str:
    return blake2s((STATIC / name).read_bytes(), digest_size=6).hexdigest()
