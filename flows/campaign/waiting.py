"""Why a campaign that was begun does not send just now, and when it goes on by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign, CampaignStatus
from campaigns.rules import EQUAL_ERRORS_MAX, loud_at
from wx_backend.stops import is_held

GOING = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a campaign waits for, if for anything.

    `goes_on_at` is when it sends again by itself, None where it does now or waits for a person.
    `is_stopped`: all messages are. `error` is what it was refused with too often in a row.
    """

    goes_on_at: datetime | None
    is_stopped: bool
    error: str


def waits(campaigns: Iterable[Campaign], *, now: datetime) -> Mapping[int, Waiting]:
    """What each of some campaigns waits for, by id; those that are not on are left out."""
    going = [each for each in campaigns if each.status in GOING]
    is_stopped = bool(going) and is_held("campaign.send", is_call=True)
    return {
        each.id: Waiting(_goes_on_at(each, now), is_stopped, _broken_by(each)) for each in going
    }


def _goes_on_at(campaign: Campaign, now: datetime) -> datetime | None:
    """It rests at night, too, whatever it waits for besides."""
    if campaign.status == CampaignStatus.PAUSED:
        return loud_at(max(now, campaign.resume_at)) if campaign.resume_at else None
    loud = loud_at(now)
    return loud if loud > now else None


def _broken_by(campaign: Campaign) -> str:
    is_broken = campaign.equal_errors >= EQUAL_ERRORS_MAX
    return campaign.last_error if is_broken and campaign.status == CampaignStatus.PAUSED else ""
