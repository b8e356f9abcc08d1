"""Who left when, out of the history of follows."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from members.models import FollowEvent, FollowKind
from wx_backend.db import db


class Left(NamedTuple):
    """One time somebody stopped following."""

    event_id: int
    identity_id: int
    at: datetime


def departures(identity_ids: Collection[int], *, since: datetime) -> list[Left]:
    """Each time one of these people stopped following since an instant, in the order it happened."""
    rows = db.session.execute(
        select(FollowEvent.id, FollowEvent.identity_id, FollowEvent.event_at)
        .where(
            FollowEvent.identity_id.in_(identity_ids),
            FollowEvent.kind == FollowKind.UNFOLLOWED,
            FollowEvent.event_at >= since,
        )
        .order_by(FollowEvent.event_at, FollowEvent.id)
    )
    return [Left(*row) for row in rows]
