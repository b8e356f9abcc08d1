"""The share kit: first where to, then what; then text, link, picture, and what came of each share."""

from typing import Final

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.queries import listed_products
from flows.my_shares import my_shares, results_of
from flows.receipt_pages import PLACES
from flows.share_kit import TARGETS, kit_of, open_kit
from flows.share_picture import ask_for_picture, finished_picture
from terminal.poster import jpeg_or_missing
from terminal.session import person, rep
from terminal.typed import position, typed_line
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("shares", __name__)

PER_PAGE: Final = 20
SHOWN: Final = 30


@bp.get("/terminal/share")
def where() -> str:
    """Where it goes."""
    return render_template("terminal/share_where.html", targets=TARGETS, places=PLACES)


@bp.get("/terminal/share/<place>")
def what(place: str) -> str:
    """What goes there: the rep's showroom, or a product by a searched text."""
    if place not in TARGETS:
        raise NotFound
    text = typed_line(request.args, "text")
    return render_template(
        "terminal/share_what.html",
        place=place,
        place_name=PLACES[place],
        text=text,
        products=listed_products(now=clock.now(), text=text, limit=SHOWN),
    )


@bp.post("/terminal/shares")
def create() -> ResponseReturnValue:
    """Make the share, or find it again, and show what to send."""
    place, product = typed_line(request.form, "place"), typed_line(request.form, "product")
    rep_id, now = rep(), clock.now()
    share_id = retried(lambda: open_kit(rep_id=rep_id, place=place, product=product, now=now))
    return redirect(url_for(".show", share=share_id))


@bp.get("/terminal/shares")
def index() -> str:
    """Every share with its result."""
    page = my_shares(rep(), after=position("after") or 0, limit=PER_PAGE, now=clock.now())
    return render_template("terminal/shares.html", page=page)


@bp.get("/terminal/shares/<int:share>")
def show(share: int) -> str:
    """What to send, and what came of it; NotFound for a colleague's."""
    now = clock.now()
    kit = kit_of(share, rep_id=rep(), now=now)
    return render_template(
        "terminal/share.html",
        kit=kit,
        result=results_of([kit.share], now)[0],
        is_ready=kit.has_picture and _picture(share) is not None,
    )


@bp.get("/terminal/shares/<int:share>.jpg")
def picture(share: int) -> Response:
    """The picture, to be kept by a long press."""
    return jpeg_or_missing(_picture(share))


@bp.post("/api/terminal/shares/<int:share>/picture")
def draw(share: int) -> ResponseReturnValue:
    """Have the picture drawn."""
    rep_id, appid, now = rep(), person().appid, clock.now()
    retried(lambda: ask_for_picture(share, rep_id=rep_id, appid=appid, now=now))
    return jsonify(is_ready=False), 202


@bp.get("/api/terminal/shares/<int:share>/picture")
def state(share: int) -> Response:
    """Whether it is there by now."""
    is_ready = _picture(share) is not None
    return jsonify(is_ready=is_ready, url=url_for(".picture", share=share) if is_ready else None)


def _picture(share: int) -> bytes | None:
    return finished_picture(share, rep_id=rep(), appid=person().appid, now=clock.now())
