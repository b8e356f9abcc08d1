"""Freezing an audience: page by page, each person with his way, or why he is left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from campaigns.models import Campaign, CampaignStatus, Reason, RecipientStatus, Way
from campaigns.operations import locked_campaign, note_frozen
from campaigns.recipients import freeze_rows
from campaigns.rules import is_control, variant_of
from flows.campaign.audience import reps_for, wanted, ways_for
from flows.campaign.texts import Wording, unsigned, variants_of
from members.audience import Person, people
from wx_backend import clock
from wx_backend.outbox import BULK, defer, job

PAGE: Final = 1_000


def start_freezing(campaign: Campaign) -> None:
    """Have the audience frozen; what an edit made stale ends by itself."""
    _next_page(campaign.id, campaign.revision, 0)


@job("campaign.freeze", queue=BULK)
def freeze(*, campaign_id: int, revision: int, after: int) -> None:
    """Freeze the next page of an audience; an edit comes before it or after it, never between."""
    campaign, now = locked_campaign(campaign_id), clock.now()
    if campaign.status != CampaignStatus.FREEZING or campaign.revision != revision:
        return
    page = people(wanted(campaign, now=now), after=after, limit=PAGE)
    freeze_rows(campaign_id, _rows(campaign, page, now))
    if len(page) == PAGE:
        _next_page(campaign_id, revision, page[-1].id)
    else:
        note_frozen(campaign_id, now=now)


def _next_page(campaign_id: int, revision: int, after: int) -> None:
    # Without a key: what was refused may be put again as it was, and is frozen anew then.
    defer(freeze, campaign_id=campaign_id, revision=revision, after=after)


def _rows(campaign: Campaign, page: Sequence[Person], now: datetime) -> list[dict[str, Any]]:
    ways = ways_for(campaign, page, now=now, until=max(now, campaign.starts_at or now))
    reps, variants = reps_for(page, now=now), len(variants_of(campaign))
    signed = {rep_id: unsigned(rep_id, campaign.appid) for rep_id in {None, *reps.values()}}
    wording = Wording(campaign)
    rows = []
    for person in page:
        rep_id, way = reps.get(person.id), ways[person.id]
        variant = variant_of(campaign.number, person.id, variants)
        if _is_personal(way) and wording(variant, Way(way), signed[rep_id]) is None:
            way = Reason.FIELD
        rows.append(
            {
                "campaign_id": campaign.id,
                "identity_id": person.id,
                "member_id": person.member_id,
                "rep_id": rep_id,
                "variant": variant,
                "status": _status(campaign, person.id, way),
                "way": way if isinstance(way, Way) else None,
                "reason": way if isinstance(way, Reason) else None,
                "tries": 0,
                "due_at": now,
            }
        )
    return rows


def _is_personal(way: Way | Reason) -> bool:
    """Whether names are put in: an article is the same for everybody."""
    return isinstance(way, Way) and way is not Way.MASS


def _status(campaign: Campaign, identity_id: int, way: Way | Reason) -> RecipientStatus:
    """Only who would be written to can be compared with: the control group is drawn from those."""
    if isinstance(way, Reason):
        return RecipientStatus.LEFT_OUT
    if is_control(campaign.number, identity_id, campaign.control_bp):
        return RecipientStatus.CONTROL
    return RecipientStatus.WAITING
