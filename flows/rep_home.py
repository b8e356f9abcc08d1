"""A rep's day at a glance: his card, today's contacts, all he sold and earned."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select

from orders.figures import Sales, sales_by_developer
from org.models import Rep
from org.queries import RepCard, rep_card
from referral.figures import Contacts, contacts_between, contacts_by_rep
from settlement.queries import Income, income_of
from wx_backend.clock import SHANGHAI, business_on


@dataclass(frozen=True, slots=True)
class RepHome:
    """What the first page of the terminal shows."""

    card: RepCard
    today: Contacts
    ever: Contacts
    sales: Sales
    income: Income


def rep_home(rep_id: int, now: datetime) -> RepHome:
    """The figures of one rep; today is the Shanghai day."""
    midnight = datetime.combine(business_on(now), time(), SHANGHAI)
    himself = select(Rep.id).where(Rep.id == rep_id)
    return RepHome(
        card=rep_card(rep_id),
        today=contacts_between(himself, midnight, midnight + timedelta(days=1)),
        ever=contacts_by_rep([rep_id]).get(rep_id, Contacts()),
        sales=sales_by_developer([rep_id]).get(rep_id, Sales()),
        income=income_of(rep_id),
    )
