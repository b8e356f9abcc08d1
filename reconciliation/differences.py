"""Verbs on differences: found and found again, gone by themselves, ended by a person with a reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true

from reconciliation.models import Difference, DifferenceClass, DifferenceStatus, DifferenceStep
from reconciliation.values import Finding
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict, NotFound

FINANCE, MANAGER = "finance", "manager"
# Whose business it is; a manager of the outlet looks after what billing has not taken.
OWNERS: Mapping[DifferenceClass, str] = {
    **dict.fromkeys(DifferenceClass, FINANCE),
    DifferenceClass.NOT_ACKNOWLEDGED: MANAGER,
}
BY_HAND = (DifferenceStatus.EXPLAINED, DifferenceStatus.CORRECTED)
GONE = "再次比对时差异已消失"


class DifferenceEnded(Conflict):
    code, message = "difference_ended", "这条差异已经处理过"


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """Which differences are meant; `scope` selects the org nodes one may see, None means all."""

    scope: Select[int] | None = None
    on: date | None = None
    kind: DifferenceClass | None = None
    status: DifferenceStatus | None = None
    owner_role: str = ""


def record(*, on: date, finding: Finding, owner_node_id: int | None, now: datetime) -> int:
    """Note what was found; the same finding again is the same row. Its id.

    One that had closed by itself is open again. What a person has explained stays explained
    while both sides say the same; once they say something else it is open again.
    """
    said = {
        "order_id": finding.order_id,
        "theirs_fen": finding.theirs_fen,
        "ours_fen": finding.ours_fen,
        "evidence": dict(finding.evidence),
        "seen_at": now,
    }
    key = {"business_on": on, "kind": finding.kind, "subject": finding.subject}
    first = {
        **key,
        **said,
        "owner_role": OWNERS[finding.kind],
        "owner_node_id": owner_node_id,
        "status": DifferenceStatus.OPEN,
        "found_at": now,
    }
    if upsert(Difference, first, key=tuple(key)):
        row = _by_key(key)
        _step(row, None, DifferenceStatus.OPEN, "system", "首次发现", now)
        return row.id
    row = _by_key(key)
    amounts = (row.theirs_fen, row.ours_fen)
    for name, value in said.items():
        setattr(row, name, value)
    is_new = amounts != (finding.theirs_fen, finding.ours_fen)
    if row.status == DifferenceStatus.CLOSED or (row.status in BY_HAND and is_new):
        _reopen(row, now)
    return row.id


def end_vanished(*, on: date, seen: Collection[int], now: datetime) -> int:
    """Close by themselves the open differences of a day that were not found again; how many."""
    rows = db.session.scalars(
        select(Difference).where(
            Difference.business_on == on, Difference.status == DifferenceStatus.OPEN
        )
    ).all()
    gone = [row for row in rows if row.id not in seen]
    for row in gone:
        _end(row, DifferenceStatus.CLOSED, "system", GONE, now)
    return len(gone)


def end_difference(
    *, difference_id: int, to: DifferenceStatus, actor: str, reason: str, now: datetime
) -> None:
    """A person says why it is all right, or that it was put right. DifferenceEnded, NotFound."""
    row = locked(select(Difference).where(Difference.id == difference_id))
    if row is None:
        raise NotFound
    if row.status != DifferenceStatus.OPEN:
        raise DifferenceEnded
    if to not in BY_HAND:
        raise ValueError("a person explains or corrects")
    _end(row, to, actor, reason, now)


def differences_found(
    wanted: DifferenceFilter, *, after: int = 0, limit: int
) -> Sequence[Difference]:
    """The differences meant, the oldest first; `after` skips that many."""
    query = select(Difference).where(*_conditions(wanted))
    query = query.order_by(Difference.found_at, Difference.id)
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_differences(wanted: DifferenceFilter) -> int:
    """How many are meant."""
    query = select(func.count()).select_from(Difference).where(*_conditions(wanted))
    return db.session.scalar(query) or 0


def count_open_differences() -> dict[str, int]:
    """How many are open, of each class there is."""
    query = select(Difference.kind, func.count()).where(Difference.status == DifferenceStatus.OPEN)
    counts = dict(db.session.execute(query.group_by(Difference.kind)).all())
    return {kind: counts.get(kind, 0) for kind in DifferenceClass}


def difference_within(difference_id: int, scope: Select[int] | None) -> Difference:
    """The difference of this id within a scope. Raises NotFound."""
    wanted = _conditions(DifferenceFilter(scope=scope))
    query = select(Difference).where(Difference.id == difference_id, *wanted)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("差异不存在")
    return row


def steps_of(difference_id: int) -> Sequence[DifferenceStep]:
    """Everything that happened to a difference, first one first."""
    query = select(DifferenceStep).where(DifferenceStep.difference_id == difference_id)
    return db.session.scalars(query.order_by(DifferenceStep.id)).all()


def open_counts(days: Collection[date]) -> dict[date, int]:
    """How many differences are open per day."""
    query = (
        select(Difference.business_on, func.count())
        .where(Difference.business_on.in_(days), Difference.status == DifferenceStatus.OPEN)
        .group_by(Difference.business_on)
    )
    return {on: count for on, count in db.session.execute(query)}  # noqa: C416 - rows are no pairs to dict()


def _conditions(wanted: DifferenceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [true()]
    if wanted.scope is not None:
        found.append(Difference.owner_node_id.in_(wanted.scope))
    for column, value in (
        (Difference.business_on, wanted.on),
        (Difference.kind, wanted.kind),
        (Difference.status, wanted.status),
        (Difference.owner_role, wanted.owner_role),
    ):
        if value:
            found.append(column == value)
    return found


def _by_key(key: Mapping[str, Any]) -> Difference:
    return db.session.scalars(select(Difference).filter_by(**key)).one()


def _reopen(row: Difference, now: datetime) -> None:
    before = row.status
    row.status, row.ended_at, row.ended_by, row.reason = DifferenceStatus.OPEN, None, None, None
    _step(row, before, DifferenceStatus.OPEN, "system", "再次发现", now)


def _end(row: Difference, to: DifferenceStatus, actor: str, reason: str, now: datetime) -> None:
    before = row.status
    row.status, row.ended_at, row.ended_by, row.reason = to, now, actor, reason[:200]
    _step(row, before, to, actor, reason, now)


def _step(
    row: Difference, before: str | None, to: str, actor: str, reason: str, now: datetime
) -> None:
    db.session.add(
        DifferenceStep(
            difference_id=row.id,
            from_status=before,
            to_status=to,
            actor=actor,
            reason=reason[:200],
            moved_at=now,
        )
    )
