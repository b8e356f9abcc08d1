"""Verbs and reads of the files exchanged with billing: one per day, each acknowledgement once."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from orders.models import BillingAcknowledgement, BillingFile
from wx_backend.db import db, locked, upsert


def open_file(*, day: date, name: str, order_ids: Sequence[int], now: datetime) -> bool:
    """Fix whose orders the file of a day holds; False when that was done before."""
    values = {
        "day": day,
        "name": name,
        "order_ids": list(order_ids),
        "accepted": 0,
        "refused": 0,
        "made_at": now,
    }
    return upsert(BillingFile, values, key=("day",))


def file_of_day(day: date) -> BillingFile | None:
    """The file of a day, locked."""
    return locked(select(BillingFile).where(BillingFile.day == day))


def mark_written(*, day: date, now: datetime) -> None:
    """The file lies where billing finds it."""
    file = file_of_day(day)
    if file is not None and file.written_at is None:
        file.written_at = now


def take_acknowledgement(*, digest: bytes, name: str, lines: int, now: datetime) -> bool:
    """Note that these bytes were read; False when they were before.

    `name` is that of our file with something behind it; the file is marked as acknowledged.
    """
    file = locked(select(BillingFile).where(BillingFile.name == answered_by(name)))
    values = {
        "digest": digest,
        "name": name,
        "file_id": file.id if file else None,
        "lines": lines,
        "read_at": now,
    }
    if not upsert(BillingAcknowledgement, values, key=("digest",)):
        return False
    if file is not None:
        file.acknowledged_at = now
    return True


def count_decisions(*, name: str, accepted: int, refused: int) -> None:
    """Add to what an acknowledgement decided about its file; nothing for a file of nobody."""
    file = locked(select(BillingFile).where(BillingFile.name == answered_by(name)))
    if file is not None:
        file.accepted += accepted
        file.refused += refused


def answered_by(name: str) -> str:
    """The name of the file an acknowledgement answers: `X.csv.ack2` answers `X.csv`."""
    return name.rpartition(".csv")[0] + ".csv"


def latest_files(*, limit: int) -> Sequence[BillingFile]:
    """The newest files first."""
    return db.session.scalars(
        select(BillingFile).order_by(BillingFile.day.desc()).limit(limit)
    ).all()
