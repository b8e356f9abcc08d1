"""A rep's day at a glance: today beside yesterday, his place, who needs him, all he sold and earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select

from flows.my_customers import Customer, due_visits, protection_ending
from flows.ranking import Ranking, ranking_of
from flows.team_view import leads_outlet
from orders.figures import Sales, paid_between, sales_by_developer
from org.models import Rep
from org.queries import RepCard, rep_card
from referral.figures import Contacts, contacts_between, contacts_by_rep
from settlement.figures import commission_between
from settlement.queries import Income, income_of
from wx_backend.clock import SHANGHAI, business_on


@dataclass(frozen=True, slots=True)
class RepDay:
    """One Shanghai day of a rep: contacts, orders paid, and the commission of their lines in fen."""

    contacts: Contacts
    orders: int
    earned_fen: int


@dataclass(frozen=True, slots=True)
class RepHome:
    """What the first page of the terminal shows."""

    card: RepCard
    leads_outlet: bool
    today: RepDay
    yesterday: RepDay
    ranking: Ranking
    ending: Sequence[Customer]
    visits: Sequence[Customer]
    ever: Contacts
    sales: Sales
    income: Income

    @property
    def is_new(self) -> bool:
        """Whether nothing has come of his shares yet."""
        return self.ever == Contacts() and not self.sales.orders


def rep_home(rep_id: int, now: datetime) -> RepHome:
    """The figures of one rep."""
    midnight = datetime.combine(business_on(now), time(), SHANGHAI)
    length = timedelta(days=1)
    return RepHome(
        card=rep_card(rep_id),
        leads_outlet=leads_outlet(rep_id, now),
        today=_day(rep_id, midnight, midnight + length),
        yesterday=_day(rep_id, midnight - length, midnight),
        ranking=ranking_of(rep_id, now),
        ending=protection_ending(rep_id, now=now),
        visits=due_visits(rep_id, now=now),
        ever=contacts_by_rep([rep_id]).get(rep_id, Contacts()),
        sales=sales_by_developer([rep_id]).get(rep_id, Sales()),
        income=income_of(rep_id),
    )


def _day(rep_id: int, begins: datetime, ends: datetime) -> RepDay:
    himself = select(Rep.id).where(Rep.id == rep_id)
    return RepDay(
        contacts=contacts_between(himself, begins, ends),
        orders=paid_between(rep_id, begins, ends),
        earned_fen=commission_between(rep_id, begins, ends),
    )
