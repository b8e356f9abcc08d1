"""Home pages of outlets, cities and provinces: every store is one step away, whatever the tier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from org.models import OrgNode, Rep, Tier
from org.queries import alone, ancestors, node_by_code, node_of, nodes_under
from org.roster import active_reps
from storefront import session
from storefront.numbers import home_outlet
from storefront.shelf import asked_shelves
from storefront.showcase import OutletPanel, adviser, outlet_panel
from wx_backend import clock
from wx_backend.errors import NotFound

bp = Blueprint("places", __name__)


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
    node, now = node_by_code(code[:32]), clock.now()
    if node is None or node.tier != tier or node.closed_on is not None:
        raise NotFound("没有找到这个地方，或它已停止营业")
    return render_template(
        "storefront/place.html",
        place=_place(node, now),
        shelves=asked_shelves(""),
        rep=adviser(session.carried_share(), now),
    )


def _place(node: OrgNode, now: datetime) -> PlacePage:
    above = ancestors(node.id)
    tier = Tier(node.tier)
    links = [
        _link(node_of(above[t])) for t in (Tier.PROVINCE, Tier.CITY) if t in above and t != tier
    ]
    is_outlet = tier is Tier.OUTLET
    return PlacePage(
        name=node.name,
        tier=tier,
        above=links,
        outlet=outlet_panel(node.id, now) if is_outlet else None,
        reps=active_reps(alone(node.id)) if is_outlet else [],
        groups=[] if is_outlet else _groups(node, now),
    )


def _groups(node: OrgNode, now: datetime) -> list[OutletGroup]:
    """The open outlets below a node by city; a city's own page has one group without a heading."""
    if node.tier == Tier.CITY:
        return [OutletGroup(None, _outlets(node, now))]
    cities = [each for each in nodes_under(node.id, tier=Tier.CITY) if each.closed_on is None]
    return [OutletGroup(_link(each), _outlets(each, now)) for each in cities]


def _outlets(node: OrgNode, now: datetime) -> list[OutletPanel]:
    found = nodes_under(node.id, tier=Tier.OUTLET)
    return [outlet_panel(each.id, now) for each in found if each.closed_on is None]


def _link(node: OrgNode) -> Link:
    return Link(node.name, f"/{node.tier}/{node.code}")
