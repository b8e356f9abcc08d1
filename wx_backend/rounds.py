"""Rounds of asking about rows that wait: whoever was asked about longest ago comes first.

Asking marks a row, so that however many are stuck, the others have their turn.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from wx_backend.db import Instant, db


class InRounds:
    """A row that is asked about in rounds: `chased_at` is when it was last."""

    chased_at: Mapped[datetime | None] = mapped_column(Instant)


def take_round(
    table: Any,
    *conditions: ColumnElement[bool],
    since: Any,
    before: datetime,
    now: datetime,
    limit: int,
) -> list[int]:
    """Up to `limit` ids of rows to ask about now, marked as asked about.

    A row's turn comes when it was last asked about at `before` or earlier; `since` is the column
    that says since when it waits. What somebody works on this moment is left for the next round.
    """
    last = func.coalesce(table.chased_at, since)
    turn = (
        select(table.id)
        .where(*conditions, last <= before)
        .order_by(last, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(db.session.scalars(turn))
    db.session.execute(
        update(table)
        .where(table.id.in_(ids))
        .values(chased_at=now)
        .execution_options(synchronize_session=False)
    )
    return ids
