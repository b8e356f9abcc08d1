"""Orders of the staff's part of the organisation: a list, the same as a file, and one order."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request

from catalog.queries import all_products
from console.asking import id_of, one_of, place_asked
from console.export import in_yuan
from console.pages import PER_PAGE, day, text
from console.session import staff
from console.tables import Table, table_file
from console.words import CHANNELS, STATUSES, when
from flows.campaign.brought import orders_brought
from flows.campaign.desk import campaign_of
from flows.fulfilment import labels
from flows.fulfilment.timeline import ways_of_order
from flows.order_file import order_file, order_list
from flows.order_search import Search, order_filter, phone_in
from orders.models import OrderStatus
from orders.search import count_found
from org.models import ChannelClass
from org.queries import node_of, nodes_under, under
from org.roster import names_of_reps
from wx_backend import clock
from wx_backend.access import TABLE
from wx_backend.db import retried
from wx_backend.errors import AppError
from wx_backend.limits import hold_to

bp = Blueprint("orders", __name__)

EXPORT_MAX: Final = 5_000
COUNTED_MAX: Final = 1_000
COLUMNS: Final = (
    "订单号", "状态", "下单时间", "付款时间", "商品", "件数", "实付（元）", "发展人", "网点",
)  # fmt: skip


class TooManyToExport(AppError):
    status, code, message = 422, "too_many", f"超过{EXPORT_MAX}条，请缩小范围后再导出"


@bp.get("/orders")
def index() -> str:
    """The orders asked for, a page of them after where the one before ended."""
    search = _search()
    wanted = order_filter(search)
    rows = order_list(wanted, before=_before(), limit=PER_PAGE + 1)
    last = rows[PER_PAGE - 1].order if len(rows) > PER_PAGE else None
    return render_template(
        "console/orders.html",
        rows=rows[:PER_PAGE],
        count=count_found(wanted, limit=COUNTED_MAX + 1),
        counted_max=COUNTED_MAX,
        following=str(last.id) if last is not None else "",
        places=nodes_under(staff().node_id),
        place_id=search.node_id,
        products=all_products(),
        statuses=STATUSES,
        channels=CHANNELS,
        asked=request.args,
        brought_by=_brought_by(),
    )


@bp.get("/orders.<kind>")
def export(kind: str) -> Response:
    """The same orders as a file for a spreadsheet."""
    wanted = order_filter(_search())
    if count_found(wanted, limit=EXPORT_MAX + 1) > EXPORT_MAX:
        raise TooManyToExport
    rows = [
        (
            row.order.number,
            STATUSES[row.order.status],
            when(row.order.placed_at),
            when(row.order.paid_at),
            row.names,
            row.pieces,
            in_yuan(row.order.payable_fen),
            row.developers,
            row.outlets,
        )
        for row in order_list(wanted, limit=EXPORT_MAX)
    ]
    head = [("单位", node_of(staff().node_id).name)]
    return table_file(kind, Table("orders", "订单", head, COLUMNS, rows, clock.now()))


@bp.get("/orders/<number>")
def show(number: str) -> str:
    """One order with everything that happened to it."""
    file = order_file(number, staff().node_id)
    lines = [line.row for line in file.lines]
    ways = ways_of_order(file.order.id, now=clock.now(), lines=lines, places=file.places)
    return render_template("console/order.html", file=file, ways=ways)


@bp.post("/orders/<number>/address")
def address(number: str) -> str:
    """Who a parcel goes to, for those who send it; that they looked is in the audit trail."""
    node_id, now = staff().node_id, clock.now()
    label = retried(lambda: labels.label_within(number, node_id, now=now))
    return render_template("console/label.html", number=number, label=label)


def _search() -> Search:
    """What the query asks for, within the scope of who asks. Raises BadInput and NotFound.

    Who looks for one phone after the other is trying out whose they are: TooMany.
    """
    first, last = day("from"), day("until")
    typed = text("number")
    if phone_in(typed):
        hold_to("phone", f"staff:{staff().staff_id}")
    brought = None
    if campaign := text("campaign"):
        brought = orders_brought(campaign, staff().node_id, developer=_developer())
    return Search(
        node_id=place_asked().id,
        text=typed,
        status=one_of("status", OrderStatus),
        placed_from=first,
        placed_until=last and last + timedelta(days=1),
        product=text("product"),
        channel=one_of("channel", ChannelClass),
        is_troubled=bool(request.args.get("troubled")),
        among=(brought,) if brought is not None else (),
    )


def _brought_by() -> tuple[str, str, str] | None:
    """The campaign they are of, as a person reads it: its number, its name, and whose they are.

    Nobody of elsewhere is named, and no campaign to who may not see campaigns.
    """
    number, developer, me = text("campaign"), _developer(), staff()
    if not number:
        return None
    sees_it = TABLE["console.campaigns.results"].admits(me.role, me.tier)
    whose = "" if developer is None else "网点"
    if developer:
        mine = names_of_reps([developer], under(me.node_id))
        whose = mine.get(developer, "其他单位的员工")
    name = campaign_of(number, me.node_id).name if sees_it else ""
    return number, name, whose


def _developer() -> int | None:
    typed = request.args.get("developer", "")
    return id_of(typed) if typed else None


def _before() -> int | None:
    """The order with which the page before ended."""
    typed = request.args.get("after", "")
    return id_of(typed) if typed else None
