"""Reps who want one message a quarter of an hour instead of one for every scan and order.

A row is a wish, and how far it was told. What is told of is claimed by moving that on, only from
where it was read: of two who tell at one time one finds nothing left to tell.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from templates_msg.models import DigestChoice
from wx_backend.db import db, upsert

EVERY: Final = timedelta(minutes=15)


def choose_digest(*, rep_id: int, now: datetime) -> bool:
    """A rep wants digests from the running quarter of an hour on; False when he did before."""
    row = {"rep_id": rep_id, "chosen_at": now, "told_until": now}
    return upsert(DigestChoice, row, key=("rep_id",))


def drop_digest(*, rep_id: int) -> None:
    """A rep wants every message by itself again; repeating it changes nothing."""
    db.session.execute(delete(DigestChoice).where(DigestChoice.rep_id == rep_id))


def takes_digest(rep_id: int) -> bool:
    """Whether a rep hears of his customers by digest."""
    return db.session.get(DigestChoice, rep_id) is not None


def digests_due(until: datetime, *, limit: int) -> Sequence[tuple[int, datetime]]:
    """Reps who were told less far than `until`, and how far each was, the longest waiting first."""
    rows = db.session.execute(
        select(DigestChoice.rep_id, DigestChoice.told_until)
        .where(DigestChoice.told_until < until)
        .order_by(DigestChoice.told_until, DigestChoice.rep_id)
        .limit(limit)
    )
    return [(rep_id, told_until) for rep_id, told_until in rows]


def claim_digest(*, rep_id: int, told_until: datetime, until: datetime) -> bool:
    """Take a rep's news between two instants to tell them; False when somebody else has."""
    taken = db.session.execute(
        update(DigestChoice)
        .where(DigestChoice.rep_id == rep_id, DigestChoice.told_until == told_until)
        .values(told_until=until)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def quarter_before(instant: datetime) -> datetime:
    """The full quarter of an hour at or before an instant."""
    return instant - timedelta(seconds=instant.timestamp() % EVERY.total_seconds())
