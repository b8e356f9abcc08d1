"""Showrooms and places for programs that draw their own pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from flows.bookings import closed_words
from org.models import Tier
from org.queries import node_by_code
from storefront.cards import ProductCard, pick_cards
from storefront.homes import home_id
from storefront.places import Link, open_place, place_page
from storefront.showcase import OutletPanel, rep_panel
from wx_backend import clock

bp = Blueprint("place_calls", __name__)


@dataclass(frozen=True, slots=True)
class RepShown:
    """A rep as customers see him; his showroom is that of his `number`."""

    number: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Showroom:
    """Who a rep is, where to find him, and what he puts first; `acts_at` only while it is closed there."""

    rep: RepShown
    greeting: str
    outlet: OutletPanel
    picks: Sequence[ProductCard]
    acts_at: str


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """A place: what is above it, its outlets with today's hours, or the people of the one it is."""

    name: str
    tier: Tier
    above: Sequence[Link]
    outlet: OutletPanel | None
    reps: Sequence[RepShown]
    outlets: Sequence[OutletPanel]
    next_page: int | None


@bp.get("/api/showrooms/<number>")
def showroom(number: str) -> ResponseReturnValue:
    """A rep's showroom; what is sold is told by /api/products, what is on by /api/banners."""
    now = clock.now()
    panel = rep_panel(number, now)
    return jsonify(
        Showroom(
            rep=RepShown(panel.number, panel.name, panel.title),
            greeting=panel.greeting,
            outlet=panel.outlet,
            picks=pick_cards(panel.rep_id, now, outlet_id=home_id()),
            acts_at=closed_words(panel.outlet_id, now=now),
        )
    )


@bp.get("/api/places/<code>")
def place(code: str) -> ResponseReturnValue:
    """An outlet, city or province, `at` a page of its outlets from 0."""
    now = clock.now()
    shown = place_page(open_place(node_by_code(code[:32])), now)
    return jsonify(
        PlaceTold(
            name=shown.name,
            tier=shown.tier,
            above=shown.above,
            outlet=shown.outlet,
            reps=[RepShown(each.number, each.name, each.title) for each in shown.reps],
            outlets=[outlet for group in shown.groups for outlet in group.outlets],
            next_page=shown.page + 1 if shown.has_more else None,
        )
    )
