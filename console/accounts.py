"""微信账号: token, callback, codes of each account, and what WeChat says is left of its calls."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from console.session import staff
from flows import account_health, follower_sync
from wx_backend import clock
from wx_backend.db import retried

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


@bp.post("/accounts/<name>/followers")
def sync(name: str) -> ResponseReturnValue:
    """Begin to read the whole list of an account's followers."""
    me, now = staff(), clock.now()
    by = f"staff:{me.staff_id}"
    retried(lambda: follower_sync.start(name=name, node_id=me.node_id, by=by, now=now))
    return redirect(url_for("console.accounts.index"))


@bp.post("/accounts/<name>/followers/left")
def let_leave(name: str) -> ResponseReturnValue:
    """Whoever is not on the list has left indeed."""
    me, now = staff(), clock.now()
    retried(lambda: follower_sync.let_leave(name=name, node_id=me.node_id, now=now))
    return redirect(url_for("console.accounts.index"))


@bp.post("/accounts/<name>/followers/stop")
def stop_sync(name: str) -> ResponseReturnValue:
    """End it where it is; what was found stays."""
    me, now = staff(), clock.now()
    retried(lambda: follower_sync.stop(name=name, node_id=me.node_id, now=now))
    flash("已停止同步，已读到的部分保留")
    return redirect(url_for("console.accounts.index"))


def _page(asked: str = "", rows: object = ()) -> str:
    now = clock.now()
    accounts = account_health.healths(staff().node_id, now=now)
    return render_template(
        "console/accounts.html",
        accounts=accounts,
        is_moving=any(map(account_health.is_moving, accounts)),
        quiet=timedelta(days=1),
        asked=asked,
        quotas=rows,
        now=now,
    )
