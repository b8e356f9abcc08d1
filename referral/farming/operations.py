"""Verbs of farming: raise a flag, once for the same rows, and decide on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from referral.farming.models import FarmingEvidence, FarmingFlag, FarmingKind, FarmingVerdict
from referral.farming.queries import open_evidence
from referral.farming.rules import Seen
from wx_backend.db import db, insert_missing, locked, upsert
from wx_backend.errors import Conflict


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of a flag, and why; `was` is what the page he looked at said of it.

    `rows` is how much evidence it showed.
    """

    was: FarmingVerdict | None
    verdict: FarmingVerdict
    reason: str
    rows: int


class DecidedMeanwhile(Conflict):
    """Somebody decided, or more was found, after the page was shown."""

    code, message = "decided_meanwhile", "其他人刚刚作出了判定，或又有新的记录，请刷新后重试"


def raise_flag(*, rep_id: int, kind: FarmingKind, rows: Sequence[Seen], now: datetime) -> int:
    """Keep rows that make a pattern as evidence: of the flag that has some already, or of a new one.

    How many of them were new. Nothing else comes of it: credit and money stay as they are.
    """
    known = open_evidence(rep_id, kind)
    fresh = [row for row in rows if row.name not in known]
    if not fresh:
        return 0
    had_by = [known[row.name] for row in rows if row.name in known]
    flag_id = min(had_by) if had_by else _new_flag(rep_id, kind, rows[0], now)
    flag = locked(select(FarmingFlag).where(FarmingFlag.id == flag_id))
    if flag is None or flag.verdict == FarmingVerdict.HARMLESS:
        return 0  # found harmless just now: what is left of the pattern is looked for anew
    evidence = [
        {
            "flag_id": flag_id,
            "source": row.source,
            "row_id": row.row_id,
            "who": row.who,
            "at": row.at,
        }
        for row in fresh
    ]
    insert_missing(FarmingEvidence, evidence)
    return len(fresh)


def decide_flag(*, flag_id: int, decision: Decision, actor: str, now: datetime) -> None:
    """Say what a flag comes to.

    Raises DecidedMeanwhile when somebody else said so first, or nobody has seen all of its rows.
    """
    flag = locked(select(FarmingFlag).where(FarmingFlag.id == flag_id))
    if flag is None or flag.verdict != decision.was or _size(flag_id) != decision.rows:
        raise DecidedMeanwhile
    flag.verdict, flag.reason = decision.verdict, decision.reason
    flag.decided_by, flag.decided_at = actor, now
    db.session.flush()


def _size(flag_id: int) -> int:
    query = select(func.count()).where(FarmingEvidence.flag_id == flag_id)
    return db.session.scalar(query) or 0


def _new_flag(rep_id: int, kind: FarmingKind, first: Seen, now: datetime) -> int:
    key = f"{first.source}:{first.row_id}"
    values = {"rep_id": rep_id, "kind": kind, "key": key, "found_at": now, "reason": ""}
    upsert(FarmingFlag, values, key=("rep_id", "kind", "key"))
    return db.session.scalars(
        select(FarmingFlag.id).where(
            FarmingFlag.rep_id == rep_id, FarmingFlag.kind == kind, FarmingFlag.key == key
        )
    ).one()
