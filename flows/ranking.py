"""Where a rep stands this month, by paid orders: by name in his outlet, by number in his city."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from orders.figures import orders_by_developer
from org.models import Tier
from org.queries import ancestors, rep_card, under
from org.roster import active_rep_ids, names_of_reps
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Rank:
    """A place among so many; who has as many orders has the same place."""

    place: int
    of: int


@dataclass(frozen=True, slots=True)
class Colleague:
    """One rep of the outlet in the list."""

    name: str
    orders: int
    place: int
    is_me: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """This month so far; `city` is None for an outlet that lies in none."""

    orders: int
    outlet: Rank
    city: Rank | None
    colleagues: Sequence[Colleague]


def ranking_of(rep_id: int, now: datetime) -> Ranking:
    """The rep among the active reps of his outlet and of his city, as the tree is today."""
    outlet_id = rep_card(rep_id).outlet_id
    city_id = ancestors(outlet_id).get(Tier.CITY)
    counts = _counts(city_id if city_id is not None else outlet_id, now)
    at_outlet = counts if city_id is None else _only(counts, outlet_id)
    return Ranking(
        orders=at_outlet[rep_id],
        outlet=rank_among(at_outlet, rep_id),
        city=rank_among(counts, rep_id) if city_id is not None else None,
        colleagues=_colleagues(at_outlet, rep_id),
    )


def rank_among(counts: Mapping[int, int], who: int) -> Rank:
    """One place behind everybody who has more."""
    return Rank(1 + sum(count > counts[who] for count in counts.values()), len(counts))


def _counts(node_id: int, now: datetime) -> dict[int, int]:
    """Orders paid since the first of the month, for every active rep of a node."""
    first = datetime.combine(business_on(now).replace(day=1), time(), SHANGHAI)
    reps = active_rep_ids(under(node_id))
    paid = orders_by_developer(reps, first, now)
    return {rep_id: paid.get(rep_id, 0) for rep_id in db.session.scalars(reps)}


def _only(counts: Mapping[int, int], outlet_id: int) -> dict[int, int]:
    here = db.session.scalars(active_rep_ids(under(outlet_id)))
    return {rep_id: counts[rep_id] for rep_id in here if rep_id in counts}


def _colleagues(counts: Mapping[int, int], rep_id: int) -> list[Colleague]:
    names = names_of_reps(counts)
    rows = [
        Colleague(names[each], count, rank_among(counts, each).place, each == rep_id)
        for each, count in counts.items()
    ]
    return sorted(rows, key=lambda row: (row.place, row.name))
