"""Where a rep stands this month, by paid orders: by name in his outlet, by number in his city."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from insights.reps import orders_kept
from org.models import Tier
from org.queries import RepCard, ancestors, rep_card, under
from org.roster import names_of_reps, where_active_reps_work
from wx_backend.clock import business_on


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
    """A rep's month so far; `city` is None for an outlet that lies in none."""

    orders: int
    outlet: Rank
    city: Rank | None


@dataclass(frozen=True, slots=True)
class RankPage:
    """The same with the colleagues of the outlet, the best first."""

    mine: Ranking
    colleagues: Sequence[Colleague]


def ranking_of(card: RepCard, now: datetime) -> Ranking:
    """A rep among the active reps of his outlet and of his city, as the tree is today."""
    here, city = _counts(card.outlet_id, now)
    return _ranking(card.rep_id, here, city)


def rank_page(rep_id: int, now: datetime) -> RankPage:
    """The same, and who else is in his outlet."""
    here, city = _counts(rep_card(rep_id).outlet_id, now)
    names = names_of_reps(here)
    rows = [
        Colleague(names[each], count, rank_among(here, each).place, each == rep_id)
        for each, count in here.items()
    ]
    best_first = sorted(rows, key=lambda row: (row.place, row.name))
    return RankPage(_ranking(rep_id, here, city), best_first)


def rank_among(counts: Mapping[int, int], who: int) -> Rank:
    """One place behind everybody who has more."""
    return Rank(1 + sum(count > counts[who] for count in counts.values()), len(counts))


def _ranking(rep_id: int, here: Mapping[int, int], city: Mapping[int, int] | None) -> Ranking:
    return Ranking(
        orders=here[rep_id],
        outlet=rank_among(here, rep_id),
        city=rank_among(city, rep_id) if city is not None else None,
    )


def _counts(outlet_id: int, now: datetime) -> tuple[Mapping[int, int], Mapping[int, int] | None]:
    """Orders paid since the first of the month and kept, by active rep: of an outlet, and of its city."""
    city_id = ancestors(outlet_id).get(Tier.CITY)
    works_at = where_active_reps_work(under(city_id if city_id is not None else outlet_id))
    kept = orders_kept(works_at, business_on(now).replace(day=1))
    counts = {each: kept.get(each, 0) for each in works_at}
    here = {each: count for each, count in counts.items() if works_at[each] == outlet_id}
    return here, counts if city_id is not None else None
