"""What is paid out to the rep, and the tap by which he takes a transfer."""

from flask import Blueprint, Response, jsonify, render_template
from flask.typing import ResponseReturnValue

from flows.payout.mine import ask_now, confirm_sheet, my_payouts, state_of
from terminal.session import person, rep
from wx_backend import clock
from wx_backend.config import Mode
from wx_backend.db import retried
from wx_backend.platform import config

bp = Blueprint("payouts", __name__)


@bp.get("/terminal/payouts")
def index() -> str:
    """What waits for a tap, and everything that came."""
    rows = my_payouts(rep())
    return render_template("terminal/payouts.html", rows=rows, collect_page=_collect_page())


@bp.post("/api/terminal/payouts/<number>/confirm")
def confirm(number: str) -> Response:
    """What the page hands to WeChat to take a transfer."""
    return jsonify(confirm_sheet(number=number, rep_id=rep(), appid=person().appid))


@bp.post("/api/terminal/payouts/<number>/ask")
def ask(number: str) -> ResponseReturnValue:
    """The page was told that it was taken: have WeChat Pay asked, whose word alone counts."""
    rep_id, now = rep(), clock.now()
    retried(lambda: ask_now(number=number, rep_id=rep_id, now=now))
    return jsonify(number=number), 202


@bp.get("/api/terminal/payouts/<number>")
def state(number: str) -> Response:
    """Where a transfer stands, for the page that waits."""
    return jsonify(number=number, status=state_of(number=number, rep_id=rep()))


def _collect_page() -> str:
    """The page that plays WeChat's sheet in an ordinary browser: a demo has one, nobody else."""
    settings = config()
    is_demo = settings.service.mode is Mode.DEMO
    return f"{settings.wechat.oauth_url}/phone/collect" if is_demo else ""
