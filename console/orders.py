"""Orders of the staff's part of the organisation: a list, the same as a file, and one order."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request

from console.export import csv_file
from console.pages import PER_PAGE, day, page_of, text
from console.session import staff
from console.words import STATUSES, when
from flows.fulfilment.timeline import ways_of_order
from flows.order_file import order_file, order_list
from orders.models import OrderStatus
from orders.search import OrderFilter, count_found
from org.queries import under
from wx_backend import clock
from wx_backend.errors import AppError, BadInput
from wx_backend.money import yuan

bp = Blueprint("orders", __name__)

EXPORT_MAX: Final = 5_000
COLUMNS: Final = (
    "订单号", "状态", "下单时间", "付款时间", "商品", "件数", "实付（元）", "发展人", "网点",
)  # fmt: skip


class TooManyToExport(AppError):
    status, code, message = 422, "too_many", f"超过{EXPORT_MAX}条，请缩小范围后再导出"


@bp.get("/orders")
def index() -> str:
    """The orders asked for, page by page."""
    wanted = _wanted()
    pages = page_of(count_found(wanted))
    rows = order_list(wanted, after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/orders.html", rows=rows, pages=pages, statuses=STATUSES, asked=request.args
    )


@bp.get("/orders.csv")
def export() -> Response:
    """The same orders as a file for a spreadsheet."""
    wanted = _wanted()
    if count_found(wanted) > EXPORT_MAX:
        raise TooManyToExport
    rows = [
        (
            row.order.number,
            STATUSES[row.order.status],
            when(row.order.placed_at),
            when(row.order.paid_at),
            row.names,
            row.pieces,
            yuan(row.order.payable_fen).replace(",", ""),
            row.developers,
            row.outlets,
        )
        for row in order_list(wanted, limit=EXPORT_MAX)
    ]
    return csv_file("orders.csv", COLUMNS, rows)


@bp.get("/orders/<number>")
def show(number: str) -> str:
    """One order with everything that happened to it."""
    file = order_file(number, staff().node_id)
    ways = ways_of_order(file.order.id, now=clock.now())
    return render_template("console/order.html", file=file, ways=ways)


def _wanted() -> OrderFilter:
    """What the query asks for, within the scope of who asks. Raises BadInput."""
    status, first, last = request.args.get("status", ""), day("from"), day("until")
    if status and status not in STATUSES:
        raise BadInput("没有这个状态", fields=["status"])
    return OrderFilter(
        scope=under(staff().node_id),
        number=text("number").upper(),
        status=OrderStatus(status) if status else None,
        placed_from=first,
        placed_until=last and last + timedelta(days=1),
    )
