"""The touches that patterns of farming are looked for in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ScalarSelect, Select, func, select

from members.models import Identity
from referral.farming.models import Source
from referral.farming.rules import Seen
from referral.models import Share, Touch
from referral.reach import SCANS
from referral.values import TouchKind
from wx_backend.db import db
from wx_backend.sql import later, one_of

STILL_NEW: Final = timedelta(minutes=10)
"""Who came twice within it was nobody we knew at the second time either."""


def newcomers_of(rep_id: int, *, since: datetime) -> Sequence[Seen]:
    """Scans and follows by a rep's codes, of people nobody knew before they came."""
    rows = db.session.execute(
        select(Touch.kind, Touch.id, Touch.identity_id, Touch.event_at)
        .join(Identity, Identity.id == Touch.identity_id)
        .where(
            one_of(Touch.share_id, _shares(rep_id)),
            Touch.event_at >= since,
            Touch.kind.in_(SCANS),
            later(Identity.created_at, STILL_NEW) >= Touch.event_at,
        )
    )
    return [_seen(*row) for row in rows]


def follows_of(rep_id: int, *, since: datetime) -> Sequence[Seen]:
    """Every follow by a rep's codes."""
    rows = db.session.execute(
        select(Touch.kind, Touch.id, Touch.identity_id, Touch.event_at)
        .where(
            one_of(Touch.share_id, _shares(rep_id)),
            Touch.event_at >= since,
            Touch.kind == TouchKind.SUBSCRIBE,
        )
        .order_by(Touch.event_at, Touch.id)
    )
    return [_seen(*row) for row in rows]


def reps_followed_again(touch_ids: Select[int], *, since: datetime, times: int) -> Sequence[int]:
    """Reps by whose codes somebody of these touches followed at least so many times."""
    who = select(Touch.identity_id).where(
        Touch.id.in_(touch_ids), Touch.kind == TouchKind.SUBSCRIBE, Touch.identity_id.is_not(None)
    )
    rows = db.session.execute(
        select(Share.root_rep_id)
        .join(Touch, Touch.share_id == Share.id)
        .where(
            Touch.identity_id.in_(who),
            Touch.event_at >= since,
            Touch.kind == TouchKind.SUBSCRIBE,
            Share.root_rep_id.is_not(None),
        )
        .group_by(Share.root_rep_id, Touch.identity_id)
        .having(func.count() >= times)
    )
    return sorted({rep_id for (rep_id,) in rows if rep_id is not None})


def _shares(rep_id: int) -> ScalarSelect[int]:
    return select(Share.id).where(Share.root_rep_id == rep_id).scalar_subquery()


def _seen(kind: str, touch_id: int, identity_id: int | None, at: datetime) -> Seen:
    """A scan or follow is always some identity's."""
    source = Source.FOLLOW if kind == TouchKind.SUBSCRIBE else Source.SCAN
    return Seen(source, touch_id, identity_id or 0, at)
