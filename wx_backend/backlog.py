"""Work that waits or gave up, table by table, and bringing what gave up back to life."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, literal_column, select

from wx_backend import audit, bell, claims
from wx_backend.claims import WorkStatus
from wx_backend.db import db
from wx_backend.inbox import Push
from wx_backend.outbox import WORK, Job

GAVE_UP: Final = {"status": WorkStatus.DEAD}
TRIED_AGAIN: Final = {"status": WorkStatus.PENDING}
TABLES: Final[Mapping[str, Any]] = {"push": Push, "job": Job}


@dataclass(frozen=True, slots=True)
class Backlog:
    """One table's work: rows that wait, rows that are due by now, rows that gave up.

    `oldest_due_at` is since when the row that waits longest has been due, or will be.
    """

    pending: int
    due: int
    dead: int
    oldest_due_at: datetime | None


def backlog_of(table: Any, now: datetime) -> Backlog:
    """How much work a table holds; each half reads its own index of these rows alone."""
    is_dead = table.status == literal_column(f"'{WorkStatus.DEAD}'")
    is_pending = table.status == literal_column(f"'{WorkStatus.PENDING}'")
    pending, due, oldest_due_at = db.session.execute(
        select(
            func.count(), func.count().filter(table.due_at <= now), func.min(table.due_at)
        ).where(is_pending)
    ).one()
    dead = db.session.scalar(select(func.count()).select_from(table).where(is_dead)) or 0
    return Backlog(pending, due, dead, oldest_due_at)


@dataclass(frozen=True, slots=True)
class Refused:
    """Jobs that are to be tried again after one and the same refusal; `said` is what the newest was told."""

    count: int
    said: str


def refused_with(code: str) -> Refused:
    """The waiting jobs whose last refusal names this code."""
    is_pending = Job.status == literal_column(f"'{WorkStatus.PENDING}'")
    is_told = Job.last_error.contains(code, autoescape=True)
    count, newest = db.session.execute(
        select(func.count(), func.max(Job.id)).where(is_pending, is_told)
    ).one()
    said = db.session.scalar(select(Job.last_error).where(Job.id == newest))
    return Refused(count, said or "")


@dataclass(frozen=True, slots=True)
class PushFigures:
    """What an account's callback brought since an instant; `dead` gave up, `waiting` is not worked off."""

    last_at: datetime | None
    last_event_at: datetime | None
    count: int
    waiting: int
    dead: int


def push_figures(account: str, *, since: datetime) -> PushFigures:
    """How an account's callback is: bodies are kept for longer than anyone asks back."""
    newest = db.session.execute(
        select(Push.known_at, Push.event_at)
        .where(Push.account == account)
        .order_by(Push.id.desc())
        .limit(1)
    ).one_or_none()
    recent = (Push.account == account, Push.raw.is_not(None), Push.known_at >= since)
    count, waiting, dead = db.session.execute(
        select(
            func.count(),
            func.count().filter(Push.status == WorkStatus.PENDING),
            func.count().filter(Push.status == WorkStatus.DEAD),
        ).where(*recent)
    ).one()
    last_at, last_event_at = newest if newest is not None else (None, None)
    return PushFigures(last_at, last_event_at, count, waiting, dead)


def kind_of(row: Any) -> str:
    """What sort of work a row is: the kind of a push or notice, the name of a job."""
    return str(row.name if isinstance(row, Job) else row.kind)


def dead_rows(table: Any, *, limit: int | None = None) -> Sequence[Any]:
    """What gave up, the latest first; all of it without a limit."""
    query = select(table).where(table.status == WorkStatus.DEAD)
    return db.session.scalars(query.order_by(table.id.desc()).limit(limit)).all()


def dead_ids(
    table: Any, *, kind: str, after: int = 0, upto: int | None = None, limit: int | None = None
) -> Sequence[int]:
    """Everything of one sort that gave up, the oldest first; between two ids, where they are given."""
    query = select(table.id).where(
        table.status == WorkStatus.DEAD, _sort(table) == kind, table.id > after
    )
    if upto is not None:
        query = query.where(table.id <= upto)
    return db.session.scalars(query.order_by(table.id).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class DeadKind:
    """How much of a sort gave up, since when the oldest of it is known, and the newest of its rows."""

    kind: str
    count: int
    since: datetime
    newest_id: int


def dead_kinds(table: Any) -> list[DeadKind]:
    """Every sort of which something gave up, the most first."""
    known_at = table.created_at if table is Job else table.known_at
    rows = db.session.execute(
        select(_sort(table), func.count(), func.min(known_at), func.max(table.id))
        .where(table.status == literal_column(f"'{WorkStatus.DEAD}'"))
        .group_by(_sort(table))
        .order_by(func.count().desc(), _sort(table))
    )
    return [DeadKind(*row) for row in rows]


def count_dead(table: Any, *, kind: str, after: int, upto: int) -> int:
    """How much of one sort gave up, between two ids."""
    is_dead = table.status == literal_column(f"'{WorkStatus.DEAD}'")
    query = select(func.count()).select_from(table).where(is_dead, _sort(table) == kind)
    return db.session.scalar(query.where(table.id > after, table.id <= upto)) or 0


def waiting_jobs(name: str) -> Sequence[Job]:
    """The jobs of a name that are not done."""
    is_pending = Job.status == literal_column(f"'{WorkStatus.PENDING}'")
    return db.session.scalars(select(Job).where(is_pending, Job.name == name)).all()


def _sort(table: Any) -> Any:
    return table.name if table is Job else table.kind


def bring_back(table: Any, row_id: int, *, now: datetime) -> bool:
    """Have a row that gave up tried again, its attempts counted anew; False if it had not."""
    if not bring_all_back(table, [row_id], now=now):
        return False
    audit.tell(table.__tablename__, str(row_id), before=GAVE_UP, after=TRIED_AGAIN)
    return True


def bring_all_back(table: Any, row_ids: Sequence[int], *, now: datetime) -> int:
    """The same for some hundreds at once; how many of them had given up."""
    revived = claims.replay(table, *row_ids, now=now)
    if revived:
        mine = select(Job.queue).where(Job.id.in_(row_ids)).distinct()
        for queue in db.session.scalars(mine) if table is Job else [WORK]:
            bell.ring_after_commit(queue)
    return revived
