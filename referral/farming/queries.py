"""Reads of farming: flags of some reps, their evidence, and whose pay-outs are held for one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, distinct, func, or_, select

from referral.farming.models import FarmingEvidence, FarmingFlag, FarmingKind, FarmingVerdict
from wx_backend.db import db

Name = tuple[str, int]
"""A row of evidence by its source and id."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much evidence a flag has, of how many (people, or order lines), and from when to when."""

    rows: int
    whose: int
    first_at: datetime
    last_at: datetime


def flags_of(reps: Select[int], *, after: int, limit: int) -> Sequence[FarmingFlag]:
    """The flags on some reps, those nobody decided on first, then the newest first."""
    return db.session.scalars(
        select(FarmingFlag)
        .where(FarmingFlag.rep_id.in_(reps))
        .order_by(FarmingFlag.verdict.is_not(None), FarmingFlag.id.desc())
        .offset(after)
        .limit(limit)
    ).all()


def count_flags(reps: Select[int]) -> int:
    """How many flags there are on some reps."""
    return (
        db.session.scalar(
            select(func.count()).select_from(FarmingFlag).where(FarmingFlag.rep_id.in_(reps))
        )
        or 0
    )


def count_undecided(reps: Select[int]) -> int:
    """How many flags on some reps nobody has decided on."""
    query = select(func.count()).select_from(FarmingFlag)
    waiting = query.where(FarmingFlag.rep_id.in_(reps), FarmingFlag.verdict.is_(None))
    return db.session.scalar(waiting) or 0


def flag_on(flag_id: int, reps: Select[int]) -> FarmingFlag | None:
    """The flag of this id, if it is on one of some reps."""
    return db.session.scalar(
        select(FarmingFlag)
        .where(FarmingFlag.id == flag_id, FarmingFlag.rep_id.in_(reps))
        .execution_options(populate_existing=True)
    )


def extents(flag_ids: Collection[int]) -> dict[int, Extent]:
    """How much evidence each of these flags has."""
    at = FarmingEvidence.at
    rows = db.session.execute(
        select(
            FarmingEvidence.flag_id,
            func.count(),
            func.count(distinct(FarmingEvidence.who)),
            func.min(at),
            func.max(at),
        )
        .where(FarmingEvidence.flag_id.in_(flag_ids))
        .group_by(FarmingEvidence.flag_id)
    )
    return {
        flag_id: Extent(count, whose, first_at, last_at)
        for flag_id, count, whose, first_at, last_at in rows
    }


def evidence_of(flag_id: int, *, after: int, limit: int) -> Sequence[FarmingEvidence]:
    """The rows a flag was raised for, as they happened."""
    return db.session.scalars(
        select(FarmingEvidence)
        .where(FarmingEvidence.flag_id == flag_id)
        .order_by(FarmingEvidence.at, FarmingEvidence.row_id, FarmingEvidence.source)
        .offset(after)
        .limit(limit)
    ).all()


def open_evidence(rep_id: int, kind: FarmingKind) -> dict[Name, int]:
    """What flags that still take in rows have already: the flag by row."""
    rows = db.session.execute(
        select(FarmingEvidence.source, FarmingEvidence.row_id, FarmingFlag.id)
        .join(FarmingFlag, FarmingFlag.id == FarmingEvidence.flag_id)
        .where(
            FarmingFlag.rep_id == rep_id,
            FarmingFlag.kind == kind,
            or_(FarmingFlag.verdict.is_(None), FarmingFlag.verdict != FarmingVerdict.HARMLESS),
        )
    )
    return {(source, row_id): flag_id for source, row_id, flag_id in rows}


def harmless_rows(rep_id: int, kind: FarmingKind) -> frozenset[Name]:
    """What somebody found harmless: it makes no pattern any more."""
    rows = db.session.execute(
        select(FarmingEvidence.source, FarmingEvidence.row_id)
        .join(FarmingFlag, FarmingFlag.id == FarmingEvidence.flag_id)
        .where(
            FarmingFlag.rep_id == rep_id,
            FarmingFlag.kind == kind,
            FarmingFlag.verdict == FarmingVerdict.HARMLESS,
        )
    )
    return frozenset((source, row_id) for source, row_id in rows)


def is_held(rep_id: int) -> bool:
    """Whether nothing is paid out to a rep while a flag on him is looked into."""
    held = select(FarmingFlag.id).where(
        FarmingFlag.rep_id == rep_id, FarmingFlag.verdict == FarmingVerdict.HELD
    )
    return db.session.scalar(held.limit(1)) is not None
