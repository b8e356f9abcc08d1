"""Proofs of the closed months as rows: asked for, under way, ended; a page shows the latest."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from settlement.statements.chain import Proof, count_frozen
from settlement.statements.models import ChainProof
from wx_backend.db import db

GIVEN_UP: Final = timedelta(hours=6)
"""A proof that has not ended by then died: another may be asked for."""


def ask_proof(*, by: str, now: datetime) -> int | None:
    """Write down that somebody wants all closed months recomputed; None while that is under way."""
    before = latest_proof()
    if before is not None and before.ended_at is None and before.asked_at > now - GIVEN_UP:
        return None
    row = ChainProof(asked_by=by, asked_at=now, total=count_frozen())
    db.session.add(row)
    db.session.flush()
    return row.id


def note_progress(*, proof_id: int, statements: int) -> None:
    """So many statements are done."""
    db.session.get_one(ChainProof, proof_id).statements = statements


def record_proof(*, proof_id: int, proof: Proof, now: datetime) -> None:
    """What came out."""
    row = db.session.get_one(ChainProof, proof_id)
    row.periods, row.statements, row.root = proof.periods, proof.statements, proof.root
    row.ended_at = now
    if proof.broken is not None:
        row.broken_month, row.broken_why = proof.broken.month, proof.broken.why
        row.broken_number = proof.broken.number


def latest_proof() -> ChainProof | None:
    """The proof asked for last, ended or not."""
    return db.session.scalars(select(ChainProof).order_by(ChainProof.id.desc()).limit(1)).first()


def latest_ended() -> ChainProof | None:
    """The last proof that came to an end."""
    return db.session.scalars(
        select(ChainProof)
        .where(ChainProof.ended_at.is_not(None))
        .order_by(ChainProof.id.desc())
        .limit(1)
    ).first()
