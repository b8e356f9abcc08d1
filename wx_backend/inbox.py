"""Everything the message platform pushed to us, stored once; an unfinished row is its own job."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend import bell, crash
from wx_backend.claims import Claimable, WorkStatus, due_index, upkeep_indexes
from wx_backend.db import Instant, Model, id_column, upsert
from wx_backend.row_work import RowWork

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
        *upkeep_indexes("push"),
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


_work = RowWork(Push, "push", BEFORE_DONE, AFTER_DONE)
claim = _work.claim
run = _work.run
run_together = _work.run_together
