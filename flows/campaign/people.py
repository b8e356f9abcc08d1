"""The people of a campaign: which way each was reached, whether he opened the link, what he ordered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select

from campaigns.models import Campaign, Recipient
from campaigns.people import PeopleFilter, count_recipients, recipients_found
from flows.campaign.desk import campaign_of
from flows.campaign.report import what_came, window_of
from orders.buyers import Bought, orders_paid_by, payers
from orders.models import SalesOrder
from org.queries import under
from org.roster import holds_everything, names_of_reps
from referral.reach import openers
from templates_msg.queries import stands_of

AT_ONCE: Final = 500


class Did(StrEnum):
    """What came back of a person."""

    OPENED = "opened"
    ORDERED = "ordered"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom of a campaign's people somebody at a place wants to see; empty fields leave things open."""

    number: str
    node_id: int
    status: str = ""
    reason: str = ""
    did: Did | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """One person of a frozen audience: whose customer he is, where his message stands, what came.

    `orders` are those he paid for within the week that is measured, as far as the place of who looks
    has them, or one below it; `bought` and `commission_fen` are of them. `rep_name` is empty for a
    rep of another place.
    """

    row: Recipient
    rep_name: str
    message: str | None
    has_clicked: bool
    bought: Bought
    commission_fen: int
    orders: Sequence[SalesOrder]


def people_shown(asked: Asked, *, after: int = 0, limit: int) -> list[Placed]:
    """The people asked for, in the order they were frozen in."""
    campaign = campaign_of(asked.number, asked.node_id)
    found = recipients_found(campaign.id, _filter(campaign, asked), after=after, limit=limit)
    return [placed for some in _parts(found) for placed in _placed(campaign, some, asked.node_id)]


def count_people_shown(asked: Asked) -> int:
    """How many those are."""
    campaign = campaign_of(asked.number, asked.node_id)
    return count_recipients(campaign.id, _filter(campaign, asked))


def _filter(campaign: Campaign, asked: Asked) -> PeopleFilter:
    since, until = window_of(campaign)
    among: list[Select[Any]] = []
    if asked.did in (Did.OPENED, Did.BOTH):
        among.append(openers(campaign.number))
    if asked.did in (Did.ORDERED, Did.BOTH):
        among.append(payers(since=since, until=until, scope=under(asked.node_id)))
    return PeopleFilter(asked.status, asked.reason, tuple(among))


def _parts(found: Sequence[Recipient]) -> Iterator[Sequence[Recipient]]:
    """The same, some hundreds at once: a query takes no more."""
    for begin in range(0, len(found), AT_ONCE):
        yield found[begin : begin + AT_ONCE]


def _placed(campaign: Campaign, found: Sequence[Recipient], node_id: int) -> Iterator[Placed]:
    (since, until), scope = window_of(campaign), under(node_id)
    own = None if holds_everything(node_id) else scope
    people = [each.identity_id for each in found]
    names = names_of_reps((each.rep_id for each in found if each.rep_id is not None), own)
    messages = stands_of([each.message_id for each in found if each.message_id is not None])
    came = what_came(campaign, people, scope=own)
    orders = orders_paid_by(people, since=since, until=until, scope=scope)
    for each in found:
        yield Placed(
            row=each,
            rep_name=names.get(each.rep_id or 0, ""),
            message=messages.get(each.message_id or 0),
            has_clicked=each.identity_id in came.clicked,
            bought=came.bought.get(each.identity_id, Bought()),
            commission_fen=came.commission.get(each.identity_id, 0),
            orders=orders.get(each.identity_id, []),
        )
