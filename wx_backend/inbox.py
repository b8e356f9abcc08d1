"""Everything the message platform pushed to us, stored once; an unfinished row is its own job."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend import bell, claims, clock, crash
from wx_backend.claims import Claim, Claimable, LostClaim, WorkStatus, due_index
from wx_backend.db import Instant, Model, db, id_column, retried, transaction, upsert
from wx_backend.errors import AppError

log = logging.getLogger(__name__)

BEFORE_DONE = crash.point("inbox.before_done")
AFTER_DONE = crash.point("inbox.after_done")


class Push(Claimable, Model):
    """One push as it arrived: decrypted body, the reply given, and whether its work is done.

    `key` is the digest of what makes the platform's event one event, so a retry meets the same
    row and is answered with the same reply. `raw` is purged after 90 days; `digest` stays.
    """

    __tablename__ = "push"
    __table_args__ = (
        UniqueConstraint("key"),
        due_index("push"),
        Index("ix_push_known_at", "known_at"),
    )

    id: Mapped[int] = id_column()
    key: Mapped[bytes] = mapped_column(LargeBinary(16))
    account: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(64))
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    reply: Mapped[str] = mapped_column(Text)
    event_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime] = mapped_column(Instant)


def receive(push: Push) -> bool:
    """Store one push; False when its key was accepted before."""
    columns = Push.__table__.columns
    values = {c.name: getattr(push, c.name) for c in columns if c.name != "id"}
    stored = upsert(Push, values, key=("key",))
    if stored and push.status == WorkStatus.PENDING:
        bell.ring_after_commit("work")
    return stored


def claim(*, limit: int) -> list[Claim]:
    """Take due pushes for the length of a lease."""
    now = clock.now()
    return retried(lambda: claims.claim(Push, limit=limit, now=now))


def run(held: Claim, work: Callable[[Push], None]) -> bool:
    """Do the work of one claimed push and its completion in one transaction."""

    def once() -> None:
        work(db.session.get_one(Push, held.id))
        crash.here(BEFORE_DONE)
        claims.finish(Push, held, now=clock.now())

    try:
        retried(once)
    except LostClaim:
        log.warning("claim lost", extra={"push_id": held.id})
        return False
    except Exception as error:  # noqa: BLE001 - an edge: the failure becomes the row's outcome
        _record_failure(held, error)
        return False
    crash.here(AFTER_DONE)
    return True


def _record_failure(held: Claim, error: Exception) -> None:
    expected = isinstance(error, AppError)
    log.log(
        logging.WARNING if expected else logging.ERROR,
        "push failed",
        extra={"push_id": held.id, "attempt": held.attempt, "error": repr(error)},
        exc_info=None if expected else error,
    )
    try:
        with transaction():
            claims.fail(Push, held, error=repr(error), permanent=False, now=clock.now())
    except LostClaim:
        log.warning("claim lost", extra={"push_id": held.id})
