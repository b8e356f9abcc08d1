"""Rows that are jobs: claimed for a time, finished or failed by the claim that holds them.

A claim moves the row's `due_at` to the end of the lease and counts an attempt. Whoever finishes
must name that attempt: a worker that was stopped past its lease finds the number moved on and
changes nothing (fencing). A worker that dies leaves a row that falls due by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, db
from wx_backend.sql import given

LEASE = timedelta(seconds=60)
ATTEMPTS_MAX = 12
BACKOFF_MAX = timedelta(hours=1)
_PENDING = text("status = 'pending'")


class WorkStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class Claimable:
    """Columns of a row that is a job; `due_at` also ends the lease of the current claim."""

    status: Mapped[str] = mapped_column(String(10), default=WorkStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(Text)


def due_index(table: str, *columns: str) -> Index:
    """The index every drain reads: pending rows by due time (within `columns`)."""
    return Index(
        f"ix_{table}_due",
        *columns,
        "due_at",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index over the rows that fulfil a condition; the others cost it nothing."""
    condition = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


def upkeep_indexes(table: str) -> tuple[Index, Index]:
    """What listing the dead and purging bodies read, however long the table grows."""
    return (
        partial_index(f"ix_{table}_dead", "id", where="status = 'dead'"),
        partial_index(f"ix_{table}_body", "known_at", where="raw IS NOT NULL"),
    )


class LostClaim(Exception):
    """The lease ran out and somebody else holds the row now: nothing may be changed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one row."""

    id: int
    attempt: int


def claim(
    table: Any, *, limit: int, now: datetime, lease: timedelta = LEASE, where: Sequence[Any] = ()
) -> list[Claim]:
    """Take up to `limit` due rows for `lease`; other claimers skip them.

    A row that was tried often enough and is still pending has ended every process that tried it:
    it is given up instead of taken.
    """
    due = (
        select(table.id)
        .where(table.status == WorkStatus.PENDING, table.due_at <= now, *where)
        .order_by(table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = db.session.execute(
        update(table)
        .where(table.id.in_(due))
        .values(attempts=table.attempts + 1, due_at=now + lease)
        .returning(table.id, table.attempts)
        .execution_options(synchronize_session=False)
    )
    claimed = sorted((Claim(*row) for row in taken), key=lambda taken: taken.id)
    for held in [held for held in claimed if held.attempt > ATTEMPTS_MAX]:
        fail(table, held, error="no attempt came to an end", permanent=True, now=now)
    return [held for held in claimed if held.attempt <= ATTEMPTS_MAX]


def finish(table: Any, held: Claim, *, now: datetime) -> None:
    """Mark the row done; LostClaim when this attempt no longer holds it."""
    _change(table, held, status=WorkStatus.DONE, done_at=now, last_error=None)


def finish_all(table: Any, held: Sequence[Claim], *, now: datetime) -> None:
    """Mark rows done that were worked off together; LostClaim when one of them is not held any more."""
    kinds = {"id": table.__table__.c.id.type, "attempt": table.__table__.c.attempts.type}
    mine = given(kinds, [{"id": each.id, "attempt": each.attempt} for each in held])
    changed = db.session.execute(
        update(table)
        .where(
            table.id == mine.c.id,
            table.attempts == mine.c.attempt,
            table.status == WorkStatus.PENDING,
        )
        .values(status=WorkStatus.DONE, done_at=now, last_error=None)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != len(held):  # type: ignore[attr-defined]  # a CursorResult
        raise LostClaim


def hold(table: Any, held: Claim, *, now: datetime, lease: timedelta = LEASE) -> None:
    """Renew the lease half-way; LostClaim when this attempt no longer holds the row."""
    _change(table, held, due_at=now + lease)


def fail(table: Any, held: Claim, *, error: str, permanent: bool, now: datetime) -> bool:
    """Record a failure: again later, or dead when `permanent` or tried too often; True if dead."""
    dead = permanent or held.attempt >= ATTEMPTS_MAX
    _change(
        table,
        held,
        status=WorkStatus.DEAD if dead else WorkStatus.PENDING,
        due_at=now + backoff(held.attempt),
        last_error=error[:2_000],
    )
    return dead


def replay(table: Any, *row_ids: int, now: datetime) -> int:
    """Bring dead rows back to life with their attempts counted anew; how many of these were dead."""
    changed = db.session.execute(
        update(table)
        .where(table.id.in_(row_ids), table.status == WorkStatus.DEAD)
        .values(status=WorkStatus.PENDING, attempts=0, due_at=now)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def backoff(attempt: int) -> timedelta:
    """2 s, 4 s, 8 s ... one hour at most."""
    return min(timedelta(seconds=2 ** min(attempt, 20)), BACKOFF_MAX)


def _change(table: Any, held: Claim, **values: Any) -> None:
    changed = db.session.execute(
        update(table)
        .where(
            table.id == held.id,
            table.attempts == held.attempt,
            table.status == WorkStatus.PENDING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise LostClaim
