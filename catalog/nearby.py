"""Where else in the city something lies on a shelf: for whom his own outlet has none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from catalog.models import Sku, Stock, StockPlace
from org.models import OrgNode, Tier
from wx_backend.db import db

SHOWN: Final = 3
"""So many outlets are named of each variant, those with most of it."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """Another outlet of the same city and how many of a variant can be fetched there."""

    code: str
    name: str
    free: int


def shelves_nearby(
    sku_numbers: Collection[str], *, outlet_id: int
) -> Mapping[str, Collection[Nearby]]:
    """Free units of these variants on the shelves of an outlet's neighbours, by variant."""
    home, city = aliased(OrgNode), aliased(OrgNode)
    same_city = (
        select(city.id)
        .join(home, home.parent_id == city.id)
        .where(home.id == outlet_id, city.tier == Tier.CITY)
        .scalar_subquery()
    )
    free = Stock.on_hand - Stock.reserved
    place = func.row_number().over(partition_by=Sku.id, order_by=(free.desc(), OrgNode.code))
    lying = (
        select(Sku.number, OrgNode.code, OrgNode.name, free.label("free"), place.label("place"))
        .join(Stock, Stock.sku_id == Sku.id)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .join(OrgNode, OrgNode.id == StockPlace.outlet_id)
        .where(
            Sku.number.in_(sku_numbers),
            OrgNode.parent_id == same_city,
            OrgNode.id != outlet_id,
            OrgNode.closed_on.is_(None),
            free > 0,
        )
        .subquery()
    )
    rows = db.session.execute(
        select(lying.c.number, lying.c.code, lying.c.name, lying.c.free)
        .where(lying.c.place <= SHOWN)
        .order_by(lying.c.place)
    )
    found: dict[str, list[Nearby]] = {}
    for number, code, name, units in rows:
        found.setdefault(number, []).append(Nearby(code, name, units))
    return found
