"""Reading campaigns: the list, one file, counts of its people, and what decides about a person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from campaigns.models import (
    Campaign,
    CampaignClass,
    CampaignEvent,
    CampaignStatus,
    ListEntry,
    OptOut,
    Recipient,
    RecipientStatus,
    SendQuota,
    Way,
)
from campaigns.segments import Segment
from wx_backend.db import db
from wx_backend.errors import NotFound
from wx_backend.sql import among
from wx_backend.stops import Line, open_stops

_WRITING = ("created", "edited")
ENDED = (CampaignStatus.DONE, CampaignStatus.STOPPED)
_COUNTED = (RecipientStatus.SENDING, RecipientStatus.SENT, RecipientStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Group:
    """How many people of a campaign stand where, by which way, and why."""

    status: str
    way: str | None
    reason: str | None
    count: int


def campaign_by_number(number: str, nodes: Select[int]) -> Campaign:
    """The campaign of a number, if it belongs to one of the nodes; NotFound otherwise."""
    found = db.session.scalar(
        select(Campaign).where(Campaign.number == number, Campaign.node_id.in_(nodes))
    )
    if found is None:
        raise NotFound
    return found


def campaigns_waiting(nodes: Select[int]) -> Sequence[Campaign]:
    """The campaigns of these nodes that wait for somebody to agree, the oldest first."""
    query = select(Campaign).where(
        Campaign.node_id.in_(nodes), Campaign.status == CampaignStatus.SUBMITTED
    )
    return db.session.scalars(query.order_by(Campaign.id)).all()


def campaign_by_id(campaign_id: int) -> Campaign:
    """One campaign; NotFound without it."""
    found = db.session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound
    return found


def landing_of(number: str) -> str | None:
    """The product a campaign's link opens; None for the rep's showroom."""
    return db.session.scalar(select(Campaign.product_number).where(Campaign.number == number))


def campaigns_of(nodes: Select[int], *, after: int = 0, limit: int) -> Sequence[Campaign]:
    """The campaigns of some nodes, newest first."""
    query = select(Campaign).where(Campaign.node_id.in_(nodes)).order_by(Campaign.id.desc())
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_campaigns(nodes: Select[int]) -> int:
    """How many campaigns some nodes have."""
    query = select(func.count()).select_from(Campaign).where(Campaign.node_id.in_(nodes))
    return db.session.scalar(query) or 0


def history_of(campaign_id: int) -> Sequence[CampaignEvent]:
    """What was done to a campaign, the latest first."""
    return db.session.scalars(
        select(CampaignEvent)
        .where(CampaignEvent.campaign_id == campaign_id)
        .order_by(CampaignEvent.id.desc())
    ).all()


def overridden_rules(campaign: Campaign) -> set[str]:
    """The rules somebody answered for, for the campaign as it stands."""
    rules = db.session.scalars(
        select(CampaignEvent.rule).where(
            CampaignEvent.campaign_id == campaign.id,
            CampaignEvent.revision == campaign.revision,
            CampaignEvent.rule.is_not(None),
        )
    )
    return {rule for rule in rules if rule is not None}


def writers_of(campaign_id: int) -> set[int]:
    """Whoever wrote a campaign or changed it, in whatever revision, or one that it goes on from."""
    writers = db.session.scalars(
        select(CampaignEvent.staff_id).where(
            CampaignEvent.campaign_id.in_(_versions(campaign_id)),
            CampaignEvent.kind.in_(_WRITING),
        )
    )
    return {staff_id for staff_id in writers if staff_id is not None}


def _versions(campaign_id: int) -> list[int]:
    """A campaign and all that it goes on from."""
    found: list[int] = []
    each: int | None = campaign_id
    while each is not None:
        found.append(each)
        each = db.session.scalar(select(Campaign.continues_id).where(Campaign.id == each))
    return found


def freezing_segments(appid: str) -> list[tuple[str, Segment]]:
    """Whose audience is being frozen at an account, and by which conditions."""
    rows = db.session.execute(
        select(Campaign.name, Campaign.segment).where(
            Campaign.appid == appid, Campaign.status == CampaignStatus.FREEZING
        )
    )
    return [(name, Segment.from_json(segment)) for name, segment in rows]


def due_campaigns(now: datetime) -> Sequence[int]:
    """Agreed campaigns whose time has come."""
    return db.session.scalars(
        select(Campaign.id)
        .where(
            Campaign.status == CampaignStatus.SCHEDULED,
            Campaign.starts_at.is_(None) | (Campaign.starts_at <= now),
        )
        .order_by(Campaign.id)
    ).all()


def resting_campaigns(now: datetime) -> Sequence[int]:
    """Campaigns whose pause is over by now."""
    return db.session.scalars(
        select(Campaign.id).where(
            Campaign.status == CampaignStatus.PAUSED, Campaign.resume_at <= now
        )
    ).all()


def running_campaigns() -> Sequence[tuple[int, int]]:
    """What is being sent: campaign and run."""
    rows = db.session.execute(
        select(Campaign.id, Campaign.run).where(Campaign.status == CampaignStatus.RUNNING)
    )
    return [(campaign_id, run) for campaign_id, run in rows]


def stopped_in_doubt(before: datetime) -> Sequence[int]:
    """Stopped campaigns with somebody who had no answer yet, and whom nobody has been asking since."""
    return db.session.scalars(
        select(Campaign.id)
        .where(
            Campaign.status == CampaignStatus.STOPPED,
            Campaign.campaign_class != CampaignClass.MASS,
            select(Recipient.id)
            .where(
                Recipient.campaign_id == Campaign.id,
                Recipient.status == RecipientStatus.SENDING,
                Recipient.due_at <= before,
            )
            .exists(),
        )
        .order_by(Campaign.id)
    ).all()


def ended_since(since: datetime) -> Sequence[int]:
    """Campaigns that came to their end, or were stopped, after an instant."""
    return db.session.scalars(
        select(Campaign.id)
        .where(Campaign.status.in_(ENDED), Campaign.ended_at > since)
        .order_by(Campaign.id)
    ).all()


def is_running(campaign_id: int, run: int) -> bool:
    """Whether a run has neither been paused nor stopped."""
    found = select(Campaign.id).where(
        Campaign.id == campaign_id,
        Campaign.run == run,
        Campaign.status == CampaignStatus.RUNNING,
    )
    return db.session.scalar(found) is not None


def may_send(campaign_id: int, run: int) -> bool:
    """Whether at this moment nobody has paused this run, or stopped all messages."""
    held = {Line.MESSAGES, Line.EVERYTHING} & set(open_stops())
    return is_running(campaign_id, run) and not held


def groups_of(campaign_id: int) -> list[Group]:
    """The people of a campaign, counted now; of a million it takes a third of a second."""
    columns = (Recipient.status, Recipient.way, Recipient.reason)
    rows = db.session.execute(
        select(*columns, func.count())
        .where(Recipient.campaign_id == campaign_id)
        .group_by(*columns)
    )
    return [Group(*row) for row in rows]


def next_due(campaign_id: int) -> datetime | None:
    """When somebody's turn comes next; None when everybody's is over."""
    return db.session.scalar(
        select(func.min(Recipient.due_at)).where(
            Recipient.campaign_id == campaign_id,
            Recipient.status.in_([RecipientStatus.WAITING, RecipientStatus.SENDING]),
        )
    )


def recent_counts(
    identity_ids: Collection[int], *, since: datetime, besides: int
) -> dict[int, int]:
    """How many campaign messages people had since an instant, other than by one campaign."""
    rows = db.session.execute(
        select(Recipient.identity_id, func.count())
        .where(
            among(Recipient.identity_id, identity_ids),
            Recipient.taken_at >= since,
            Recipient.status.in_(_COUNTED),
            Recipient.campaign_id != besides,
        )
        .group_by(Recipient.identity_id)
    )
    return {identity_id: count for identity_id, count in rows}  # noqa: C416 - rows are no pairs to dict()


def mass_counts(identity_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """How many mass sends of ours people were meant by since an instant."""
    rows = db.session.execute(
        select(Recipient.identity_id, func.count())
        .join(Campaign, Campaign.id == Recipient.campaign_id)
        .where(
            among(Recipient.identity_id, identity_ids),
            Recipient.taken_at >= since,
            Recipient.status.in_(_COUNTED),
            Campaign.campaign_class == CampaignClass.MASS,
        )
        .group_by(Recipient.identity_id)
    )
    return {identity_id: count for identity_id, count in rows}  # noqa: C416 - rows are no pairs to dict()


def opted_out(identity_ids: Collection[int]) -> set[int]:
    """Who of these does not want campaigns."""
    return set(
        db.session.scalars(
            select(OptOut.identity_id).where(among(OptOut.identity_id, identity_ids))
        )
    )


def quota_of(appid: str, way: Way) -> SendQuota | None:
    """What was left of a way's calls when the platform was asked last, less what was sent since."""
    return db.session.get(SendQuota, (appid, way))


def people_of(
    campaign_id: int, *statuses: RecipientStatus, variant: int | None = None
) -> Select[int]:
    """The identities of a campaign's people of some statuses, to filter others by."""
    query = select(Recipient.identity_id).where(
        Recipient.campaign_id == campaign_id, Recipient.status.in_(statuses)
    )
    return query if variant is None else query.where(Recipient.variant == variant)


def messages_of(campaign_id: int) -> Select[int | None]:
    """The messages of a campaign, to filter others by."""
    return select(Recipient.message_id).where(
        Recipient.campaign_id == campaign_id, Recipient.message_id.is_not(None)
    )


def variants_counted(campaign_id: int, *statuses: RecipientStatus) -> dict[int, int]:
    """How many people of some statuses got which variant."""
    rows = db.session.execute(
        select(Recipient.variant, func.count())
        .where(Recipient.campaign_id == campaign_id, Recipient.status.in_(statuses))
        .group_by(Recipient.variant)
    )
    return {variant: count for variant, count in rows}  # noqa: C416 - rows are no pairs to dict()


def list_of(campaign_id: int) -> Select[int | None]:
    """The identities an imported list stands for, to filter others by."""
    return select(ListEntry.identity_id).where(
        ListEntry.campaign_id == campaign_id, ListEntry.identity_id.is_not(None)
    )


def list_counts(campaign_id: int) -> dict[str | None, int]:
    """The lines of an imported list by why nobody was found; None for those that match."""
    rows = db.session.execute(
        select(ListEntry.miss, func.count())
        .where(ListEntry.campaign_id == campaign_id)
        .group_by(ListEntry.miss)
    )
    return {miss: count for miss, count in rows}  # noqa: C416 - the same
