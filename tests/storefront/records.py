"""What is on record about touches, sightings and forgeries, as committed."""

from sqlalchemy import func, select

from members.models import Identity, Member, Visitor
from referral.models import ForgedCount, Share, SightingCount, Touch
from wx_backend.db import db


def touches() -> list[Touch]:
    db.session.rollback()
    return list(db.session.scalars(select(Touch).order_by(Touch.id)))


def credited() -> list[int | None]:
    """The rep each touch leads to, in the order of the touches."""
    db.session.rollback()
    query = select(Share.root_rep_id).join(Touch, Touch.share_id == Share.id).order_by(Touch.id)
    return list(db.session.scalars(query))


def sightings() -> dict[str, int]:
    """How often shares were looked at, by kind."""
    db.session.rollback()
    rows = db.session.execute(
        select(SightingCount.kind, func.sum(SightingCount.count)).group_by(SightingCount.kind)
    )
    return {kind: int(count) for kind, count in rows}


def forgeries() -> dict[str, int]:
    """Forged links by reason."""
    db.session.rollback()
    rows = db.session.execute(
        select(ForgedCount.reason, ForgedCount.count.label("times")).where(
            ForgedCount.source == "link"
        )
    )
    return {row.reason: row.times for row in rows}


def people() -> tuple[int, int, int]:
    """How many visitors, identities and members there are."""
    db.session.rollback()
    counts = [
        db.session.scalar(select(func.count()).select_from(t)) for t in (Visitor, Identity, Member)
    ]
    visitors, identities, members = (count or 0 for count in counts)
    return visitors, identities, members
