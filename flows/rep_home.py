"""A rep's day at a glance: today beside yesterday, his place, who needs him, all he sold and earned."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flows.my_customers import Needing, who_needs_him
from flows.ranking import Ranking, ranking_of
from flows.team_view import leads_outlet
from insights.reps import days_of_rep, ever_of_reps
from insights.values import RepFigures
from org.queries import RepCard, rep_card
from settlement.figures import commission_of_days
from settlement.queries import Holdings, holdings_of
from wx_backend.clock import business_on


@dataclass(frozen=True, slots=True)
class RepDay:
    """One Shanghai day of a rep: its figures, and the commission of what was paid, in fen."""

    figures: RepFigures
    earned_fen: int


@dataclass(frozen=True, slots=True)
class RepHome:
    """What the first page of the terminal shows."""

    card: RepCard
    leads_outlet: bool
    today: RepDay
    yesterday: RepDay
    ranking: Ranking
    needing: Needing
    ever: RepFigures
    income: Holdings

    @property
    def is_new(self) -> bool:
        """Whether nothing has come of his shares yet; income is there before it is counted."""
        return self.ever == RepFigures() and self.income == Holdings(held_fen=0, free_fen=0)


def rep_home(rep_id: int, now: datetime) -> RepHome:
    """The figures of one rep, as the console shows them: counted some seconds ago."""
    card, day = rep_card(rep_id), business_on(now)
    today, yesterday = _days(rep_id, day, day - timedelta(days=1))
    return RepHome(
        card=card,
        leads_outlet=leads_outlet(card, now),
        today=today,
        yesterday=yesterday,
        ranking=ranking_of(card, now),
        needing=who_needs_him(card, now=now),
        ever=ever_of_reps([rep_id]).get(rep_id, RepFigures()),
        income=holdings_of(rep_id),
    )


def _days(rep_id: int, *days: date) -> list[RepDay]:
    figures, earned = days_of_rep(rep_id, days), commission_of_days(rep_id, days)
    return [RepDay(figures.get(day, RepFigures()), earned[day]) for day in days]
