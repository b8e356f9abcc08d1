"""From a campaign's segment to people, and from people to the way each is reached now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, SelectBase

from campaigns.mass_queries import count_console_sends
from campaigns.models import Campaign, CampaignClass, Reason, Way
from campaigns.queries import list_of, mass_counts, opted_out, recent_counts
from campaigns.rules import Standing, Terms, month_of, way_of
from campaigns.segments import Segment
from catalog.queries import product_by_number
from catalog.terms import plans_by_months
from flows.campaign.texts import ways_of
from members.audience import Person, Wanted
from members.consents import free_consents_of
from orders.buyers import buyers, buyers_at, contracts_ending, had_event
from org.queries import is_within, under
from org.roster import holds_everything, rep_id_within, rep_ids
from referral.reach import REP_WINDOW, latest_reps, reached_by, scanned_since
from templates_msg.windows import reachable
from wx_backend.errors import BadInput


def wanted(campaign: Campaign, *, now: datetime) -> Wanted:
    """Who is meant, within the reach of the campaign's place. Raises BadInput."""
    segment = Segment.from_json(campaign.segment)
    among: list[SelectBase] = _scope(campaign.node_id)
    without: list[SelectBase] = []
    among += _brought_by(segment, campaign.node_id)
    if segment.scanned_days:
        among.append(scanned_since(_ago(segment.scanned_days, now)))
    if segment.plan_ends_days:
        until = now + timedelta(days=segment.plan_ends_days)
        among.append(contracts_ending(plans_by_months(), since=now, until=until))
    if segment.is_list:
        among.append(list_of(campaign.id))
    bought = _buyers(segment, now)
    if segment.ordered == "never":
        without.append(bought)
    elif segment.ordered or segment.product_number:
        among.append(bought)
    return Wanted(
        appid=campaign.appid,
        among=among,
        without=without,
        followed_since=_ago(segment.followed_days, now) if segment.followed_days else None,
        seen_since=_ago(segment.seen_days, now) if segment.seen_days else None,
        seen_before=_ago(segment.quiet_days, now) if segment.quiet_days else None,
    )


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


def _scope(node_id: int) -> list[SelectBase]:
    """Who belongs to a place: whoever its reps brought or who bought there. All, at the top."""
    if holds_everything(node_id):
        return []
    nodes = under(node_id)
    return [reached_by(rep_ids(nodes)).union(buyers_at(nodes))]


def _brought_by(segment: Segment, node_id: int) -> list[SelectBase]:
    found: list[SelectBase] = []
    if segment.rep_number:
        found.append(reached_by(rep_id_within(segment.rep_number, under(node_id))))
    if segment.outlet_id:
        if not is_within(segment.outlet_id, node_id):
            raise BadInput("没有这个网点", fields=["outlet_id"])
        found.append(reached_by(rep_ids(under(segment.outlet_id))))
    return found


def _buyers(segment: Segment, now: datetime) -> Select[int]:
    product = product_by_number(segment.product_number) if segment.product_number else None
    if segment.product_number and product is None:
        raise BadInput("没有这个商品", fields=["product_number"])
    since = _ago(segment.ordered_days, now) if segment.ordered_days else None
    return buyers(since=since, product_id=product.id if product else None)


def _ago(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)
