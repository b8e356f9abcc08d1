"""Statements of reps, outlets, cities and provinces: searched, read, printed, taken along, proven."""

from collections.abc import Iterator
from typing import Final

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from console.export import csv_file, in_yuan
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from console.settlement_words import MOVEMENTS, OWNERS
from console.sheets import Sheet, xlsx_file
from flows.period.proving import ask_for_proof, proof_page
from flows.statements import StatementPage, statement_page
from org.queries import under
from settlement.periods import period_of, periods
from settlement.statements.models import StatementOwner
from settlement.statements.queries import StatementFilter, count_statements, statements_found
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput
from wx_backend.money import yuan

bp = Blueprint("statements", __name__)

LINE_COLUMNS: Final = ("日期", "变动", "事项", "订单号", "待结变动（元）", "可发变动（元）")
MEMBER_COLUMNS: Final = (
    "编号", "名称", "结算单号", "期初（元）", "新增（元）", "转可发（元）", "扣回（元）", "发放（元）", "期末待结（元）", "期末可发（元）",
)  # fmt: skip


@bp.get("/statements")
def index() -> str:
    """The statements asked for, within the staff's scope."""
    wanted = _wanted()
    pages = page_of(count_statements(wanted))
    return render_template(
        "console/statements.html",
        rows=statements_found(wanted, after=pages.after, limit=PER_PAGE),
        pages=pages,
        months=[each.month for each in periods()],
        owners=OWNERS,
        asked=request.args,
    )


@bp.get("/statements/<number>")
def show(number: str) -> str:
    """One statement, made to be read and printed."""
    return render_template("console/statement.html", page=statement_page(number, staff().node_id))


@bp.get("/statements/<number>.json")
def raw(number: str) -> ResponseReturnValue:
    """What its digest covers, for whoever wants to check it himself."""
    return jsonify(statement_page(number, staff().node_id).as_json())


@bp.get("/statements/<number>.xlsx")
def sheet(number: str) -> Response:
    """The same as a spreadsheet."""
    page = statement_page(number, staff().node_id)
    columns, rows = _table(page)
    made = Sheet("结算单", head_of(page), columns, rows, page.row.frozen_at)
    return xlsx_file(f"{number}.xlsx", made)


@bp.get("/statements/<number>.csv")
def table(number: str) -> Response:
    """The lines alone, as text."""
    page = statement_page(number, staff().node_id)
    columns, rows = _table(page)
    return csv_file(f"{number}.csv", columns, rows)


@bp.get("/statements-chain")
def chain() -> str:
    """Whether the closed months hold, as the last recomputation found."""
    return render_template("console/chain.html", page=proof_page())


@bp.post("/statements-chain")
def prove() -> ResponseReturnValue:
    """Have every closed month recomputed."""
    by = f"staff:{staff().staff_id}"
    is_new = retried(lambda: ask_for_proof(by=by, now=clock.now()))
    flash("已开始核对，请稍后刷新" if is_new else "核对正在进行，请稍后刷新")
    return redirect(url_for("console.statements.chain"))


def head_of(page: StatementPage) -> list[tuple[str, str]]:
    """The figures of a statement by name."""
    row = page.row
    return [
        ("结算单号", row.number),
        ("账期", page.period.month),
        ("对象", f"{row.owner_name}（{row.owner_number}）"),
        ("期初余额（元）", yuan(row.opening_held_fen + row.opening_free_fen)),
        ("本期新增（元）", yuan(row.accrued_fen)),
        ("本期转可发（元）", yuan(row.vested_fen)),
        ("本期扣回（元）", yuan(row.taken_back_fen)),
        ("本期发放（元）", yuan(row.paid_fen)),
        ("其他（元）", yuan(row.other_fen)),
        ("期末待结（元）", yuan(row.closing_held_fen)),
        ("期末可发（元）", yuan(row.closing_free_fen)),
        ("摘要", row.digest.hex()),
    ]


def _table(page: StatementPage) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    """The lines of a rep's statement; the parts of an outlet's, city's or province's."""
    if page.row.owner_kind == StatementOwner.REP:
        return LINE_COLUMNS, _lines(page)
    return MEMBER_COLUMNS, _members(page)


def _lines(page: StatementPage) -> Iterator[tuple[object, ...]]:
    for each in page.lines:
        yield (
            str(each.line.business_on),
            MOVEMENTS[each.line.movement],
            each.about,
            each.order_number,
            in_yuan(each.line.held_fen),
            in_yuan(each.line.free_fen),
        )


def _members(page: StatementPage) -> Iterator[tuple[object, ...]]:
    for row in page.members:
        amounts = (
            row.opening_held_fen + row.opening_free_fen,
            row.accrued_fen,
            row.vested_fen,
            row.taken_back_fen,
            row.paid_fen,
            row.closing_held_fen,
            row.closing_free_fen,
        )
        yield (row.owner_number, row.owner_name, row.number, *map(in_yuan, amounts))


def _wanted() -> StatementFilter:
    """What the query asks for, within the scope of who asks. Raises BadInput, NotFound."""
    month, owner = request.args.get("month", ""), request.args.get("owner", "")
    if owner and owner not in OWNERS:
        raise BadInput("没有这种对象", fields=["owner"])
    return StatementFilter(
        scope=under(staff().node_id),
        period_id=period_of(month).id if month else None,
        owner_kind=StatementOwner(owner) if owner else None,
        text=text("text"),
    )
