"""What the rep sold and earns, each line with its proof."""

from typing import Final

from flask import Blueprint, render_template

from flows.my_sales import my_income, my_order, my_orders
from flows.receipt_pages import filed_receipt, receipt_page
from terminal.session import rep
from terminal.typed import position
from wx_backend import clock
from wx_backend.errors import NotFound

bp = Blueprint("sales", __name__)

PER_PAGE: Final = 20


@bp.get("/orders")
def orders() -> str:
    """The orders with a line of the rep's, newest first."""
    rows = my_orders(rep(), before=position("before"), limit=PER_PAGE + 1)
    more = rows[PER_PAGE - 1].order.id if len(rows) > PER_PAGE else None
    return render_template("terminal/orders.html", rows=rows[:PER_PAGE], more=more)


@bp.get("/orders/<number>")
def order(number: str) -> str:
    """One of them: where it stands and what it earns."""
    return render_template("terminal/order.html", page=my_order(number, rep(), now=clock.now()))


@bp.get("/income")
def income() -> str:
    """Held, free, paid, taken back; and line by line, each part with the day it is free."""
    page = my_income(rep(), before_id=position("before"), limit=PER_PAGE, now=clock.now())
    return render_template("terminal/income.html", page=page)


@bp.get("/receipts/<number>")
def receipt(number: str) -> str:
    """Why a line is the rep's; NotFound for a colleague's proof as for a missing one."""
    filed = filed_receipt(number)
    decision = filed.attribution
    if rep() not in (decision.developer_rep_id, decision.acceptor_rep_id):
        raise NotFound("凭证不存在")
    return render_template("terminal/receipt.html", page=receipt_page(filed))
