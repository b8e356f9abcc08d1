"""Freezing an audience: page by page, each person with his way, or why he is left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from campaigns.continuing import held_out_by, with_a_yes_left
from campaigns.models import Campaign, CampaignStatus, Reason, RecipientStatus, Way
from campaigns.operations import locked_campaign, note_frozen
from campaigns.recipients import freeze_rows
from campaigns.rules import is_control, variant_of
from flows.campaign.audience import reps_for, wanted, ways_for
from flows.campaign.texts import Wording, key_of, unsigned, variants_of
from members.audience import Person, people
from members.consents import give_back
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
    _free_what_was_not_sent(campaign, page)
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
    wording, held_out = Wording(campaign), _held_out(campaign, page)
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
                "status": _status(way, is_held_out=person.id in held_out),
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


def _status(way: Way | Reason, *, is_held_out: bool) -> RecipientStatus:
    """Only who would be written to can be compared with: the control group is drawn from those."""
    if isinstance(way, Reason):
        return RecipientStatus.LEFT_OUT
    return RecipientStatus.CONTROL if is_held_out else RecipientStatus.WAITING


def _held_out(campaign: Campaign, page: Sequence[Person]) -> set[int]:
    """Who is not written to: drawn by lot, or who was not by the campaign that this one goes on from."""
    ids = [each.id for each in page]
    if campaign.continues_id is not None:
        return held_out_by(campaign.continues_id, ids)
    return {each for each in ids if is_control(campaign.number, each, campaign.control_bp)}


def _free_what_was_not_sent(campaign: Campaign, page: Sequence[Person]) -> None:
    """What the campaign before had set aside for people it never wrote to is theirs again."""
    if campaign.continues_id is not None:
        free = with_a_yes_left(campaign.continues_id, [each.id for each in page])
        give_back(key_of(campaign.continues_id, each) for each in free)
