"""Verbs and reads of reassignment: one person asks, another decides, and what was decided stays."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union_all

from referral.models import Dispute
from referral.reassignment_models import Reassignment, ReassignmentVerdict
from wx_backend.db import db, inserted, locked
from wx_backend.errors import Conflict, Forbidden, NotFound, NotTheAsker


class ReassignmentWaits(Conflict):
    code, message = "reassignment_waits", "这一行已有改判等待审批，请先审批或撤回"


class ReassignmentDecided(Conflict):
    code, message = "reassignment_decided", "这个改判申请已经审批过或撤回"


class OwnReassignment(Forbidden):
    code, message = "own_reassignment", "不能审批自己提交的申请"


def ask_to_reassign(
    dispute: Dispute,
    *,
    from_rep_id: int,
    to_rep_id: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Ask that a line be another rep's; one of a line waits at a time. Raises ReassignmentWaits."""
    values = {
        "dispute_id": dispute.id,
        "order_line_id": dispute.order_line_id,
        "from_rep_id": from_rep_id,
        "to_rep_id": to_rep_id,
        "reason": reason,
        "asked_by": actor,
        "asked_at": now,
        "note": "",
    }
    if inserted(Reassignment, values, key=()) is None:
        raise ReassignmentWaits


def undecided_reassignment(reassignment_id: int) -> Reassignment:
    """One that waits, locked. Raises NotFound, ReassignmentDecided."""
    asked = locked(select(Reassignment).where(Reassignment.id == reassignment_id))
    if asked is None:
        raise NotFound("没有这个改判申请")
    if asked.verdict is not None:
        raise ReassignmentDecided
    return asked


def require_second(asked: Reassignment, actor: str) -> None:
    """Raises OwnReassignment for who asked himself."""
    if asked.asked_by == actor:
        raise OwnReassignment


def decide_reassignment(
    asked: Reassignment,
    *,
    verdict: ReassignmentVerdict,
    note: str,
    actor: str,
    now: datetime,
    moved_fen: int | None = None,
) -> None:
    """Another person says what becomes of it; approved, with what moved. Raises OwnReassignment."""
    require_second(asked, actor)
    asked.moved_fen = moved_fen
    _note(asked, verdict, note, actor, now)


def withdraw_reassignment(asked: Reassignment, *, actor: str, now: datetime) -> None:
    """Whoever asked takes it back. Raises NotTheAsker."""
    if asked.asked_by != actor:
        raise NotTheAsker
    _note(asked, ReassignmentVerdict.WITHDRAWN, "", actor, now)


def reassignment_about(
    reassignment_id: int, lines: Select[int] | None, reps: Select[int]
) -> Reassignment:
    """One about these lines, towards these reps; NotFound for foreign as for missing ones."""
    query = select(Reassignment).where(Reassignment.id == reassignment_id, _is_of(lines, reps))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound("没有这个改判申请")
    return found


def agreed_reassignment(reassignment_id: int) -> Reassignment:
    """One that was agreed to. Raises NotFound."""
    found = db.session.get(Reassignment, reassignment_id)
    if found is None or found.verdict != ReassignmentVerdict.APPROVED:
        raise NotFound("没有这个改判")
    return found


def reassignments_waiting(
    lines: Select[int] | None, reps: Select[int], *, limit: int
) -> Sequence[Reassignment]:
    """What waits for a second person about these lines, towards these reps, the oldest first."""
    query = select(Reassignment).where(Reassignment.verdict.is_(None), _is_of(lines, reps))
    return db.session.scalars(query.order_by(Reassignment.id).limit(limit)).all()


def reassignments_of_dispute(dispute_id: int) -> Sequence[Reassignment]:
    """Everything that was ever asked for by a dispute, the newest first."""
    return db.session.scalars(
        select(Reassignment)
        .where(Reassignment.dispute_id == dispute_id)
        .order_by(Reassignment.id.desc())
    ).all()


def reassigned(order_line_ids: Iterable[int]) -> Sequence[Reassignment]:
    """What became of these lines after they were paid, in the order it was agreed to."""
    return db.session.scalars(
        select(Reassignment)
        .where(
            Reassignment.order_line_id.in_(set(order_line_ids)),
            Reassignment.verdict == ReassignmentVerdict.APPROVED,
        )
        .order_by(Reassignment.decided_at, Reassignment.id)
    ).all()


def reassigned_before(
    rep_id: int, before: tuple[datetime, int], *, limit: int
) -> Sequence[Reassignment]:
    """What was given to a rep or taken from him before a position (instant and id), the newest first."""
    at, reassignment_id = before
    halves = [
        select(Reassignment.id)
        .where(
            rep == rep_id,
            Reassignment.verdict == ReassignmentVerdict.APPROVED,
            or_(
                Reassignment.decided_at < at,
                and_(Reassignment.decided_at == at, Reassignment.id < reassignment_id),
            ),
        )
        .order_by(Reassignment.decided_at.desc(), Reassignment.id.desc())
        .limit(limit)
        .subquery()
        for rep in (Reassignment.from_rep_id, Reassignment.to_rep_id)
    ]
    newest = union_all(*(select(half.c.id) for half in halves))
    return db.session.scalars(
        select(Reassignment)
        .where(Reassignment.id.in_(newest))
        .order_by(Reassignment.decided_at.desc(), Reassignment.id.desc())
        .limit(limit)
    ).all()


def last_given(rep_id: int) -> dict[int, Reassignment]:
    """By line, the last time it was given to a rep or taken from him; whoever has it next had it from him."""
    rows = db.session.scalars(
        select(Reassignment)
        .where(
            or_(Reassignment.from_rep_id == rep_id, Reassignment.to_rep_id == rep_id),
            Reassignment.verdict == ReassignmentVerdict.APPROVED,
        )
        .order_by(Reassignment.decided_at, Reassignment.id)
    )
    return {each.order_line_id: each for each in rows}


def disputes_that_wait(dispute_ids: Iterable[int]) -> frozenset[int]:
    """Those of these disputes of which a reassignment waits for a second person."""
    query = select(Reassignment.dispute_id).where(
        Reassignment.dispute_id.in_(set(dispute_ids)), Reassignment.verdict.is_(None)
    )
    return frozenset(db.session.scalars(query))


def _is_of(lines: Select[int] | None, reps: Select[int]) -> ColumnElement[bool]:
    about = true() if lines is None else Reassignment.order_line_id.in_(lines)
    return about & Reassignment.to_rep_id.in_(reps)


def _note(
    asked: Reassignment, verdict: ReassignmentVerdict, note: str, actor: str, now: datetime
) -> None:
    asked.verdict, asked.note = verdict, note
    asked.decided_by, asked.decided_at = actor, now
    db.session.flush()
