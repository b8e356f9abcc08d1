"""Return files of finance: kept once by their content, looked at first, applied once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update

from settlement.payouts.models import PayoutReturn
from wx_backend.db import db, upsert


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One row as read: `line` counts from 1; `error` says why it could not be read, if so.

    `is_paid` is finance's word, `reason` why it failed.
    """

    line: int
    number: str
    amount_fen: int
    is_paid: bool
    reason: str
    error: str = ""


def keep_return(
    *, batch_id: int, raw: bytes, name: str, rows: Sequence[ReturnRow], actor: str, now: datetime
) -> int:
    """Keep a file as it was read; the id of the row of this very content."""
    digest = sha256(raw).digest()
    values: dict[str, Any] = {
        "batch_id": batch_id,
        "digest": digest,
        "name": name[:100],
        "rows": [asdict(row) for row in rows],
        "uploaded_by": actor,
        "uploaded_at": now,
    }
    upsert(PayoutReturn, values, key=("batch_id", "digest"))
    return db.session.scalars(
        select(PayoutReturn.id).where(
            PayoutReturn.batch_id == batch_id, PayoutReturn.digest == digest
        )
    ).one()


def mark_applied(*, return_id: int, actor: str, now: datetime) -> bool:
    """Note that a file was applied; False when it had been."""
    changed = db.session.execute(
        update(PayoutReturn)
        .where(PayoutReturn.id == return_id, PayoutReturn.applied_by.is_(None))
        .values(applied_by=actor, applied_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def rows_of(kept: PayoutReturn) -> list[ReturnRow]:
    """The rows of a kept file."""
    return [ReturnRow(**row) for row in kept.rows]
