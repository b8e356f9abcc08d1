"""The people of a campaign as a list and as a file: the message, the click, the orders of each."""

from typing import Final

from flask import Blueprint, Response, render_template

from console.asking import one_of
from console.campaign_words import WORDS, says
from console.export import in_yuan
from console.figures import ROWS_MAX, TooManyRows
from console.pages import PER_PAGE, page_of, text
from console.session import staff
from console.tables import Table, table_file
from flows.campaign.desk import campaign_of
from flows.campaign.people import Asked, Did, Placed, count_people_shown, people_shown
from wx_backend import clock

bp = Blueprint("campaign_people", __name__, url_prefix="/campaigns")

COLUMNS: Final = (
    "客户", "员工", "版本", "状态", "通道或原因", "消息", "点击", "7 天内付款（元）", "佣金（元）", "订单",
)  # fmt: skip


@bp.context_processor
def page_values() -> dict[str, object]:
    """How campaigns read."""
    return {"says": says, "words": WORDS, "name_of": name_of}


@bp.get("/<number>/people")
def index(number: str) -> str:
    """Everybody of the frozen audience: which way, or why not, and what became of him."""
    asked = _asked(number)
    pages = page_of(count_people_shown(asked))
    return render_template(
        "console/campaign_people.html",
        row=campaign_of(number, staff().node_id),
        people=people_shown(asked, after=pages.after, limit=PER_PAGE),
        pages=pages,
        asked=asked,
    )


@bp.get("/<number>/people.<kind>")
def export(number: str, kind: str) -> Response:
    """The same people as a file for a spreadsheet."""
    asked = _asked(number)
    row = campaign_of(number, staff().node_id)
    if count_people_shown(asked) > ROWS_MAX:
        raise TooManyRows
    rows = [_cells(each) for each in people_shown(asked, limit=ROWS_MAX)]
    head = [("活动", row.name)]
    return table_file(kind, Table("people", "名单明细", head, COLUMNS, rows, clock.now()))


def name_of(each: Placed) -> str:
    """A person, by no more than which row he is."""
    return f"{'会员' if each.row.member_id else '客户'} {each.row.identity_id:04d}"


def _asked(number: str) -> Asked:
    """Who is asked for. Raises BadInput."""
    return Asked(
        number,
        staff().node_id,
        status=text("status"),
        reason=text("reason"),
        did=one_of("did", Did),
    )


def _cells(each: Placed) -> tuple[object, ...]:
    return (
        name_of(each),
        each.rep_name or ("其他单位" if each.row.rep_id else "网点"),
        "ABC"[each.row.variant],
        says("recipient", each.row.status),
        says("reason", each.row.reason) if each.row.reason else says("way", each.row.way),
        says("message", each.message) if each.message else "",
        "已点击" if each.has_clicked else "",
        in_yuan(each.bought.kept_fen),
        in_yuan(each.commission_fen),
        "、".join(order.number for order in each.orders),
    )
