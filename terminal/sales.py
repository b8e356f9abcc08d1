"""What the rep sold and earns, each line with its proof; whose customers are his."""

from typing import Final

from flask import Blueprint, render_template, request

from flows.my_customers import my_customers
from flows.my_sales import my_income, my_order, my_orders
from flows.receipt_pages import filed_receipt, receipt_page
from terminal.session import rep
from wx_backend import clock
from wx_backend.errors import NotFound

bp = Blueprint("sales", __name__)

PER_PAGE: Final = 20
POSITION_DIGITS: Final = 12


@bp.get("/customers")
def customers() -> str:
    """Who would be credited to the rep today, and until when colleagues are kept out."""
    page = my_customers(rep(), now=clock.now(), after=_position("after") or 0, limit=PER_PAGE)
    return render_template("terminal/customers.html", page=page)


@bp.get("/orders")
def orders() -> str:
    """The orders with a line of the rep's, newest first."""
    after = _position("after") or 0
    rows = my_orders(rep(), after=after, limit=PER_PAGE + 1)
    more = after + PER_PAGE if len(rows) > PER_PAGE else None
    return render_template("terminal/orders.html", rows=rows[:PER_PAGE], more=more)


@bp.get("/orders/<number>")
def order(number: str) -> str:
    """One of them: where it stands and what it earns."""
    return render_template("terminal/order.html", page=my_order(number, rep()))


@bp.get("/income")
def income() -> str:
    """Held, free, paid, taken back; and line by line, each part with the day it is free."""
    page = my_income(rep(), before_id=_position("before"), limit=PER_PAGE, now=clock.now())
    return render_template("terminal/income.html", page=page)


@bp.get("/receipts/<number>")
def receipt(number: str) -> str:
    """Why a line is the rep's; NotFound for a colleague's proof as for a missing one."""
    filed = filed_receipt(number)
    decision = filed.attribution
    if rep() not in (decision.developer_rep_id, decision.acceptor_rep_id):
        raise NotFound("凭证不存在")
    return render_template("terminal/receipt.html", page=receipt_page(filed))


def _position(name: str) -> int | None:
    typed = request.args.get(name, "")
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= POSITION_DIGITS
    return int(typed) if is_number else None
