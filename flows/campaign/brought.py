"""The orders behind a campaign's report: of those who opened its link, in its time."""

from sqlalchemy import Select

from campaigns.people import WRITTEN
from campaigns.queries import people_of
from flows.campaign.desk import campaign_of
from flows.campaign.report import window_of
from orders.buyers import orders_bought
from referral.reach import clickers


def orders_brought(number: str, node_id: int, *, developer: int | None = None) -> Select[int]:
    """The orders a report counts, to filter others by; those of one rep, or of no rep (0), only.

    NotFound for a campaign of elsewhere.
    """
    campaign = campaign_of(number, node_id)
    since, until = window_of(campaign)
    opened = clickers(campaign.number, among=people_of(campaign.id, *WRITTEN))
    return orders_bought(opened, since=since, until=until, developer=developer)
