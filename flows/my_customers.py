"""A rep's customers: whose next order would be his, by the latest contact or by his own remark."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from customers.models import CustomerCard
from customers.operations import remark_place
from customers.queries import cards_of, remarked, visits_due
from flows.credits import credits_of
from flows.sealed import vault
from flows.standing import Judge, Standing, judge_of
from members.queries import members_of_identities
from orders.figures import Sales, sales_by_member
from org.queries import RepCard, rep_card
from referral.figures import identities_reached, last_confirmed_between
from referral.sentences import KINDS
from wx_backend.clock import business_on

FOUND_MAX: Final = 50
FIRST_SHOWN: Final = 5
"""So many of those whose protection ends has the first page room for."""
ENDING_WITHIN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Customer:
    """A person whose next order would be the rep's.

    The platform tells no names: `label` is made of his number, `remark` is the rep's own word for
    him, else empty.
    """

    identity_id: int
    member_id: int | None
    label: str
    remark: str
    visit_on: date | None
    first_at: datetime
    last_at: datetime
    last_kind: str
    protected_until: datetime | None
    mine_until: datetime

    @property
    def name(self) -> str:
        """What the rep knows him by."""
        return self.remark or self.label


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Some of the customers, the latest contact first, and by member what each bought through the rep.

    `after` begins the next page, if any.
    """

    customers: Sequence[Customer]
    sales: Mapping[int | None, Sales]
    after: int | None


@dataclass(frozen=True, slots=True)
class Needing:
    """Who needs the rep: whose protection ends, the first to end first, and who is to be seen."""

    ending: Sequence[Customer]
    visits: Sequence[Customer]


def my_customers(rep_id: int, *, now: datetime, after: int = 0, limit: int) -> CustomerPage:
    """The customers of a rep, and of those who left theirs to him."""
    judge = judge_of(rep_card(rep_id), now)
    since = now - timedelta(days=judge.terms.window_days)
    reached = identities_reached(judge.rep_ids, since=since, now=now, after=after, limit=limit + 1)
    more = after + limit if len(reached) > limit else None
    return _page(rep_id, _of(rep_id, judge, reached[:limit]), after=more)


def customers_called(rep_id: int, text: str, *, now: datetime) -> CustomerPage:
    """The customers with a text in the rep's remark; at most fifty, on one page.

    Remarks are sealed, so each of the rep's own is opened and looked at.
    """
    wanted = text.casefold()
    called = [card.identity_id for card in remarked(rep_id) if wanted in remark_of(card).casefold()]
    judge = judge_of(rep_card(rep_id), now)
    return _page(rep_id, _of(rep_id, judge, called)[:FOUND_MAX], after=None)


def who_needs_him(card: RepCard, *, now: datetime, ending: int = FIRST_SHOWN) -> Needing:
    """Whose protection ends within two days, so many of them, and who is to be seen; of each at most fifty.

    As many as are wanted are looked at; the others only where some of those are a colleague's.
    """
    judge = judge_of(card, now)
    began = now - timedelta(days=judge.terms.protection_days)
    acted = last_confirmed_between(judge.rep_ids, began, began + ENDING_WITHIN, limit=FOUND_MAX)
    due = visits_due(card.rep_id, business_on(now), limit=FOUND_MAX)
    to_see = [each.identity_id for each in due]
    found = _by_identity(card.rep_id, judge, [*acted[:ending], *to_see])
    soonest = _ending(found, acted[:ending], now)
    if len(soonest) < ending < len(acted):
        found |= _by_identity(card.rep_id, judge, acted[ending:])
        soonest = _ending(found, acted, now)[:ending]
    return Needing(ending=soonest, visits=_persons(found, to_see))


def customers_ending(rep_id: int, *, now: datetime) -> CustomerPage:
    """Everybody whose protection ends within two days, the first to end first, on one page."""
    needing = who_needs_him(rep_card(rep_id), now=now, ending=FOUND_MAX)
    return _page(rep_id, needing.ending, after=None)


def named_customers(
    rep_id: int, identity_ids: Iterable[int], *, now: datetime
) -> dict[int, Customer]:
    """Which of these identities are customers of the rep now, by every identity of each."""
    return _by_identity(rep_id, judge_of(rep_card(rep_id), now), identity_ids)


def remark_of(card: CustomerCard | None) -> str:
    """What a card calls its customer, in the clear."""
    if card is None or card.remark is None:
        return ""
    return vault().open(card.remark, place=remark_place(card.rep_id, card.identity_id))


def card_of(rep_id: int, standing: Standing) -> CustomerCard | None:
    """The rep's card about a person; of several, from before his identities met, the latest."""
    return _latest(cards_of(rep_id, standing.identity_ids), standing)


def as_customers(rep_id: int, standings: Sequence[Standing]) -> list[Customer]:
    """Standings as the rep sees them."""
    members = members_of_identities(each.identity_id for each in standings)
    cards = cards_of(rep_id, chain.from_iterable(each.identity_ids for each in standings))
    shown = []
    for each in standings:
        member, card = members.get(each.identity_id), _latest(cards, each)
        shown.append(
            Customer(
                identity_id=each.identity_id,
                member_id=member.id if member else None,
                label=f"尾号 {member.number[-4:]}" if member else f"未注册 {each.identity_id:04d}",
                remark=remark_of(card),
                visit_on=card.visit_on if card else None,
                first_at=each.first_at,
                last_at=each.leader.event_at,
                last_kind=KINDS[each.leader.kind],
                protected_until=each.protected_until,
                mine_until=each.mine_until,
            )
        )
    return shown


def _latest(cards: Mapping[int, CustomerCard], standing: Standing) -> CustomerCard | None:
    his = (cards[each] for each in standing.identity_ids if each in cards)
    return max(his, key=lambda card: (card.changed_at, card.id), default=None)


def sales_to(rep_id: int, customers: Sequence[Customer]) -> dict[int | None, Sales]:
    """What each of these customers bought through the rep, by member; for strangers nothing."""
    members = [each.member_id for each in customers if each.member_id is not None]
    bought = sales_by_member(credits_of(rep_id), members)
    return {each: bought.get(each or 0, Sales()) for each in (None, *members)}


def _ending(found: Mapping[int, Customer], acted: Sequence[int], now: datetime) -> list[Customer]:
    """Of who acted then, those whose protection still ends within two days, the first to end first."""
    ends = {
        each.identity_id: each.protected_until
        for each in found.values()
        if each.protected_until is not None and each.protected_until <= now + ENDING_WITHIN
    }
    persons = (each for each in _persons(found, acted) if each.identity_id in ends)
    return sorted(persons, key=lambda each: ends[each.identity_id])


def _page(rep_id: int, customers: Sequence[Customer], *, after: int | None) -> CustomerPage:
    return CustomerPage(customers, sales_to(rep_id, customers), after)


def _of(rep_id: int, judge: Judge, identity_ids: Sequence[int]) -> list[Customer]:
    return _persons(_by_identity(rep_id, judge, identity_ids), identity_ids)


def _by_identity(rep_id: int, judge: Judge, identity_ids: Iterable[int]) -> dict[int, Customer]:
    """Who of these is a customer, under every identity asked for."""
    mine = judge.standings(identity_ids)
    persons = {standing.identity_id: standing for standing in mine.values()}
    shown = {each.identity_id: each for each in as_customers(rep_id, [*persons.values()])}
    return {each: shown[standing.identity_id] for each, standing in mine.items()}


def _persons(found: Mapping[int, Customer], identity_ids: Sequence[int]) -> list[Customer]:
    """One row per person, although he may have been met under several identities."""
    met = (found[each] for each in identity_ids if each in found)
    return [*{customer.identity_id: customer for customer in met}.values()]
