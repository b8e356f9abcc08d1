"""The closed months are proved in the background, once a day and whenever somebody asks."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from settlement.statements.chain import Proving, count_frozen
from settlement.statements.models import ChainProof
from settlement.statements.proofs import (
    ask_proof,
    latest_ended,
    latest_proof,
    note_progress,
    record_proof,
)
from wx_backend import clock
from wx_backend.db import reading
from wx_backend.outbox import Steps, defer, remote_job

log = logging.getLogger(__name__)
EVERY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProofPage:
    """What came out last, and the proof under way if there is one."""

    ended: ChainProof | None
    under_way: ChainProof | None


def proof_page() -> ProofPage:
    """The stored outcome: nothing is recomputed for a look at it."""
    latest = latest_proof()
    is_under_way = latest is not None and latest.ended_at is None
    return ProofPage(latest_ended(), latest if is_under_way else None)


def ask_for_proof(*, by: str, now: datetime) -> bool:
    """Have all closed months recomputed; False while that is under way."""
    proof_id = ask_proof(by=by, now=now)
    if proof_id is None:
        return False
    defer(prove_months, key=str(proof_id), proof_id=proof_id)
    return True


def prove_daily(*, now: datetime) -> int:
    """Ask for a proof unless one was asked for within a day; 0 while no month is closed."""
    latest = latest_proof()
    if (latest is not None and latest.asked_at > now - EVERY) or not count_frozen():
        return 0
    return int(ask_for_proof(by="system", now=now))


@remote_job("periods.prove")
def prove_months(*, proof_id: int) -> Steps:
    """Recompute part after part, each in a look of its own that keeps nobody waiting."""
    proving = Proving()
    steps = proving.steps()
    while (yield partial(_advance, steps)):
        note_progress(proof_id=proof_id, statements=proving.proof.statements)
    record_proof(proof_id=proof_id, proof=proving.proof, now=clock.now())
    if proving.proof.broken is not None:
        log.error("statements do not hold", extra={"month": proving.proof.broken.month})


def _advance(steps: Iterator[int]) -> bool:
    """Do one part; False when none is left."""
    with reading():
        return next(steps, None) is not None
