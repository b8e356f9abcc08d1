"""What would happen if a campaign ran now: who, who not and why, how long, within which quota."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.counts import kept_groups
from campaigns.models import Campaign, CampaignClass, RecipientStatus, Way
from campaigns.queries import Group, quota_of
from campaigns.rules import RESERVE_BP, budget, loud_at, minutes_for
from wechat.mass import PEOPLE_MAX

OPEN = (RecipientStatus.WAITING, RecipientStatus.SENDING)
OVER = (RecipientStatus.SENT, RecipientStatus.FAILED, RecipientStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class WayLoad:
    """One way: how many people, and the day's calls as the platform told them.

    `left` is what campaigns may use of them after the reserve; None where nobody asked yet.
    """

    way: Way
    people: int
    daily_limit: int | None
    left: int | None
    asked_at: datetime | None

    @property
    def is_enough(self) -> bool:
        return self.left is not None and self.left >= self.people

    @property
    def reserve(self) -> int:
        """Calls of a day that are kept for messages people wait for."""
        return (self.daily_limit or 0) * RESERVE_BP // 10_000


@dataclass(frozen=True, slots=True)
class DryRun:
    """The frozen audience in figures; `minutes` and `callbacks` are of those still open."""

    groups: Sequence[Group]
    ways: Sequence[WayLoad]
    minutes: int
    callbacks: int
    begins_at: datetime

    def count(self, *statuses: str) -> int:
        """How many people are in some of the states."""
        return sum(each.count for each in self.groups if each.status in statuses)

    @property
    def total(self) -> int:
        return sum(each.count for each in self.groups)

    @property
    def open(self) -> int:
        """Whose turn is still to come or not over."""
        return self.count(*OPEN)

    @property
    def written(self) -> int:
        """Whose turn is over."""
        return self.count(*OVER)

    @property
    def percent(self) -> int:
        """How much of the sending is done."""
        return self.written * 100 // max(1, self.written + self.open)

    def reasons(self) -> dict[str, int]:
        """Why how many are left out, the most first."""
        left = [each for each in self.groups if each.status == RecipientStatus.LEFT_OUT]
        ranked = sorted(left, key=lambda each: each.count, reverse=True)
        return {each.reason or "": each.count for each in ranked}


def dry_run(campaign: Campaign, *, now: datetime) -> DryRun:
    """Count a frozen audience; without one everything is zero."""
    groups = kept_groups(campaign.id)
    waiting = [each for each in groups if each.status in OPEN]
    ways = [
        _load(campaign.appid, way, sum(each.count for each in waiting if each.way == way))
        for way in Way
        if any(each.way == way for each in waiting)
    ]
    people = sum(each.count for each in waiting)
    return DryRun(
        groups=groups,
        ways=ways,
        minutes=_minutes(campaign, people),
        callbacks=sum(_callbacks(each) for each in ways),
        begins_at=loud_at(max(now, campaign.starts_at or now)),
    )


def _minutes(campaign: Campaign, people: int) -> int:
    """Mass sends are limited by calls a minute, and one takes ten thousand people."""
    if campaign.campaign_class == CampaignClass.MASS:
        return minutes_for(_calls(people), 1)
    return minutes_for(people, campaign.rate_per_second)


def _callbacks(load: WayLoad) -> int:
    """Of each message one, of a mass send's call one; of customer service nothing is told."""
    if load.way is Way.CUSTOMER_SERVICE:
        return 0
    return _calls(load.people) if load.way is Way.MASS else load.people


def _calls(people: int) -> int:
    return -(-people // PEOPLE_MAX)


def _load(appid: str, way: Way, people: int) -> WayLoad:
    quota = quota_of(appid, way)
    if quota is None:
        return WayLoad(way, people, None, None, None)
    if way is Way.MASS:
        return WayLoad(way, people, 0, quota.remaining * PEOPLE_MAX, quota.asked_at)
    left = budget(daily_limit=quota.daily_limit, remaining=quota.remaining)
    return WayLoad(way, people, quota.daily_limit, left, quota.asked_at)
