"""Overdue nodes climb from tier to tier: when, and which are due to climb."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from fulfilment.models import Chain, ChainStatus, Escalation, Task
from fulfilment.moves import LIVE
from fulfilment.nodes import Owner
from org.models import Tier
from wx_backend.db import db, upsert

CLIMBING: Final = (Owner.POOL, Owner.OUTLET, Owner.BILLING, Owner.CARRIER)
"""Whose nodes climb; a customer who takes his time is no fault of anybody's."""


@dataclass(frozen=True, slots=True)
class Rung:
    """An overdue node is shown to `tier` this long after it was due."""

    tier: Tier
    below: Tier | None
    after: timedelta


LADDER: Final = (
    Rung(Tier.OUTLET, None, timedelta()),
    Rung(Tier.CITY, Tier.OUTLET, timedelta(hours=4)),
    Rung(Tier.PROVINCE, Tier.CITY, timedelta(hours=24)),
)


def tasks_to_climb(rung: Rung, *, now: datetime, limit: int = 200) -> Sequence[tuple[Chain, Task]]:
    """Open nodes that are overdue long enough for a rung and stand on the one below it."""
    stands = Task.tier.is_(None) if rung.below is None else Task.tier == rung.below
    rows = db.session.execute(
        select(Chain, Task)
        .join(Task, Task.chain_id == Chain.id)
        .where(
            Task.status.in_(LIVE),
            Task.due_at <= now - rung.after,
            Task.owner.in_(CLIMBING),
            Chain.status == ChainStatus.RUNNING,
            stands,
        )
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    return [(chain, task) for chain, task in rows]


def climb(task: Task, rung: Rung, *, node_id: int | None, now: datetime) -> bool:
    """Mark a node as shown to a tier; False when it was, or is over meanwhile.

    Without a place of that tier it only moves up.
    """
    stands = Task.tier.is_(None) if rung.below is None else Task.tier == rung.below
    changed = db.session.execute(
        update(Task)
        .where(Task.id == task.id, Task.status.in_(LIVE), stands)
        .values(tier=rung.tier)
        .execution_options(synchronize_session="fetch")
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        return False
    if node_id is None:
        return False
    values = {"task_id": task.id, "tier": rung.tier, "node_id": node_id, "raised_at": now}
    return upsert(Escalation, values, key=("task_id", "tier"))
