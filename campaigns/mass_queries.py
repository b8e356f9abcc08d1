"""Reading mass sends: the parts of a campaign, its totals, articles, sends made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import and_, func, or_, select

from campaigns.mass_models import Article, ConsoleSend, MassPart, MassResult, PartStatus
from campaigns.models import Campaign, CampaignStatus, Recipient, RecipientStatus
from wx_backend.db import db
from wx_backend.errors import NotFound

HELD: Final = (CampaignStatus.PAUSED, CampaignStatus.STOPPED)
REPEAT_WITHIN: Final = timedelta(hours=23)
"""The platform knows a clientmsgid for a day; an hour is kept for our own delays."""


@dataclass(frozen=True, slots=True)
class PartShown:
    """One call of a mass send with its totals, as far as they were told."""

    part: MassPart
    result: MassResult | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All the platform tells of a mass send."""

    total: int
    filtered: int
    sent: int
    failed: int


def parts_of(campaign_id: int) -> list[PartShown]:
    """The calls of a mass send in their order."""
    rows = db.session.execute(
        select(MassPart, MassResult)
        .outerjoin(MassResult, MassResult.part_id == MassPart.id)
        .where(MassPart.campaign_id == campaign_id)
        .order_by(MassPart.position)
    )
    return [PartShown(part, result) for part, result in rows]


def part_by_id(part_id: int) -> MassPart:
    """One call of a mass send."""
    return db.session.get_one(MassPart, part_id)


def totals_of(campaign_id: int) -> Totals:
    """What was told of all of a campaign's calls together."""
    columns = (MassResult.total, MassResult.filtered, MassResult.sent, MassResult.failed)
    row = db.session.execute(
        select(*(func.coalesce(func.sum(each), 0) for each in columns))
        .join(MassPart, MassPart.id == MassResult.part_id)
        .where(MassPart.campaign_id == campaign_id)
    ).one()
    return Totals(*(int(each) for each in row))


def unsettled_parts(campaign_id: int) -> Sequence[MassPart]:
    """Calls that got no answer yet, or of which the end was not told, in their order."""
    return db.session.scalars(
        select(MassPart)
        .where(
            MassPart.campaign_id == campaign_id,
            MassPart.status.in_([PartStatus.OPEN, PartStatus.ACCEPTED]),
        )
        .order_by(MassPart.position)
    ).all()


def held_unsettled(now: datetime) -> Sequence[int]:
    """Paused and stopped campaigns with a call to ask after, or one that is not made (again)."""
    is_open, never = MassPart.status == PartStatus.OPEN, MassPart.sent_at.is_(None)
    is_stopped = Campaign.status == CampaignStatus.STOPPED
    return db.session.scalars(
        select(Campaign.id)
        .join(MassPart, MassPart.campaign_id == Campaign.id)
        .where(
            Campaign.status.in_(HELD),
            or_(
                and_(MassPart.status == PartStatus.ACCEPTED, MassPart.due_at <= now),
                and_(is_open, MassPart.sent_at <= now - REPEAT_WITHIN),
                and_(is_open, never, is_stopped),
            ),
        )
        .distinct()
        .order_by(Campaign.id)
    ).all()


def rows_in(part: MassPart) -> list[tuple[int, int]]:
    """The people a call goes to by row and identity, in the order of the rows."""
    rows = db.session.execute(
        select(Recipient.id, Recipient.identity_id)
        .where(
            Recipient.campaign_id == part.campaign_id,
            Recipient.id.between(part.first_id, part.last_id),
            Recipient.status == RecipientStatus.SENDING,
        )
        .order_by(Recipient.id)
    )
    return [(recipient_id, identity_id) for recipient_id, identity_id in rows]


def waiting_people(campaign_id: int, *, limit: int) -> list[tuple[int, int]]:
    """The next people of a mass send who wait: row and identity, in the order of the rows."""
    rows = db.session.execute(
        select(Recipient.id, Recipient.identity_id)
        .where(Recipient.campaign_id == campaign_id, Recipient.status == RecipientStatus.WAITING)
        .order_by(Recipient.id)
        .limit(limit)
    )
    return [(recipient_id, identity_id) for recipient_id, identity_id in rows]


def console_sends(appid: str, *, since: date) -> Sequence[ConsoleSend]:
    """Mass sends made by hand since a day, the latest first."""
    return db.session.scalars(
        select(ConsoleSend)
        .where(ConsoleSend.appid == appid, ConsoleSend.sent_on >= since)
        .order_by(ConsoleSend.sent_on.desc(), ConsoleSend.id.desc())
    ).all()


def count_console_sends(appid: str, *, since: date) -> int:
    """How many those are."""
    query = select(func.count()).select_from(ConsoleSend)
    return (
        db.session.scalar(query.where(ConsoleSend.appid == appid, ConsoleSend.sent_on >= since))
        or 0
    )


def articles_of(appid: str) -> Sequence[Article]:
    """The articles among an account's drafts, the newest first."""
    return db.session.scalars(
        select(Article)
        .where(Article.appid == appid, Article.is_there.is_(True))
        .order_by(Article.id.desc())
    ).all()


def article_of(appid: str, media_id: str) -> Article:
    """One of them; NotFound for any other."""
    found = db.session.scalar(
        select(Article).filter_by(appid=appid, media_id=media_id, is_there=True)
    )
    if found is None:
        raise NotFound("草稿箱里没有这篇图文，请先同步草稿箱")
    return found
