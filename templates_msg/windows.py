"""Customer-service messages are allowed for a while after somebody did something: counted here.

The platform's table (customer-service messages, Official Account): a message opens 48 hours for
five messages; a menu tap, a follow or a scan opens one minute for three. It gives no way to ask
what is left, so we count; 45015 and 45047 are its refusals should it count otherwise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update

from templates_msg.models import ReplyWindow, Trigger
from wx_backend.db import db, upsert_all


@dataclass(frozen=True, slots=True)
class Allowance:
    """How long a window stays open and how many messages fit into it."""

    length: timedelta
    messages: int


ALLOWANCES: Final[Mapping[Trigger, Allowance]] = {
    Trigger.MESSAGE: Allowance(timedelta(hours=48), 5),
    Trigger.MENU: Allowance(timedelta(minutes=1), 3),
    Trigger.FOLLOW: Allowance(timedelta(minutes=1), 3),
    Trigger.SCAN: Allowance(timedelta(minutes=1), 3),
}


def open_window(*, identity_id: int, trigger: Trigger, at: datetime) -> None:
    """Somebody did something at `at`; an older act that becomes known later changes nothing."""
    allowance = ALLOWANCES[trigger]
    row = {
        "identity_id": identity_id,
        "trigger": trigger,
        "opened_at": at,
        "closes_at": at + allowance.length,
        "remaining": allowance.messages,
    }
    upsert_all(
        ReplyWindow,
        [row],
        key=("identity_id", "trigger"),
        change=lambda _old, new: {
            name: new[name] for name in ("opened_at", "closes_at", "remaining")
        },
        where=lambda old, new: old.opened_at < new.opened_at,
    )


def use_window(*, identity_id: int, now: datetime) -> bool:
    """Take one message from the window that closes first; False when none is open."""
    window = db.session.scalar(
        select(ReplyWindow.id)
        .where(
            ReplyWindow.identity_id == identity_id,
            ReplyWindow.closes_at > now,
            ReplyWindow.remaining > 0,
        )
        .order_by(ReplyWindow.closes_at)
        .limit(1)
    )
    used = db.session.execute(
        update(ReplyWindow)
        .where(ReplyWindow.id == window, ReplyWindow.remaining > 0)
        .values(remaining=ReplyWindow.remaining - 1)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def reachable(identity_ids: Collection[int], *, until: datetime) -> dict[int, int]:
    """Who of these may be written to until an instant at least, and how often."""
    rows = db.session.execute(
        select(ReplyWindow.identity_id, func.sum(ReplyWindow.remaining))
        .where(
            ReplyWindow.identity_id.in_(identity_ids),
            ReplyWindow.closes_at > until,
            ReplyWindow.remaining > 0,
        )
        .group_by(ReplyWindow.identity_id)
    )
    return {identity_id: int(left) for identity_id, left in rows}
