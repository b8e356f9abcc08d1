"""Verbs on the people of a campaign: frozen, taken in chunks to be written to, marked, opted out.

Each change of where somebody stands is counted with it (`campaigns.counts`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, literal, select, update

from campaigns.counts import counted
from campaigns.models import (
    Campaign,
    OptOut,
    Pace,
    Recipient,
    RecipientStatus,
    SendQuota,
    Way,
)
from wx_backend.db import Instant, db, insert_missing, locked, upsert
from wx_backend.sql import among, given

IN_FLIGHT: Final = timedelta(seconds=60)
ASK_AGAIN: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Taken:
    """A person whose turn it is; with `message_id` he was tried before."""

    id: int
    identity_id: int
    rep_id: int | None
    variant: int
    tries: int
    message_id: int | None
    way: str | None
    was_sending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What became of a person's turn; `due_at` is when to try again, of those that stay open."""

    id: int
    status: RecipientStatus
    due_at: datetime
    message_id: int | None = None
    way: str | None = None
    reason: str | None = None
    error: str | None = None


def freeze_rows(campaign_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add people to a frozen audience; who is in it already, under another identity too, stays."""
    with counted(campaign_id, among(Recipient.identity_id, [row["identity_id"] for row in rows])):
        insert_missing(Recipient, rows)


def take(campaign_id: int, *, limit: int, now: datetime) -> list[Taken]:
    """The next people whose turn it is, locked: each is to be marked as taken in this transaction.

    First whoever was tried without an answer: what is repeated later than in eight minutes is not
    repeated at all, and a million may still be waiting.
    """
    taken = _due(campaign_id, RecipientStatus.SENDING, limit=limit, now=now)
    if (left := limit - len(taken)) > 0:
        taken += _due(campaign_id, RecipientStatus.WAITING, limit=left, now=now)
    return taken


def in_doubt(campaign_id: int, *, limit: int, before: datetime) -> list[Taken]:
    """Who was being written to, and of whom nothing has been heard since an instant. Locks them."""
    return _due(campaign_id, RecipientStatus.SENDING, limit=limit, now=before)


def _due(campaign_id: int, status: RecipientStatus, *, limit: int, now: datetime) -> list[Taken]:
    """Whose turn it is, of those of one status, the longest due first."""
    due = (
        select(
            Recipient.id,
            Recipient.identity_id,
            Recipient.rep_id,
            Recipient.variant,
            Recipient.tries,
            Recipient.message_id,
            Recipient.way,
        )
        .where(
            Recipient.campaign_id == campaign_id,
            Recipient.status == status,
            Recipient.due_at <= now,
        )
        .order_by(Recipient.due_at, Recipient.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    was_sending = status is RecipientStatus.SENDING
    return [Taken(*row, was_sending=was_sending) for row in db.session.execute(due)]


def mark(campaign_id: int, marks: Iterable[Mark], *, taken_at: datetime | None = None) -> None:
    """Write down what became of people's turns, all at once; with `taken_at`, whose turn begins with it."""
    rows = [{name: getattr(each, name) for name in Mark.__slots__} for each in marks]
    if not rows:
        return
    table = Recipient.__table__
    new = given({name: table.c[name].type for name in Mark.__slots__}, rows)
    values: dict[str, Any] = {name: new.c[name] for name in Mark.__slots__ if name != "id"}
    if taken_at is not None:
        values |= {"taken_at": literal(taken_at, Instant), "tries": table.c.tries + 1}
    with counted(campaign_id, among(Recipient.id, [row["id"] for row in rows])):
        db.session.connection().execute(
            update(table).where(table.c.id == new.c.id).values(values)  # type: ignore[arg-type]  # declared as FromClause
        )


def correct(message_id: int, status: RecipientStatus, *, error: str | None) -> None:
    """What truly became of somebody, known after his turn was over; whose turn is not over is left.

    Who is on his way is marked by his sender, who asks the message where it stands.
    """
    row = locked(
        select(Recipient).where(
            Recipient.message_id == message_id,
            Recipient.status.in_([RecipientStatus.SENT, RecipientStatus.UNKNOWN]),
        )
    )
    if row is not None:
        with counted(row.campaign_id, Recipient.id == row.id):
            row.status, row.error = status, error
            db.session.flush()


def note_breaker(campaign: Campaign, *, last_error: str, equal_errors: int) -> None:
    """How many sends in a row were refused with the same error."""
    campaign.last_error, campaign.equal_errors = last_error[:40], equal_errors


def reserve_slot(appid: str, *, count: int, rate: float, now: datetime) -> datetime:
    """Take the time to send `count` messages at `rate` a second; when it begins.

    Of all senders of an account each gets a slot of its own. Locks the account's pace.
    """
    pace = lock_pace(appid, now=now)
    begins_at = max(now, pace.free_at)
    pace.free_at = begins_at + timedelta(seconds=count / rate)
    return begins_at


def lock_pace(appid: str, *, now: datetime) -> Pace:
    """The account's pace, locked."""
    upsert(Pace, {"appid": appid, "free_at": now}, key=("appid",))
    pace = locked(select(Pace).where(Pace.appid == appid))
    assert pace is not None  # noqa: S101 - made above
    return pace


def note_quota(*, appid: str, way: Way, daily_limit: int, remaining: int, now: datetime) -> None:
    """What the platform says is left today of the calls a way needs."""
    row = {
        "appid": appid,
        "way": way,
        "daily_limit": daily_limit,
        "remaining": remaining,
        "asked_at": now,
    }
    changing = ("daily_limit", "remaining", "asked_at")
    upsert(SendQuota, row, key=("appid", "way"), update=changing)


def use_quota(appid: str, used: Mapping[Way, int]) -> None:
    """Count calls down until the platform is asked again."""
    for way, count in used.items():
        db.session.execute(
            update(SendQuota)
            .where(SendQuota.appid == appid, SendQuota.way == way)
            .values(remaining=SendQuota.remaining - count)
        )


def opt_out(*, identity_id: int, now: datetime) -> None:
    """Somebody does not want campaigns any more."""
    upsert(OptOut, {"identity_id": identity_id, "opted_out_at": now}, key=("identity_id",))


def opt_in(*, identity_id: int) -> None:
    """He does again."""
    db.session.execute(delete(OptOut).where(OptOut.identity_id == identity_id))
