"""Campaign slots in the mall: the banners of a showroom or a place, and where a tap leads.

A tap is counted and nothing else: whoever is credited stays who it was.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from catalog.banner_models import LeadsTo
from catalog.banner_queries import Led, banners_at, is_banner, picture_of, shown_banner
from catalog.banners import count_tap
from catalog.showing import Picture
from flows.visit import HOME, Sight
from org.queries import node_by_code
from storefront.homes import home_outlet
from storefront.showcase import rep_panel
from storefront.sights import sight
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("banners", __name__)

OVER: Final = "活动已结束，看看其他商品吧"
_PATHS: Final = {LeadsTo.PRODUCT: "/p/", LeadsTo.CATEGORY: "/c/", LeadsTo.SEARCH: "/search?q="}


@dataclass(frozen=True, slots=True)
class BannerCard:
    """A banner as a page shows it; `path` is the page of ours that it leads to."""

    number: str
    title: str
    picture: Picture
    leads_to: LeadsTo
    target: str
    path: str


@bp.get("/api/banners")
def index() -> ResponseReturnValue:
    """The banners of a `rep`'s showroom or of a `place`; without either those of one's own outlet."""
    return jsonify(banners=[asdict(card) for card in cards_at(_asked_place(), clock.now())])


@bp.post("/api/banners/<number>/tap")
def tap(number: str) -> ResponseReturnValue:
    """Somebody tapped a banner in a client that opens pages by itself."""
    _opened(number, Sight.VIEW)
    return "", 204


@bp.get("/b/<number>")
def follow(number: str) -> ResponseReturnValue:
    """On to what a banner leads to; to the front page when it is shown no more."""
    seen = sight()
    card = _opened(number, seen)
    if seen is Sight.PREFETCH:
        return Response(status=204)  # so that the real tap comes to us as well
    if card is None:
        flash(OVER)
    return redirect(HOME if card is None else card.path)


def cards_at(node_id: int, now: datetime) -> list[BannerCard]:
    """What a place shows, the nearest place's banners first."""
    return [_card(led) for led in banners_at(node_id, now=now)]


def _asked_place() -> int:
    rep, place = request.args.get("rep", ""), request.args.get("place", "")
    if rep:
        return rep_panel(rep, clock.now()).outlet_id
    node = node_by_code((place or home_outlet())[:32])
    if node is None or node.closed_on is not None:
        raise NotFound("没有找到这个地方，或它已停止营业")
    return node.id


def _opened(number: str, seen: Sight) -> BannerCard | None:
    """The banner, counted; None when it is shown no more. NotFound for one that never was."""
    now = clock.now()
    led = shown_banner(number, now=now)
    if led is None:
        if not is_banner(number):
            raise NotFound("没有找到这个活动")
        return None
    card, banner_id = _card(led), led.banner.id
    retried(lambda: count_tap(banner_id, kind=seen, now=now))
    return card


def _card(led: Led) -> BannerCard:
    banner, leads_to = led.banner, LeadsTo(led.banner.leads_to)
    return BannerCard(
        number=banner.number,
        title=banner.title,
        picture=picture_of(banner),
        leads_to=leads_to,
        target=led.target,
        path=_PATHS[leads_to] + quote(led.target, safe=""),
    )
