"""Pay-outs: proposed, agreed to, sent to finance or to WeChat Pay, and what became of them."""

import logging
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.asking import one_of
from console.export import csv_file
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from console.settlement_words import RAILS
from console.sheets import Sheet, xlsx_file
from flows.payout import batches, desk, return_file
from flows.payout.pay_file import PayFile, pay_file
from flows.spreadsheets import BYTES_MAX
from org.queries import under
from settlement.payouts.models import PayoutStatus, Rail
from settlement.payouts.proposals import Proposal
from settlement.payouts.queries import count_batches
from settlement.payouts.rules import Terms
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput
from wx_backend.money import fen_from_yuan
from wx_backend.strict import Malformed, whole_number
from wx_backend.words import printable

log = logging.getLogger(__name__)
bp = Blueprint("payouts", __name__)

MINIMUM: Final = "1.00"
SHOWN: Final = 100


@bp.get("/payouts")
def index() -> str:
    """The batches of the staff's scope."""
    node_id = staff().node_id
    pages = page_of(count_batches(under(node_id)))
    rows = desk.batch_rows(node_id, after=pages.after, limit=PER_PAGE)
    return render_template("console/payouts.html", rows=rows, pages=pages)


@bp.get("/payouts/new")
def new() -> str:
    """Whom a proposal would pay; nothing is written."""
    who, asked = staff(), request.args
    chosen = "node" in asked
    draft = None
    if chosen:
        node_id, rail, terms = _terms(asked)
        draft = desk.draft(node_id=node_id, scope_id=who.node_id, rail=rail, terms=terms)
    return render_template(
        "console/payout_new.html",
        draft=draft,
        places=desk.places(who.node_id),
        rails=RAILS,
        asked=asked,
        minimum=MINIMUM,
    )


@bp.post("/payouts")
def propose() -> ResponseReturnValue:
    """Propose a batch."""
    who, now = staff(), clock.now()
    node_id, rail, terms = _terms(request.form)
    proposal = Proposal(node_id, rail, terms, text("note", request.form), _actor())
    number = retried(
        lambda: batches.propose_batch(proposal=proposal, scope_id=who.node_id, now=now)
    )
    _note(number)
    flash("已提出，请由另一位同事审批")
    return redirect(url_for("console.payouts.show", number=number))


@bp.get("/payouts/<number>")
def show(number: str) -> str:
    """One batch with everything that happened, and its payouts page by page."""
    row, status = desk.batch_row(number, staff().node_id), one_of("status", PayoutStatus)
    pages = page_of(row.of(status), size=SHOWN)
    file = desk.batch_file(row, status=status, after=pages.after, limit=SHOWN)
    return render_template(
        "console/payout.html", file=file, pages=pages, chosen=status, me=_actor()
    )


@bp.post("/payouts/<number>/approve")
def approve(number: str) -> ResponseReturnValue:
    """Agree to a colleague's proposal."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    return _changed(
        number,
        "已批准，开始放款",
        lambda: batches.approve_batch(number=number, scope_id=node_id, by=by, now=now),
    )


@bp.post("/payouts/<number>/reject")
def reject(number: str) -> ResponseReturnValue:
    """Turn a colleague's proposal down."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    reason = text("reason", request.form)
    return _changed(
        number,
        "已驳回",
        lambda: batches.reject_batch(
            number=number, scope_id=node_id, by=by, reason=reason, now=now
        ),
    )


@bp.post("/payouts/<number>/withdraw")
def withdraw(number: str) -> ResponseReturnValue:
    """Take one's own proposal back before anybody has decided on it."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    return _changed(
        number,
        "已撤回",
        lambda: batches.withdraw_batch(number=number, scope_id=node_id, by=by, now=now),
    )


@bp.post("/payouts/<number>/resume")
def resume(number: str) -> ResponseReturnValue:
    """There is money again: go on with a paused batch."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    return _changed(
        number,
        "已继续发放",
        lambda: batches.resume_batch(number=number, scope_id=node_id, by=by, now=now),
    )


@bp.post("/payouts/<number>/transfers/<payout>/cancel")
def cancel(number: str, payout: str) -> ResponseReturnValue:
    """Call one transfer off."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    return _changed(
        number,
        "已提交撤销，结果以微信支付为准",
        lambda: batches.cancel_payout(
            number=number, payout_number=payout, scope_id=node_id, by=by, now=now
        ),
    )


@bp.post("/payouts/<number>/file.xlsx")
def file_xlsx(number: str) -> Response:
    """The pay file as a spreadsheet; taking it is noted."""
    made = _file(number)
    amounts = [*made.rows]
    return xlsx_file(
        f"{made.name}.xlsx", Sheet("付款文件", made.head, made.columns, amounts, made.made_at)
    )


@bp.post("/payouts/<number>/file.csv")
def file_csv(number: str) -> Response:
    """The pay file as text."""
    made = _file(number)
    head = [[*pair] for pair in made.head]
    return csv_file(f"{made.name}.csv", head[0], [*head[1:], [], made.columns, *made.rows])


@bp.post("/payouts/<number>/returns")
def take_return(number: str) -> ResponseReturnValue:
    """Take finance's answer in; it is looked at before anything is booked."""
    who, now, sent = staff(), clock.now(), request.files.get("file")
    raw = sent.read(BYTES_MAX + 1) if sent else b""
    if sent is None or not raw:
        raise BadInput("请选择文件", fields=["file"])
    name = printable(sent.filename or "")
    file = return_file.read_return(raw, name)
    return_id = retried(
        lambda: return_file.take_return(
            number=number, scope_id=who.node_id, file=file, by=_actor(), now=now
        )
    )
    _note(number)
    return redirect(url_for("console.payouts.see_return", number=number, row_id=return_id))


@bp.get("/payouts/<number>/returns/<int:row_id>")
def see_return(number: str, row_id: int) -> str:
    """What each row of the file will do, or did."""
    kept, verdicts = return_file.preview(number=number, return_id=row_id, scope_id=staff().node_id)
    return render_template(
        "console/payout_return.html", number=number, kept=kept, verdicts=verdicts
    )


@bp.post("/payouts/<number>/returns/<int:row_id>/apply")
def apply_return(number: str, row_id: int) -> ResponseReturnValue:
    """Book what the file says."""
    node_id, by, now = staff().node_id, _actor(), clock.now()
    ended = retried(
        lambda: return_file.apply_return(
            number=number, return_id=row_id, scope_id=node_id, by=by, now=now
        )
    )
    _note(number)
    flash(f"已登记 {ended} 笔结果")
    return redirect(url_for("console.payouts.show", number=number))


def _file(number: str) -> PayFile:
    node_id, by, now = staff().node_id, _actor(), clock.now()
    made = retried(lambda: pay_file(number=number, scope_id=node_id, by=by, now=now))
    _note(number)
    return made


def _terms(source: object) -> tuple[int, Rail, Terms]:
    """Place, rail and terms as typed. Raises BadInput naming the field."""
    rail = text("rail", source)
    if rail not in RAILS:
        raise BadInput("请选择发放方式", fields=["rail"])
    try:
        node_id = whole_number(text("node", source), low=1, high=2**62)
        tax_bp = fen_from_yuan(text("tax", source) or "0")
    except (Malformed, ValueError) as error:
        raise BadInput("填写的内容有误", fields=["node", "tax"]) from error
    if not 0 <= tax_bp <= 10_000:
        raise BadInput("税率须在0到100之间", fields=["tax"])
    minimum_fen = max(1, _fen("minimum", source, MINIMUM))
    return node_id, Rail(rail), Terms(minimum_fen, _fen("fee", source, "0"), tax_bp)


def _fen(name: str, source: object, otherwise: str) -> int:
    try:
        fen = fen_from_yuan(text(name, source) or otherwise)
    except ValueError as error:
        raise BadInput("金额格式应为 12.30", fields=[name]) from error
    if fen < 0:
        raise BadInput("金额不能为负", fields=[name])
    return fen


def _changed(number: str, said: str, work: Callable[[], None]) -> ResponseReturnValue:
    """Do it, note who did, and go back to the batch."""
    retried(work)
    _note(number)
    flash(said)
    return redirect(url_for("console.payouts.show", number=number))


def _note(number: str) -> None:
    what = {"batch": number, "staff_id": staff().staff_id, "endpoint": request.endpoint}
    log.info("payout", extra=what)


def _actor() -> str:
    return f"staff:{staff().staff_id}"
