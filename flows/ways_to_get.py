"""How what is wished for could get to its buyer at this moment: by courier, or fetched at an outlet.

The same rule as that of a promise of stock: a courier brings from the central store; what is fetched
comes from the outlet's own shelf, else the central store sends it there.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.availability import left_of, on_shelves
from catalog.offers import offers
from wx_backend.errors import NotFound


class Fetch(StrEnum):
    """Whether something can be fetched at an outlet, and whether it lies there already."""

    ON_SHELF = "on_shelf"
    SENT_THERE = "sent_there"
    NOT_THERE = "not_there"


@dataclass(frozen=True, slots=True)
class Ways:
    """What is possible: `at` says it of each outlet that was asked about, by its id."""

    by_courier: bool
    at: Mapping[int, Fetch]


def ways_to_get(
    wanted: Mapping[str, int], outlet_ids: Collection[int] = (), *, now: datetime
) -> Ways:
    """The ways so many pieces of these variants could be had. NotFound for one that is not there."""
    known = offers(wanted, now=now)
    if known.keys() != wanted.keys():
        raise NotFound("商品不存在或已下架")
    needed: Counter[int] = Counter()
    for number, offer in known.items():
        for piece in offer.pieces:
            needed[piece.sku_id] += piece.quantity * wanted[number]
    central = {sku_id: left.central for sku_id, left in left_of(needed).items()}
    counted = {sku_id: needed[sku_id] for sku_id in central}
    shelves = on_shelves(counted, outlet_ids)
    return Ways(
        by_courier=_covers(central, counted),
        at={each: _fetch(counted, shelves.get(each, {}), central) for each in outlet_ids},
    )


def _fetch(
    needed: Mapping[int, int], shelf: Mapping[int, int], central: Mapping[int, int]
) -> Fetch:
    if _covers(shelf, needed):
        return Fetch.ON_SHELF
    best = {sku_id: max(shelf.get(sku_id, 0), central[sku_id]) for sku_id in needed}
    return Fetch.SENT_THERE if _covers(best, needed) else Fetch.NOT_THERE


def _covers(units: Mapping[int, int], needed: Mapping[int, int]) -> bool:
    return all(units.get(sku_id, 0) >= quantity for sku_id, quantity in needed.items())
