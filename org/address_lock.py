"""Locking out an address that guesses: counted for whichever account it tries, in the database.

Every attempt is counted before it is made, and one that was right is taken off again: of many
guesses at once not one more gets through than may.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import String, UniqueConstraint, case, literal, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, Model, db, id_column, upsert_all

FAILURES_MAX: Final = 30
WINDOW: Final = timedelta(minutes=15)


class AddressFailures(Model):
    """How often one network address failed to sign in to the console since an instant."""

    __tablename__ = "address_failures"
    __table_args__ = (UniqueConstraint("network"),)
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    network: Mapped[str] = mapped_column(String(45))
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(Instant, index=True)


def try_from(network: str, *, now: datetime) -> timedelta | None:
    """Count an attempt from an address; how long it is locked out, None when it may go on.

    Commit whatever the outcome.
    """
    row = {"network": network, "failures": 1, "since": now}
    upsert_all(
        AddressFailures,
        [row],
        key=("network",),
        change=lambda old, new: _counted(old, new, now),
        where=lambda _old, _new: true(),
    )
    found = db.session.execute(
        select(AddressFailures.failures, AddressFailures.since).where(
            AddressFailures.network == network
        )
    ).one()
    if found.failures <= FAILURES_MAX:
        return None
    left: timedelta = found.since + WINDOW - now
    return left


def came_in_from(network: str) -> None:
    """The attempt counted last was no failure."""
    db.session.execute(
        update(AddressFailures)
        .where(AddressFailures.network == network, AddressFailures.failures > 0)
        .values(failures=AddressFailures.failures - 1)
    )


def _counted(old: Any, new: Any, now: datetime) -> dict[str, Any]:
    """One more; the first one after the window begins anew, and so does a lock with the last one."""
    is_over = old.since <= literal(now - WINDOW, Instant())
    is_last = old.failures == FAILURES_MAX
    return {
        "failures": case(
            (is_over, 1), (old.failures > FAILURES_MAX, old.failures), else_=old.failures + 1
        ),
        "since": case((is_over, new.since), (is_last, new.since), else_=old.since),
    }
