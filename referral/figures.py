"""How often a rep's codes and links were used, and who was reached by them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, distinct, func, not_, select

from referral.models import Place, Share, Subject, Touch
from referral.queries import stands
from referral.values import CONFIRMED, DECIDING, OPENED, TouchKind
from wx_backend.db import db
from wx_backend.sql import one_of

_IS_PUSH: Final = and_(Share.subject == Subject.CAMPAIGN, Share.place == Place.PUSH)
"""As `is_push`: what we sent out ourselves protects nobody."""
PARTS: Final = (100, 10, 1)
"""Of a span the last hundredth is looked at first, then the last tenth, then all of it."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts counted: scans (those that ended in a follow too), follows, opened links and launches."""

    scans: int = 0
    follows: int = 0
    openings: int = 0


def contacts_from(kinds: Mapping[str, int]) -> Contacts:
    """Contacts by kind as people count them."""
    follows = kinds.get(TouchKind.SUBSCRIBE, 0)
    return Contacts(
        scans=kinds.get(TouchKind.SCAN, 0) + follows,
        follows=follows,
        openings=sum(kinds.get(kind, 0) for kind in OPENED),
    )


def identities_reached(
    rep_ids: Iterable[int], *, since: datetime, now: datetime, after: int = 0, limit: int
) -> Sequence[int]:
    """Identities in contact with what leads to these reps since an instant, the latest first.

    The last hours are looked at first, then the last days: who was met in them comes before
    everybody else, and where they fill the page nothing older is read.
    """
    wanted = after + limit
    for part in PARTS:
        found = _reached(rep_ids, now - (now - since) / part, wanted)
        if len(found) >= wanted:
            break
    return found[after:]


def _reached(rep_ids: Iterable[int], since: datetime, limit: int) -> Sequence[int]:
    found = db.session.scalars(
        select(Touch.identity_id)
        .where(
            _leads_to(rep_ids),
            Touch.identity_id.is_not(None),
            Touch.event_at >= since,
            stands(),
        )
        .group_by(Touch.identity_id)
        .order_by(func.max(Touch.event_at).desc(), Touch.identity_id)
        .limit(limit)
    )
    return [identity_id for identity_id in found if identity_id is not None]


def count_reached(rep_ids: Iterable[int], *, since: datetime) -> int:
    """How many people were in contact with what leads to these reps since an instant."""
    query = select(func.count(distinct(Touch.identity_id))).where(
        _leads_to(rep_ids), Touch.event_at >= since, stands()
    )
    return db.session.scalar(query) or 0


def last_confirmed_between(
    rep_ids: Iterable[int], since: datetime, until: datetime, *, limit: int
) -> Sequence[int]:
    """Identities whose last act that protects one of these reps lies after an instant and not after another.

    Whose act is the earliest comes first: his protection is the first to end.
    """
    last = func.max(Touch.event_at)
    found = db.session.scalars(
        select(Touch.identity_id)
        .where(
            _leads_to(rep_ids, not_(_IS_PUSH)),
            Touch.identity_id.is_not(None),
            Touch.kind.in_(CONFIRMED),
            Touch.certainty.in_(DECIDING),
            Touch.event_at > since,
        )
        .group_by(Touch.identity_id)
        .having(last <= until)
        .order_by(last, Touch.identity_id)
        .limit(limit)
    )
    return [identity_id for identity_id in found if identity_id is not None]


def _leads_to(rep_ids: Iterable[int], *which: ColumnElement[bool]) -> ColumnElement[bool]:
    shares = select(Share.id).where(Share.root_rep_id.in_(set(rep_ids)), *which)
    return one_of(Touch.share_id, shares.scalar_subquery())


@dataclass(frozen=True, slots=True)
class Contact:
    """One touch, and what its share leads to; `product` is a number or empty."""

    id: int
    kind: TouchKind
    event_at: datetime
    rep_id: int | None
    outlet_id: int | None
    product: str


def contacts_by_id(touch_ids: Iterable[int]) -> list[Contact]:
    """These touches, also those of scenes nobody knows."""
    rows = db.session.execute(
        select(Touch.id, Touch.kind, Touch.event_at, Share)
        .outerjoin(Share, Share.id == Touch.share_id)
        .where(Touch.id.in_(set(touch_ids)))
        .order_by(Touch.id)
    )
    return [_contact(*row) for row in rows]


def touches_after(touch_id: int, *, limit: int) -> Sequence[int]:
    """The next touch ids after one."""
    return db.session.scalars(
        select(Touch.id).where(Touch.id > touch_id).order_by(Touch.id).limit(limit)
    ).all()


def _contact(touch_id: int, kind: str, event_at: datetime, share: Share | None) -> Contact:
    if share is None:
        return Contact(touch_id, TouchKind(kind), event_at, None, None, "")
    product = share.subject_key if share.subject == Subject.PRODUCT else ""
    return Contact(touch_id, TouchKind(kind), event_at, share.root_rep_id, share.outlet_id, product)


def poster_share(rep_id: int) -> int | None:
    """The share behind a rep's personal poster, if it was ever asked for."""
    return db.session.scalar(
        select(Share.id).where(
            Share.rep_id == rep_id,
            Share.parent_id.is_(None),
            Share.subject == Subject.SHOWROOM,
            Share.subject_key == "",
            Share.place == Place.POSTER,
        )
    )
