"""Stock by outlet: what lies where, how it came to that, deliveries and corrections."""

import secrets
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.stock_by_hand import Form, FormUsed
from console.pages import PER_PAGE, form_key, page_of, text
from console.session import staff
from console.typed import Typed, faults_of
from flows import stock_desk
from flows.stock_desk import CENTRAL, At, Keeper
from org.models import Tier
from org.places import open_places
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError

bp = Blueprint("stock", __name__, url_prefix="/stock")

UNITS_MAX: Final = 1_000_000
REASON_MAX: Final = 100
PLACES_MAX: Final = 500


@bp.get("")
def index() -> str:
    """The shelves of my part of the organisation; of a chosen place, all that could lie there."""
    me, place = staff(), text("place")
    wanted = stock_desk.filter_of(me.node_id, text=text("text"), place_code=place)
    pages = page_of(stock_desk.count_rows(wanted))
    return render_template(
        "console/stock.html",
        rows=stock_desk.shelf_rows(wanted, after=pages.after, limit=PER_PAGE),
        pages=pages,
        asked=request.args,
        places=open_places(me.node_id, [Tier.OUTLET])[:PLACES_MAX],
        central=CENTRAL if wanted.has_central else "",
    )


@bp.get("/<sku>/<place>")
def show(sku: str, place: str) -> str:
    """One variant at one place with its history."""
    return _page(At(sku, place))


@bp.post("/<sku>/<place>/received")
def receive(sku: str, place: str) -> ResponseReturnValue:
    """Delivered units; the same form counts once."""
    at, now, by = At(sku, place), clock.now(), _keeper()
    try:
        units, form = _typed("quantity", low=1, is_reason_needed=False)
        retried(lambda: stock_desk.receive(at, units, form=form, by=by, now=now))
    except AppError as refusal:
        return _page(at, refusal), refusal.status
    return _done(at, "入库已登记")


@bp.post("/<sku>/<place>/corrected")
def correct(sku: str, place: str) -> ResponseReturnValue:
    """What was counted is more or less than the books say, and why; the same form counts once."""
    at, now, by = At(sku, place), clock.now(), _keeper()
    try:
        change, form = _typed("change", low=-UNITS_MAX, is_reason_needed=True)
        retried(lambda: stock_desk.correct(at, change, form=form, by=by, now=now))
    except AppError as refusal:
        return _page(at, refusal), refusal.status
    return _done(at, "库存已更正")


def _typed(name: str, *, low: int, is_reason_needed: bool) -> tuple[int, Form]:
    """How many units, and the form that says so. Raises BadForm."""
    typed, key = Typed(request.form), form_key()
    units = typed.whole(name, low=low, high=UNITS_MAX)
    if not units:
        typed.faults.setdefault(name, "请填写数量")
    reason = typed.line("reason", REASON_MAX, is_needed=is_reason_needed)
    typed.require_sound()
    return units, Form(key, reason)


def _keeper() -> Keeper:
    me = staff()
    return Keeper(f"staff:{me.staff_id}", me.node_id)


def _done(at: At, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("console.stock.show", sku=at.sku_number, place=at.place_code))


def _before() -> int | None:
    asked = request.args.get("after", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


def _page(at: At, refusal: AppError | None = None) -> str:
    """The page; after a refusal with what was typed, under the same key unless that one is used."""
    faults = faults_of(refusal) if refusal else {}
    before = None if refusal else _before()
    file = stock_desk.shelf_file(at, staff().node_id, before=before, limit=PER_PAGE + 1)
    has_more = len(file.moves) > PER_PAGE and not refusal
    key = "" if isinstance(refusal, FormUsed) else request.form.get("key", "")
    return render_template(
        "console/stock_shelf.html",
        file=file,
        moves=file.moves[:PER_PAGE],
        following=file.moves[PER_PAGE - 1].move.id if has_more else None,
        typed=request.form,
        refusal=refusal,
        faults=faults,
        key=key or secrets.token_hex(16),
    )
