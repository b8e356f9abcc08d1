"""Verbs on what did not fit: opened once per key, closed by a person or by what put it right."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from payments.models import ExceptionItem, ExceptionKind
from wx_backend.db import db, upsert


def open_exception(
    *,
    kind: ExceptionKind,
    key: str,
    details: dict[str, Any],
    now: datetime,
    payment_id: int | None = None,
) -> bool:
    """Put something before a person's eyes; False when it lies there already.

    `key` says what it is about (an out_trade_no, an out_refund_no); `details` is plain JSON.
    """
    values = {
        "key": f"{kind}:{key}",
        "kind": kind,
        "payment_id": payment_id,
        "details": details,
        "opened_at": now,
    }
    return upsert(ExceptionItem, values, key=("key",))


def close_exception(
    *, kind: ExceptionKind, key: str, by: str, resolution: str, now: datetime
) -> bool:
    """Say how it was put right; False when it is not open."""
    changed = db.session.execute(
        update(ExceptionItem)
        .where(ExceptionItem.key == f"{kind}:{key}", ExceptionItem.closed_at.is_(None))
        .values(closed_at=now, closed_by=by, resolution=resolution)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def close_item(*, item_id: int, by: str, resolution: str, now: datetime) -> bool:
    """A person says how one item was put right; False when it is not open."""
    changed = db.session.execute(
        update(ExceptionItem)
        .where(ExceptionItem.id == item_id, ExceptionItem.closed_at.is_(None))
        .values(closed_at=now, closed_by=by, resolution=resolution)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
