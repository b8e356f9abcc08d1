"""What came of a campaign: the funnel, the lift over those who were not written to, what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.mass_queries import Totals, totals_of
from campaigns.models import Campaign, CampaignClass, RecipientStatus
from campaigns.queries import groups_of, messages_of, people_of, variants_counted
from campaigns.rules import Rate, confidence, winner
from flows.campaign.texts import variants_of
from orders.buyers import Bought, bought, lines_bought
from org.roster import names_of_reps
from referral.reach import clickers, clicks_by_rep, count_clicks
from settlement.queries import commission_on
from templates_msg.queries import count_messages

WINDOW: Final = timedelta(days=7)
"""How long after the beginning an order counts; the same for both groups."""
WRITTEN: Final = (RecipientStatus.SENT, RecipientStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One text: how many got it, how many of them opened the link."""

    name: str
    clicked: Rate
    is_winner: bool


@dataclass(frozen=True, slots=True)
class RepResult:
    """How many people opened the link that leads to a rep; an empty name for the outlet's."""

    name: str
    people: int


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


def report(campaign: Campaign) -> Report | None:
    """The report of a campaign; None before it has begun."""
    if campaign.started_at is None:
        return None
    is_mass = campaign.campaign_class == CampaignClass.MASS
    since, until = campaign.started_at, campaign.started_at + WINDOW
    groups = groups_of(campaign.id)
    written = people_of(campaign.id, *WRITTEN)
    control = people_of(campaign.id, RecipientStatus.CONTROL)
    clicked, openings, looks = count_clicks(campaign.number, among=written)
    opened = clickers(campaign.number, among=written)
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
        commission_fen=commission_on(lines_bought(opened, since=since, until=until)),
        variants=_variants(campaign),
        reps=_reps(campaign.number),
        totals=totals_of(campaign.id) if is_mass else None,
        until=until,
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


def _reps(number: str) -> list[RepResult]:
    clicks = clicks_by_rep(number)
    names = names_of_reps(each for each in clicks if each is not None)
    ranked = sorted(clicks.items(), key=lambda each: each[1], reverse=True)
    return [RepResult(names.get(rep_id or 0, ""), people) for rep_id, people in ranked]
