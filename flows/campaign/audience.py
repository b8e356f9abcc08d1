"""From a campaign's segment to people, and from people to the way each is reached now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import SelectBase

from campaigns.continuing import left_by
from campaigns.mass_queries import count_console_sends
from campaigns.models import Campaign, CampaignClass, Reason, Way
from campaigns.queries import list_of, mass_counts, opted_out, recent_counts
from campaigns.rules import Standing, Terms, month_of, way_of
from campaigns.segments import Segment
from flows.campaign.texts import ways_of
from flows.segments import meant
from members.audience import Person, Wanted
from members.consents import free_consents_of
from orders.buyers import had_event
from referral.reach import REP_WINDOW, latest_reps
from templates_msg.windows import reachable


def wanted(campaign: Campaign, *, now: datetime) -> Wanted:
    """Who is meant, within the reach of the campaign's place; of one that goes on, of those left. Raises BadInput."""
    segment = Segment.from_json(campaign.segment)
    among: list[SelectBase] = [list_of(campaign.id)] if segment.is_list else []
    if campaign.continues_id is not None:
        among.append(left_by(campaign.continues_id))
    return meant(segment, appid=campaign.appid, node_id=campaign.node_id, now=now, among=among)


def ways_for(
    campaign: Campaign, persons: Collection[Person], *, now: datetime, until: datetime
) -> dict[int, Way | Reason]:
    """How each person may be reached now, or why not; windows must stay open until `until`."""
    terms = Terms(CampaignClass(campaign.campaign_class), ways_of(campaign), campaign.cap_messages)
    return {
        identity_id: way_of(standing, terms)
        for identity_id, standing in _standings(campaign, persons, now, until).items()
    }


def reps_for(persons: Collection[Person], *, now: datetime) -> dict[int, int]:
    """The rep by whom each person came last; those without one are left out."""
    return latest_reps([each.id for each in persons], since=now - REP_WINDOW)


def _standings(
    campaign: Campaign, persons: Collection[Person], now: datetime, until: datetime
) -> dict[int, Standing]:
    ids = [each.id for each in persons]
    since = now - timedelta(days=campaign.cap_days)
    gone, recent = opted_out(ids), recent_counts(ids, since=since, besides=campaign.id)
    is_notice = campaign.campaign_class == CampaignClass.SERVICE
    is_personal = campaign.campaign_class == CampaignClass.PROMOTION
    events = _with_event(campaign, ids, now) if is_notice else set()
    consents = free_consents_of(ids, campaign.template_id or "") if is_personal else {}
    windows = reachable(ids, until=until) if is_personal else {}
    massed = _massed(campaign, ids, until)
    return {
        each.id: Standing(
            has_openid=each.openid is not None,
            is_followed=each.is_followed,
            has_opted_out=each.id in gone,
            has_event=each.id in events,
            consents=consents.get(each.id, 0),
            window=windows.get(each.id, 0),
            recent=recent.get(each.id, 0),
            massed=massed[each.id],
        )
        for each in persons
    }


def _massed(campaign: Campaign, ids: Sequence[int], at: datetime) -> Mapping[int, int]:
    """How many mass sends people had in the month of an instant, those made by hand included."""
    if campaign.campaign_class != CampaignClass.MASS:
        return dict.fromkeys(ids, 0)
    month = month_of(at)
    ours = mass_counts(ids, since=month)
    by_hand = count_console_sends(campaign.appid, since=month.date())
    return {each: ours.get(each, 0) + by_hand for each in ids}


def _with_event(campaign: Campaign, ids: Sequence[int], now: datetime) -> set[int]:
    since = _ago(campaign.event_days, now)
    return had_event(campaign.service_event or "order_paid", ids, since=since)


def _ago(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)
