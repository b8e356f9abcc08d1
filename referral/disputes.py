"""Disputes about who is credited: noted when something is learnt too late, closed by a person who looked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, true

from referral.models import Dispute
from referral.reassigning import ReassignmentWaits, disputes_that_wait
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict, NotFound


class ClosedMeanwhile(Conflict):
    code, message = "closed_meanwhile", "这条争议已经有结论"


def open_dispute(
    *, order_line_id: int, key: str, reason: str, now: datetime, touch_id: int | None = None
) -> bool:
    """Note that somebody, or something learnt late, speaks against an attribution; once per key."""
    values = {
        "order_line_id": order_line_id,
        "key": key,
        "reason": reason,
        "touch_id": touch_id,
        "opened_at": now,
    }
    return upsert(Dispute, values, key=("order_line_id", "key"))


def standing_dispute(dispute_id: int) -> Dispute:
    """One nobody has come to a conclusion about, locked. Raises ClosedMeanwhile."""
    dispute = locked(select(Dispute).where(Dispute.id == dispute_id))
    if dispute is None or dispute.closed_at is not None:
        raise ClosedMeanwhile
    return dispute


def close_dispute(*, dispute_id: int, resolution: str, by: str, now: datetime) -> None:
    """Say what looking into it came to, once. Raises ClosedMeanwhile, ReassignmentWaits."""
    dispute = standing_dispute(dispute_id)
    if disputes_that_wait([dispute_id]):
        raise ReassignmentWaits
    dispute.closed_at, dispute.closed_by, dispute.resolution = now, by, resolution
    db.session.flush()


def disputes_about(
    lines: Select[int] | None, *, is_closed: bool, after: int, limit: int
) -> Sequence[Dispute]:
    """Open disputes about these order lines, the oldest first, or closed ones, the latest first; None means all lines."""
    order = (Dispute.closed_at.desc(), Dispute.id.desc()) if is_closed else (Dispute.id,)
    query = select(Dispute).where(_is_about(lines), _stands(is_closed=is_closed))
    return db.session.scalars(query.order_by(*order).offset(after).limit(limit)).all()


def count_disputes(lines: Select[int] | None, *, is_closed: bool = False) -> int:
    """How many there are."""
    query = select(func.count()).select_from(Dispute)
    return db.session.scalar(query.where(_is_about(lines), _stands(is_closed=is_closed))) or 0


def dispute_about(dispute_id: int, lines: Select[int] | None) -> Dispute:
    """One about these order lines; NotFound for foreign as for missing ones."""
    found = db.session.scalar(select(Dispute).where(Dispute.id == dispute_id, _is_about(lines)))
    if found is None:
        raise NotFound("没有这条争议")
    return found


def disputes_of_lines(line_ids: Sequence[int]) -> Sequence[Dispute]:
    """Everything that was ever disputed about some lines, as it was noted."""
    query = select(Dispute).where(Dispute.order_line_id.in_(line_ids)).order_by(Dispute.id)
    return db.session.scalars(query).all()


def _is_about(lines: Select[int] | None) -> ColumnElement[bool]:
    return true() if lines is None else Dispute.order_line_id.in_(lines)


def _stands(*, is_closed: bool) -> ColumnElement[bool]:
    return Dispute.closed_at.is_not(None) if is_closed else Dispute.closed_at.is_(None)
