"""What came of a campaign: the funnel, the lift over those who were not written to, what it cost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select

from campaigns.mass_queries import Totals, totals_of
from campaigns.models import Campaign, CampaignClass, RecipientStatus
from campaigns.people import WRITTEN
from campaigns.queries import groups_of, messages_of, people_of, variants_counted
from campaigns.rules import Rate, confidence, winner
from flows.campaign.texts import variants_of
from orders.buyers import Bought, BoughtBy, bought, bought_by, lines_bought
from org.queries import under
from org.roster import names_of_reps
from referral.reach import clicked_of, clickers, clicks_by_rep, count_clicks
from settlement.queries import commission_on
from templates_msg.queries import count_messages

WINDOW: Final = timedelta(days=7)
"""How long after the beginning an order counts; the same for both groups."""


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One text: how many got it, how many of them opened the link."""

    name: str
    clicked: Rate
    is_winner: bool


@dataclass(frozen=True, slots=True)
class RepResult:
    """What came of a campaign for a rep; an empty name for the outlets.

    `people` opened the link that leads to him; `bought` is what those who opened one bought of him,
    whoever's link it was, and `commission_fen` what that brought to everybody. Whoever is not of the
    campaign's own part of the organisation is one of those `is_elsewhere` sums up, without a name.
    """

    rep_id: int | None
    name: str
    people: int
    bought: Bought
    commission_fen: int
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a campaign; money in fen.

    `messages` counts by what the platform told. `treated` and `control` are people who paid within
    the window. `totals` is all that is told of a mass send. `by_clickers` is what those bought who opened the link; `commission_fen` on it.
    """

    audience: int
    written: int
    messages: dict[str, int]
    clicked: int
    openings: int
    looks: int
    treated: Rate
    control: Rate
    confidence: float
    by_clickers: Bought
    commission_fen: int
    variants: Sequence[VariantResult]
    reps: Sequence[RepResult]
    totals: Totals | None
    until: datetime

    @property
    def lift_bp(self) -> int:
        """By how much more of the written to bought, in basis points of people."""
        return self.treated.bp - self.control.bp

    @property
    def cost_per_order_fen(self) -> int | None:
        """Commission per order of those who opened the link; the platform's messages are free."""
        orders = self.by_clickers.orders
        return self.commission_fen // orders if orders else None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a campaign from a few people: who opened his link, what each bought in its week."""

    clicked: Collection[int]
    bought: Mapping[int | None, Bought]
    commission: Mapping[int | None, int]


def window_of(campaign: Campaign) -> tuple[datetime, datetime]:
    """From when until before when an order counts; no time at all before it has begun."""
    if campaign.started_at is None:
        return campaign.created_at, campaign.created_at
    return campaign.started_at, campaign.started_at + WINDOW


def report(campaign: Campaign) -> Report | None:
    """The report of a campaign, counted now; None before it has begun."""
    if campaign.started_at is None:
        return None
    is_mass = campaign.campaign_class == CampaignClass.MASS
    since, until = window_of(campaign)
    groups = groups_of(campaign.id)
    written = people_of(campaign.id, *WRITTEN)
    control = people_of(campaign.id, RecipientStatus.CONTROL)
    clicked, openings, looks = count_clicks(campaign.number, among=written)
    opened = clickers(campaign.number, among=written)
    commission = commission_on(lines_bought(BoughtBy.REP, opened, since=since, until=until))
    bought_of = bought_by(BoughtBy.REP, opened, since=since, until=until)
    count = {each: sum(g.count for g in groups if g.status == each) for each in RecipientStatus}
    treated = Rate(
        bought(written, since=since, until=until).buyers, sum(count[each] for each in WRITTEN)
    )
    compared = Rate(
        bought(control, since=since, until=until).buyers, count[RecipientStatus.CONTROL]
    )
    return Report(
        audience=sum(each.count for each in groups),
        written=sum(count[each] for each in WRITTEN),
        messages=count_messages(messages_of(campaign.id)),
        clicked=clicked,
        openings=openings,
        looks=looks,
        treated=treated,
        control=compared,
        confidence=confidence(treated, compared),
        by_clickers=bought(opened, since=since, until=until),
        commission_fen=sum(commission.values()),
        variants=_variants(campaign),
        reps=_reps(campaign, bought_of, commission),
        totals=totals_of(campaign.id) if is_mass else None,
        until=until,
    )


def what_came(
    campaign: Campaign, identity_ids: Collection[int], *, scope: Select[int] | None
) -> Came:
    """The same for a few people by name, of some outlets' orders only; nothing before it has begun."""
    if campaign.started_at is None or not identity_ids:
        return Came((), {}, {})
    since, until = window_of(campaign)
    paid = lines_bought(BoughtBy.PERSON, identity_ids, since=since, until=until, scope=scope)
    bought_of = bought_by(BoughtBy.PERSON, identity_ids, since=since, until=until, scope=scope)
    return Came(
        clicked=clicked_of(campaign.number, identity_ids),
        bought=bought_of,
        commission=commission_on(paid),
    )


def _variants(campaign: Campaign) -> list[VariantResult]:
    """Each text's share of people who opened the link; a winner only if it surely is one."""
    names = [each.name for each in variants_of(campaign)]
    counted = variants_counted(campaign.id, *WRITTEN)
    rates = []
    for number, _ in enumerate(names):
        people = people_of(campaign.id, *WRITTEN, variant=number)
        hits, _, _ = count_clicks(campaign.number, among=people)
        rates.append(Rate(hits, counted.get(number, 0)))
    best = winner(rates)
    return [
        VariantResult(name, rate, number == best)
        for number, (name, rate) in enumerate(zip(names, rates, strict=True))
    ]


def _reps(
    campaign: Campaign,
    bought_of: Mapping[int | None, Bought],
    commission: Mapping[int | None, int],
) -> list[RepResult]:
    """Everybody to whom somebody came or of whom he bought, who sold most first."""
    clicks = clicks_by_rep(campaign.number)
    everybody = {**clicks, **bought_of}
    mine = names_of_reps((each for each in everybody if each is not None), under(campaign.node_id))
    found = [
        RepResult(
            rep_id,
            mine.get(rep_id or 0, ""),
            clicks.get(rep_id, 0),
            bought_of.get(rep_id, Bought()),
            commission.get(rep_id, 0),
            is_elsewhere=rep_id is not None and rep_id not in mine,
        )
        for rep_id in everybody
    ]
    shown = [each for each in found if not each.is_elsewhere]
    shown.sort(key=lambda each: (-each.bought.kept_fen, -each.people, each.name))
    return [*shown, *_together([each for each in found if each.is_elsewhere])]


def _together(elsewhere: Sequence[RepResult]) -> list[RepResult]:
    """Those of other places as one, an order with lines of two of them counted twice; none without any."""
    if not elsewhere:
        return []
    bought_there = Bought(
        sum(each.bought.buyers for each in elsewhere),
        sum(each.bought.orders for each in elsewhere),
        sum(each.bought.kept_fen for each in elsewhere),
    )
    people = sum(each.people for each in elsewhere)
    commission_fen = sum(each.commission_fen for each in elsewhere)
    return [RepResult(None, "", people, bought_there, commission_fen, is_elsewhere=True)]
