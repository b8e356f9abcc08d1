"""The contacts with what leads to a rep, one by one, the newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select

from referral.figures import Contacts, contacts_from
from referral.models import Share, Touch
from referral.values import TouchKind
from wx_backend.db import db

TOLD: Final = frozenset(
    {TouchKind.SUBSCRIBE, TouchKind.SCAN, TouchKind.LINK_OPENED, TouchKind.LAUNCHED}
)
"""Kinds that are news by themselves: what was paid or served is told as an order."""


@dataclass(frozen=True, slots=True)
class Met:
    """One contact; without `identity_id` it was a browser nobody knows."""

    touch_id: int
    identity_id: int | None
    kind: str
    place: str
    at: datetime


def contacts_before(
    rep_ids: Iterable[int], before: tuple[datetime, int], *, limit: int
) -> Sequence[Met]:
    """Contacts older than a position (instant and id), the newest first."""
    at, touch_id = before
    rows = db.session.execute(
        select(Touch.id, Touch.identity_id, Touch.kind, Share.place, Touch.event_at)
        .join(Share, Share.id == Touch.share_id)
        .where(
            Share.root_rep_id.in_(set(rep_ids)),
            Touch.kind.in_(TOLD),
            or_(Touch.event_at < at, and_(Touch.event_at == at, Touch.id < touch_id)),
        )
        .order_by(Touch.event_at.desc(), Touch.id.desc())
        .limit(limit)
    )
    return [Met(*row) for row in rows]


def contacts_learnt(rep_ids: Iterable[int], since: datetime, until: datetime) -> Contacts:
    """The contacts we learnt of from an instant until before another, whenever they happened."""
    rows = db.session.execute(
        select(Touch.kind, func.count())
        .join(Share, Share.id == Touch.share_id)
        .where(
            Share.root_rep_id.in_(set(rep_ids)),
            Touch.kind.in_(TOLD),
            Touch.known_at >= since,
            Touch.known_at < until,
        )
        .group_by(Touch.kind)
    )
    return contacts_from({kind: count for kind, count in rows})  # noqa: C416 - rows are no pairs to dict()
