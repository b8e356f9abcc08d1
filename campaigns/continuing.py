"""A campaign that ended before its time, made anew for whom it never reached: agreed to anew like any other.

Who that is stands in the rows of the one before, which is over for good by then: whoever got its message, or may
have got it, is in none of these states. A mass send has calls instead, and is not continued.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Select, or_, select

from campaigns.counts import kept_groups
from campaigns.models import Campaign, CampaignClass, CampaignStatus, Recipient, RecipientStatus
from campaigns.operations import Plan, WrongState, create_campaign, locked_campaign, note, stop
from campaigns.queries import ENDED, people_of
from wx_backend.db import db
from wx_backend.errors import Conflict

UNREACHED: Final = (RecipientStatus.WAITING, RecipientStatus.FAILED)
SUFFIX: Final = "（续）"
NAME_MAX: Final = 40
REFUSES: Final = "43101"
"""The platform says that nobody agreed (any more): a yes that we counted was none."""


class NobodyLeft(Conflict):
    code, message = "nobody_left", "这个活动没有还未送达的人"


def continue_campaign(campaign_id: int, *, staff_id: int, now: datetime) -> Campaign:
    """The draft that goes on where a campaign ended; made once, however often it is asked for.

    One that is paused is ended by it: of two that could write to a person one is over for good.
    Raises WrongState, NobodyLeft.
    """
    before = locked_campaign(campaign_id)
    made = continued_by(campaign_id)
    if made is not None:
        return made
    if before.status == CampaignStatus.PAUSED:
        stop(campaign_id, reason="改正后续发", staff_id=staff_id, now=now)
    if before.status not in ENDED or before.campaign_class == CampaignClass.MASS:
        raise WrongState
    if not _left_of(campaign_id):
        raise NobodyLeft
    made = create_campaign(
        _mended(before),
        appid=before.appid,
        node_id=before.node_id,
        staff_id=staff_id,
        now=now,
        continues_id=campaign_id,
    )
    note(before, "continued", staff_id=staff_id, note=made.number, now=now)
    return made


def continued_by(campaign_id: int) -> Campaign | None:
    """The campaign that goes on where this one ended."""
    return db.session.scalar(select(Campaign).where(Campaign.continues_id == campaign_id))


def left_by(campaign_id: int) -> Select[int]:
    """The identities a campaign is continued for, to filter others by: unreached, or held out."""
    return people_of(campaign_id, *UNREACHED, RecipientStatus.CONTROL)


def held_out_by(campaign_id: int, identity_ids: Collection[int]) -> set[int]:
    """Who of some people was held out of a campaign, to compare with."""
    held_out = people_of(campaign_id, RecipientStatus.CONTROL)
    return set(db.session.scalars(held_out.where(Recipient.identity_id.in_(identity_ids))))


def with_a_yes_left(campaign_id: int, identity_ids: Collection[int]) -> set[int]:
    """For whom of some people a yes was set aside that nothing was sent by: not begun, or refused for the text."""
    is_refused = Recipient.status == RecipientStatus.FAILED
    had_no_yes = or_(Recipient.error == REFUSES, Recipient.error.startswith("failed:"))
    unsent = people_of(campaign_id, *UNREACHED).where(
        Recipient.identity_id.in_(identity_ids),
        Recipient.message_id.is_not(None),
        ~(is_refused & had_no_yes),
    )
    return set(db.session.scalars(unsent))


def is_in_doubt(campaign_id: int) -> bool:
    """Whether of somebody it is not known yet whether a campaign reached him."""
    sending = people_of(campaign_id, RecipientStatus.SENDING)
    return db.session.scalar(sending.limit(1)) is not None


def _left_of(campaign_id: int) -> int:
    """How many it never reached, those on their way among them: they may come back."""
    open_ = (*UNREACHED, RecipientStatus.SENDING)
    return sum(each.count for each in kept_groups(campaign_id) if each.status in open_)


def _mended(before: Campaign) -> Plan:
    """The same to begin with, at once, and to whom the rows say."""
    name = before.name.removesuffix(SUFFIX)[: NAME_MAX - len(SUFFIX)] + SUFFIX
    return replace(Plan.of(before), name=name, segment={}, starts_at=None)
