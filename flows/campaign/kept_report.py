"""The report of a campaign as it was counted last.

Of a million people that is more than a second's work, so it is a job's: pages show what was counted
last, once a minute at most while it changes and once a day when its week is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from campaigns.models import Campaign
from campaigns.queries import campaign_by_id
from campaigns.reports import KeptReport, begin_count, keep_report, kept_report
from flows.campaign.report import Report, report, window_of
from wx_backend import clock
from wx_backend.outbox import defer, job

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """The report as it was counted last, when that was, and whether it is being counted anew."""

    report: Report | None
    counted_at: datetime | None
    is_counting: bool


def shown_report(campaign: Campaign, *, now: datetime) -> Shown:
    """What was counted last; if that was too long ago, a job counts anew."""
    if campaign.started_at is None:
        return Shown(None, None, is_counting=False)
    kept = kept_report(campaign.id)
    fresh_since = now - _fresh_for(campaign, kept, now)
    if kept is None or kept.asked_at <= fresh_since:
        if begin_count(campaign.id, unless_since=fresh_since, now=now):
            key = f"{campaign.id}:{now.isoformat()}"
            defer(count_report, key=key, campaign_id=campaign.id)
        kept = kept_report(campaign.id)
    is_counting = kept is None or kept.counted_at is None or kept.counted_at < kept.asked_at
    counted = _read(kept)
    return Shown(counted, kept.counted_at if kept and counted else None, is_counting)


@job("report.count")
def count_report(*, campaign_id: int) -> None:
    """Count a campaign, and keep it for whoever looks."""
    counted = report(campaign_by_id(campaign_id))
    if counted is not None:
        keep_report(campaign_id, msgspec.to_builtins(counted), now=clock.now())


def _fresh_for(campaign: Campaign, kept: KeptReport | None, now: datetime) -> timedelta:
    """How long a count is good enough: after its week what can still change is taken back or told late."""
    ended, is_unreadable = campaign.ended_at, kept is not None and kept.content and not _read(kept)
    is_over = ended is not None and now >= max(ended + DAY, window_of(campaign)[1] + DAY)
    return DAY if is_over and not is_unreadable else MINUTE


def _read(kept: KeptReport | None) -> Report | None:
    """What was counted; None before that, and for what an older version counted."""
    if kept is None or kept.content is None:
        return None
    try:
        return msgspec.convert(kept.content, Report)
    except msgspec.ValidationError:
        return None
