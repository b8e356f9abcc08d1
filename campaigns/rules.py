"""Pure rules of campaigns: which way a person is reached, how fast, when, and who is left out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import blake2b
from math import erf, sqrt
from typing import Final

from campaigns.models import CampaignClass, Reason, Way
from wx_backend.clock import SHANGHAI

LOUD_FROM: Final = time(9)
LOUD_UNTIL: Final = time(21)
RESERVE_BP: Final = 2000  # of a day's calls, kept for messages that people wait for
EQUAL_ERRORS_MAX: Final = 20
TRIES_MAX: Final = 5
MASS_A_MONTH: Final = 4
SURE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about one person at one moment.

    `consents` are the free yeses to the campaign's template, `window` the customer-service
    messages he may get, `recent` the campaign messages of the cap's days, `massed` the mass sends
    of the month over all channels.
    """

    has_openid: bool
    is_followed: bool
    has_opted_out: bool
    has_event: bool
    consents: int
    window: int
    recent: int
    massed: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign allows: its class, the ways it has a text for, its frequency cap."""

    campaign_class: CampaignClass
    ways: Collection[Way]
    cap_messages: int


def way_of(person: Standing, terms: Terms) -> Way | Reason:
    """How a person may be reached now, or why not."""
    if not person.has_openid:
        return Reason.ERASED
    if person.has_opted_out:
        return Reason.OPTED_OUT
    if person.recent >= terms.cap_messages:
        return Reason.FREQUENCY
    if terms.campaign_class is CampaignClass.SERVICE:
        return _notice(person)
    if terms.campaign_class is CampaignClass.MASS:
        return _mass(person)
    return _promotion(person, terms.ways)


def _notice(person: Standing) -> Way | Reason:
    if not person.is_followed:
        return Reason.NOT_FOLLOWING
    return Way.TEMPLATE if person.has_event else Reason.NO_EVENT


def _mass(person: Standing) -> Way | Reason:
    """The platform sends nobody a fifth one in a calendar month; it would only be lost."""
    if not person.is_followed:
        return Reason.NOT_FOLLOWING
    return Way.MASS if person.massed < MASS_A_MONTH else Reason.MONTHLY


def _promotion(person: Standing, ways: Collection[Way]) -> Way | Reason:
    """A yes to notices also reaches who does not follow; customer service only followers."""
    if Way.SUBSCRIPTION in ways and person.consents > 0:
        return Way.SUBSCRIPTION
    if Way.CUSTOMER_SERVICE in ways and person.is_followed and person.window > 0:
        return Way.CUSTOMER_SERVICE
    return Reason.NO_CONSENT if Way.SUBSCRIPTION in ways else Reason.NO_WAY


def lot(number: str, identity_id: int, purpose: str) -> int:
    """0 to 9,999: drawn once for ever per campaign, person and purpose."""
    drawn = blake2b(f"{number}:{identity_id}:{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn) % 10_000


def is_control(number: str, identity_id: int, control_bp: int) -> bool:
    """Whether a person is one of those who are not written to, to compare with."""
    return lot(number, identity_id, "control") < control_bp


def variant_of(number: str, identity_id: int, variants: int) -> int:
    """Which of the texts a person gets."""
    return lot(number, identity_id, "variant") % max(1, variants)


def loud_at(now: datetime) -> datetime:
    """When people may be written to: now, or the next morning at nine in Shanghai."""
    local = now.astimezone(SHANGHAI)
    if LOUD_FROM <= local.time() < LOUD_UNTIL:
        return now
    day = local.date() + timedelta(days=local.time() >= LOUD_UNTIL)
    return datetime.combine(day, LOUD_FROM, SHANGHAI)


def month_of(now: datetime) -> datetime:
    """When the calendar month of an instant began, in Shanghai."""
    local = now.astimezone(SHANGHAI)
    return datetime(local.year, local.month, 1, tzinfo=SHANGHAI)


def tomorrow(now: datetime) -> datetime:
    """Shortly after the platform's daily counts begin anew."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time(0, 10), SHANGHAI)


def budget(*, daily_limit: int, remaining: int) -> int:
    """How many of the calls left today campaigns may make; the rest is for what people wait for."""
    return max(0, remaining - daily_limit * RESERVE_BP // 10_000)


def shaped(rate: int, pushes_waiting: int) -> int:
    """Messages a second, given the pushes that wait to be worked off: each message causes one.

    Half as fast when they are five seconds behind, not at all when they are thirty.
    """
    if pushes_waiting > 30 * rate:
        return 0
    return max(1, rate // 2) if pushes_waiting > 5 * rate else rate


def minutes_for(messages: int, rate: int) -> int:
    """How many minutes of the day a send takes, rounded up."""
    return -(-messages // (rate * 60))


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many."""

    hits: int
    of: int

    @property
    def bp(self) -> int:
        """In basis points."""
        return self.hits * 10_000 // self.of if self.of else 0


def confidence(one: Rate, other: Rate) -> float:
    """How sure it is that two rates differ at all: the two-sided z-test of two proportions."""
    if not one.of or not other.of:
        return 0.0
    pooled = (one.hits + other.hits) / (one.of + other.of)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.of + 1 / other.of))
    if not spread:
        return 0.0
    return erf(abs(one.hits / one.of - other.hits / other.of) / spread / sqrt(2))


def winner(rates: Sequence[Rate]) -> int | None:
    """Which variant is best, if it is surely better than the second."""
    ranked = sorted(range(len(rates)), key=lambda each: rates[each].bp, reverse=True)
    if len(ranked) < 2:
        return None
    first, second = ranked[:2]
    return first if confidence(rates[first], rates[second]) >= SURE else None
