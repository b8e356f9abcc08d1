"""微信账号: token, callback, codes of each account, and what WeChat says is left of its calls."""

from flask import Blueprint, render_template

from console.session import staff
from flows import account_health
from wx_backend import clock

bp = Blueprint("accounts", __name__)


@bp.get("/accounts")
def index() -> str:
    """The accounts of the staff's part of the organisation as they stand; asks WeChat nothing."""
    return _page()


@bp.post("/accounts/<name>/quotas")
def quotas(name: str) -> str:
    """The same, with what WeChat says is left today of one account's calls."""
    rows = account_health.quotas(name, staff().node_id)
    return _page(name, rows)


def _page(asked: str = "", rows: object = ()) -> str:
    now = clock.now()
    return render_template(
        "console/accounts.html",
        accounts=account_health.healths(staff().node_id, now=now),
        asked=asked,
        quotas=rows,
        now=now,
    )
