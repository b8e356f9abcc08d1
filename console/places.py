"""The organisation's tree: walked through, added to, renamed, moved, closed."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console.pages import PER_PAGE, page_of, text
from console.session import staff
from console.typed import EMPTY, Filled, came_back
from console.words import TIERS
from flows import place_desk
from flows.place_desk import PlaceData
from org.hours import WEEKDAYS
from org.models import OrgNode, Tier
from org.places import PlaceFilter, count_places
from org.queries import node_of
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput
from wx_backend.words import printable

bp = Blueprint("places", __name__)

LINE_MAX = 200


@bp.get("/places")
def index() -> ResponseReturnValue:
    """My own place, or the places found by a text."""
    node_id, typed = staff().node_id, text("text")
    if not typed:
        return redirect(url_for("console.places.show", code=node_of(node_id).code))
    wanted = PlaceFilter(node_id, typed)
    pages = page_of(count_places(wanted))
    rows = place_desk.place_rows(wanted, after=pages.after, limit=PER_PAGE)
    return render_template("console/places.html", rows=rows, pages=pages, asked=request.args)


@bp.get("/places/<code>")
def show(code: str) -> str:
    """One place, what hangs below it, and what can be done with it."""
    return _page(code)


@bp.post("/places/<code>/below")
def create(code: str) -> ResponseReturnValue:
    """A new place below this one."""
    node_id, made = staff().node_id, text("code", request.form)

    def work() -> None:
        tier, data = _tier(), _data()
        place_desk.open_place(parent=code, tier=tier, code=made, data=data, node_id=node_id)

    return _changed(code, "create", "已新建", work, then=made)


@bp.post("/places/<code>")
def describe(code: str) -> ResponseReturnValue:
    """Another name, address, phone or hours."""
    node_id = staff().node_id
    return _changed(
        code,
        "describe",
        "已保存",
        lambda: place_desk.describe(code=code, data=_data(), node_id=node_id),
    )


@bp.post("/places/<code>/move")
def move(code: str) -> ResponseReturnValue:
    """Hang it elsewhere."""
    node_id, parent = staff().node_id, text("parent", request.form)
    return _changed(
        code,
        "move",
        "已移动，权限即时生效",
        lambda: place_desk.move(code=code, parent=parent, node_id=node_id),
    )


@bp.post("/places/<code>/close")
def close(code: str) -> ResponseReturnValue:
    """Close it for good."""
    node_id, now = staff().node_id, clock.now()
    return _changed(
        code,
        "close",
        "已关闭",
        lambda: place_desk.close(code=code, node_id=node_id, now=now),
    )


def _page(code: str, sent: str = "", refused: Filled = EMPTY) -> str:
    """The page of a place; of its forms the one that was sent comes back as it was typed."""
    node_id = staff().node_id
    file = place_desk.place_file(code, node_id)
    wanted = PlaceFilter(node_id, parent_id=file.node.id)
    pages = page_of(count_places(wanted))
    forms = {"create": EMPTY, "describe": Filled(_as_typed(file.node))}
    forms |= {"move": EMPTY, "close": EMPTY, sent: refused}
    return render_template(
        "console/place.html",
        file=file,
        rows=place_desk.place_rows(wanted, after=pages.after, limit=PER_PAGE),
        pages=pages,
        forms=forms,
        refusal=refused.refusal,
    )


def _as_typed(node: OrgNode) -> dict[str, str]:
    said = {"name": node.name, "address": node.address or "", "phone": node.phone or ""}
    return {**said, **place_desk.week_of(node)}


def _data() -> PlaceData:
    form = request.form
    return PlaceData(
        name=text("name", form),
        address=_line("address"),
        phone=text("phone", form)[:30],
        hours=place_desk.hours_of({day: text(day, form) for day in WEEKDAYS}),
    )


def _line(name: str) -> str:
    return printable(request.form.get(name, "")).strip()[:LINE_MAX]


def _tier() -> Tier:
    asked = text("tier", request.form)
    if asked not in TIERS:
        raise BadInput("请选择层级", fields=["tier"])
    return Tier(asked)


def _changed(
    code: str, form: str, said: str, work: Callable[[], None], *, then: str = ""
) -> ResponseReturnValue:
    """Do it and show the place it made of it; when that is refused, the form as it was typed."""
    try:
        retried(work)
    except AppError as refusal:
        return _page(code, form, came_back(refusal)), refusal.status
    flash(said)
    return redirect(url_for("console.places.show", code=then or code))
