"""Home pages of outlets, cities and provinces: every store is one step away, whatever the tier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from org.models import OrgNode, Rep, RepStatus, Tier
from org.places import open_outlets
from org.queries import alone, ancestors, node_by_code, node_of
from org.roster import RepFilter, reps_found
from storefront.banners import cards_at
from storefront.homes import home_outlet, my_adviser
from storefront.shelf import PAGE, asked_page, asked_shelves
from storefront.showcase import OutletPanel, outlet_panel
from wx_backend import clock
from wx_backend.errors import NotFound

bp = Blueprint("places", __name__)

NO_PLACE: Final = "没有找到这个地方，或它已停止营业"


@dataclass(frozen=True, slots=True)
class Link:
    """A place above or beside: its name and its page."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class OutletGroup:
    """The outlets of one city."""

    city: Link | None
    outlets: Sequence[OutletPanel]


@dataclass(frozen=True, slots=True)
class PlacePage:
    """One place: what is above it, its outlets with today's hours, or the people of the one it is."""

    name: str
    tier: Tier
    above: Sequence[Link]
    outlet: OutletPanel | None
    reps: Sequence[Rep]
    groups: Sequence[OutletGroup]
    page: int
    has_more: bool


@bp.get("/outlet/<code>")
def outlet(code: str) -> str:
    """An outlet: where and when, and whom to ask there."""
    return _page(code, Tier.OUTLET)


@bp.get("/city/<code>")
def city(code: str) -> str:
    """A city with its outlets."""
    return _page(code, Tier.CITY)


@bp.get("/province/<code>")
def province(code: str) -> str:
    """A province with the outlets of its cities."""
    return _page(code, Tier.PROVINCE)


@bp.get("/outlets")
def near() -> ResponseReturnValue:
    """The outlets near whoever looks: those of the city he is served from."""
    home = node_by_code(home_outlet())
    above = ancestors(home.id) if home is not None else {}
    place = next((above[tier] for tier in (Tier.CITY, Tier.PROVINCE) if tier in above), None)
    return redirect(
        _link(node_of(place)).path if place is not None else url_for("storefront.mall.home")
    )


def _page(code: str, tier: Tier) -> str:
    node, now = open_place(node_by_code(code[:32])), clock.now()
    if node.tier != tier:
        raise NotFound(NO_PLACE)
    return render_template(
        "storefront/place.html",
        place=place_page(node, now),
        banners=cards_at(node.id, now),
        shelves=asked_shelves(""),
        rep=my_adviser(),
    )


def open_place(node: OrgNode | None) -> OrgNode:
    """The place, if customers may see it. NotFound."""
    if node is None or node.tier == Tier.GROUP or node.closed_on is not None:
        raise NotFound(NO_PLACE)
    return node


def place_page(node: OrgNode, now: datetime) -> PlacePage:
    """What the page of a place shows; `at` is the page of its list."""
    above = ancestors(node.id)
    tier = Tier(node.tier)
    links = [
        _link(node_of(above[t])) for t in (Tier.PROVINCE, Tier.CITY) if t in above and t != tier
    ]
    is_outlet, page = tier is Tier.OUTLET, asked_page("at")
    span = {"after": page * PAGE, "limit": PAGE + 1}
    mine = RepFilter(alone(node.id), status=RepStatus.ACTIVE)
    reps = reps_found(mine, **span) if is_outlet else []
    outlets = [] if is_outlet else open_outlets(node.id, **span)
    return PlacePage(
        name=node.name,
        tier=tier,
        above=links,
        outlet=outlet_panel(node.id, now) if is_outlet else None,
        reps=reps[:PAGE],
        groups=_groups(node, outlets[:PAGE], now),
        page=page,
        has_more=max(len(reps), len(outlets)) > PAGE,
    )


def _groups(
    node: OrgNode, outlets: Sequence[tuple[OrgNode, OrgNode | None]], now: datetime
) -> list[OutletGroup]:
    """Outlets by city; those of the page's own place, and of no city, stand without a heading."""
    found = []
    for city, rows in groupby(outlets, key=lambda row: row[1]):
        is_own = city is None or city.id == node.id
        panels = [outlet_panel(outlet.id, now) for outlet, _ in rows]
        found.append(OutletGroup(None if city is None or is_own else _link(city), panels))
    return found


def _link(node: OrgNode) -> Link:
    return Link(node.name, f"/{node.tier}/{node.code}")
