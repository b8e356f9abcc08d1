"""What the manager of an outlet looks at on the phone: yesterday, today, what is late, who sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.figures.pages import Change, changes
from flows.fulfilment.phone import Todo, Urgency, todo_list
from insights.reps import day_of_reps, orders_kept
from insights.values import RepFigures, Span
from org.queries import RepCard, alone, rep_card
from org.roster import active_reps
from settlement.queries import manager_of
from wx_backend.clock import business_on
from wx_backend.errors import NotFound

SHOWN = ("sales", "orders", "paid", "follows")
LATE: frozenset[Urgency] = frozenset({Urgency.PROBLEM, Urgency.OVERDUE})


@dataclass(frozen=True, slots=True)
class Seller:
    """One rep of the outlet: his orders paid today, and this month so far."""

    name: str
    today: int
    month: int


@dataclass(frozen=True, slots=True)
class TeamPage:
    """The outlet today beside yesterday; `late` are tasks past their time or with a problem."""

    card: RepCard
    changes: Sequence[Change]
    late: Sequence[Todo]
    sellers: Sequence[Seller]


def leads_outlet(card: RepCard, now: datetime) -> bool:
    """Whether a rep is the manager of his own outlet today."""
    return manager_of(card.outlet_id, business_on(now)) == card.rep_id


def team_page(rep_id: int, now: datetime) -> TeamPage:
    """The outlet of its manager; NotFound for anybody else."""
    card = rep_card(rep_id)
    if not leads_outlet(card, now):
        raise NotFound
    today = business_on(now)
    figures = changes(card.outlet_id, Span(today, today))
    return TeamPage(
        card=card,
        changes=[each for each in figures if each.measure.key in SHOWN],
        late=[row for row in todo_list(rep_id, now=now).rows if row.urgency in LATE],
        sellers=_sellers(card.outlet_id, now),
    )


def _sellers(outlet_id: int, now: datetime) -> list[Seller]:
    """Everybody who may sell, who sold most this month first."""
    day, nothing = business_on(now), RepFigures()
    here = active_reps(alone(outlet_id))
    ids = [rep.id for rep in here]
    today, month = day_of_reps(ids, day), orders_kept(ids, day.replace(day=1))
    rows = [Seller(rep.name, today.get(rep.id, nothing).paid, month.get(rep.id, 0)) for rep in here]
    return sorted(rows, key=lambda row: (-row.month, row.name))
