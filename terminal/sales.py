"""What the rep sold and earns, each line with its proof."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template, request

from flows.my_sales import Asked, customer_asked, my_income, my_order, my_orders
from flows.reassigned import reassignments_of
from flows.receipt_pages import filed_receipt, receipt_page
from orders.models import OrderStatus
from terminal.session import rep
from terminal.typed import day_asked, position, typed_line
from wx_backend import clock
from wx_backend.errors import NotFound
from wx_backend.same_page import same_page

bp = Blueprint("sales", __name__)

PER_PAGE: Final = 20
TEXT_MAX: Final = 40


@bp.get("/orders")
def orders() -> str:
    """The orders with a line of the rep's, or those of them he looks for, newest first."""
    now, asked = clock.now(), _asked()
    rows = my_orders(rep(), asked, before=position("before"), limit=PER_PAGE + 1, now=now)
    last = rows[PER_PAGE - 1].order.id if len(rows) > PER_PAGE else None
    more = same_page(before=last) if last else ""
    return render_template("terminal/orders.html", rows=rows[:PER_PAGE], more=more, asked=asked)


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
    """Why a line is the rep's, or was; NotFound for a colleague's proof as for a missing one."""
    filed = filed_receipt(number)
    decision, given = filed.attribution, reassignments_of([filed.line.id])
    later = {each.row.to_rep_id for each in given}
    if rep() not in {decision.developer_rep_id, decision.acceptor_rep_id, *later}:
        raise NotFound("凭证不存在")
    return render_template("terminal/receipt.html", page=receipt_page(filed))


def _asked() -> Asked:
    """What the address asks for; a state that is none means all. Raises NotFound and BadInput."""
    customer, status = position("customer"), request.args.get("status", "")
    last = day_asked("until")
    return Asked(
        text=typed_line(request.args, "text")[:TEXT_MAX],
        status=OrderStatus(status) if status in [*OrderStatus] else None,
        placed_from=day_asked("from"),
        placed_until=last and last + timedelta(days=1),
        customer=customer_asked(customer, rep(), now=clock.now()) if customer else None,
    )
