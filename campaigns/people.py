"""The people of a frozen audience as a list: whoever is asked for, and how many those are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select

from campaigns.counts import kept_groups
from campaigns.models import Recipient, RecipientStatus
from wx_backend.db import db

WRITTEN: Final = (RecipientStatus.SENT, RecipientStatus.UNKNOWN)
"""Who was written to, as far as anybody knows."""
ANY_WRITTEN: Final = "written"
"""A status that stands for all of those."""


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Who is asked for; empty fields leave things open. Each of `among` selects identities."""

    status: str = ""
    reason: str = ""
    among: tuple[Select[Any], ...] = ()

    @property
    def statuses(self) -> Sequence[str]:
        """The statuses that are meant; none for all of them."""
        if self.status == ANY_WRITTEN:
            return WRITTEN
        return [self.status] if self.status else []


def recipients_found(
    campaign_id: int, wanted: PeopleFilter, *, after: int = 0, limit: int
) -> Sequence[Recipient]:
    """The people of a campaign who are asked for, in the order they were frozen in."""
    query = _meant(select(Recipient), campaign_id, wanted)
    return db.session.scalars(query.order_by(Recipient.id).offset(after).limit(limit)).all()


def count_recipients(campaign_id: int, wanted: PeopleFilter) -> int:
    """How many those are: of the statuses alone as it is kept, else counted now."""
    if wanted.among:
        query = _meant(select(func.count()).select_from(Recipient), campaign_id, wanted)
        return db.session.scalar(query) or 0
    return sum(
        each.count
        for each in kept_groups(campaign_id)
        if (not wanted.statuses or each.status in wanted.statuses)
        and wanted.reason in ("", each.reason)
    )


def _meant(query: Select[Any], campaign_id: int, wanted: PeopleFilter) -> Select[Any]:
    query = query.where(Recipient.campaign_id == campaign_id)
    if wanted.statuses:
        query = query.where(Recipient.status.in_(wanted.statuses))
    if wanted.reason:
        query = query.where(Recipient.reason == wanted.reason)
    return query.where(*(Recipient.identity_id.in_(each) for each in wanted.among))
