"""Verbs on mass sends: a part is opened, begun, taken, refused or given up; its end is told in totals.

Nothing is known of single people afterwards: what is true of a part is true of all in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update

from campaigns.counts import counted
from campaigns.mass_models import MassPart, MassResult, PartStatus
from campaigns.mass_queries import REPEAT_WITHIN, unsettled_parts
from campaigns.models import Campaign, CampaignStatus, Recipient, RecipientStatus
from wx_backend.db import db, locked, upsert

AGAIN_AFTER: Final = timedelta(seconds=61)
"""Sooner it answers 45066, which says nothing."""
TOLD_WITHIN: Final = timedelta(minutes=35)
"""The administrator has half an hour; then the end should have been told."""
ASK_LATER: Final = timedelta(minutes=10)
SUCCESS: Final = "send success"

_STANDS: Final = {
    PartStatus.FINISHED: RecipientStatus.SENT,
    PartStatus.FAILED: RecipientStatus.FAILED,
    PartStatus.REFUSED: RecipientStatus.WAITING,
    PartStatus.WITHDRAWN: RecipientStatus.WAITING,
    PartStatus.UNKNOWN: RecipientStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the platform tells at the end of a mass send: only how many."""

    status: str
    total: int
    filtered: int
    sent: int
    failed: int
    event_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call; `is_repeat`: an earlier one may have arrived."""

    part_id: int
    client_msg_id: str
    media_id: str
    is_repeat: bool


def open_part(campaign: Campaign, recipient_ids: Sequence[int], *, now: datetime) -> MassPart:
    """Make the next call of a mass send, to people who wait; they wait no longer."""
    last = db.session.scalar(
        select(func.max(MassPart.position)).where(MassPart.campaign_id == campaign.id)
    )
    position = (last or 0) + 1
    part = MassPart(
        campaign_id=campaign.id,
        position=position,
        client_msg_id=f"{campaign.number}-{position}",
        status=PartStatus.OPEN,
        due_at=now,
    )
    fill_part(part, recipient_ids, now=now)
    db.session.add(part)
    db.session.flush()
    return part


def fill_part(part: MassPart, recipient_ids: Sequence[int], *, now: datetime) -> None:
    """Put people who wait into a part; they wait no longer."""
    part.first_id, part.last_id = recipient_ids[0], recipient_ids[-1]
    part.people = len(recipient_ids)
    mine = Recipient.id.in_(recipient_ids)
    with counted(part.campaign_id, mine):
        db.session.execute(
            update(Recipient)
            .where(mine, Recipient.status == RecipientStatus.WAITING)
            .values(status=RecipientStatus.SENDING, taken_at=now, tries=Recipient.tries + 1)
            .execution_options(synchronize_session=False)
        )


def empty_part(part: MassPart) -> None:
    """Have everybody of a part that was never sent wait again, to be looked at anew."""
    _turn(part, RecipientStatus.WAITING)


def drop_part(part_id: int) -> None:
    """Make no call (any more): its people wait again, unless an earlier one may have reached them."""
    part = _part(part_id)
    if part.status == PartStatus.OPEN:
        _end(part, PartStatus.WITHDRAWN if part.sent_at is None else PartStatus.UNKNOWN)


def withdraw_unsent(campaign_id: int) -> None:
    """Give the people back of a campaign's calls that were never made: it was stopped."""
    for part in unsettled_parts(campaign_id):
        if part.status == PartStatus.OPEN and part.sent_at is None:
            drop_part(part.id)


def give_up_held(campaign: Campaign, *, now: datetime) -> None:
    """Drop what a campaign that was paused or stopped may not send (again)."""
    if campaign.status == CampaignStatus.STOPPED:
        withdraw_unsent(campaign.id)
    for part in unsettled_parts(campaign.id):
        if part.status == PartStatus.OPEN and _is_too_late(part, now):
            drop_part(part.id)


def note_copy(part_id: int, media_id: str | None) -> None:
    """The copy of the article that a part sends; None to have another made."""
    _part(part_id).media_id = media_id


def begin_part(part_id: int, *, now: datetime) -> Attempt | None:
    """A call is about to be made; None when a repeat would be a second send by now."""
    part = _part(part_id)
    if part.status != PartStatus.OPEN or part.media_id is None:
        return None
    if _is_too_late(part, now):
        _end(part, PartStatus.UNKNOWN)
        return None
    attempt = Attempt(part.id, part.client_msg_id, part.media_id, part.sent_at is not None)
    part.sent_at = part.sent_at or now
    return attempt


def accept_part(part_id: int, msg_id: str | None, *, appid: str, now: datetime) -> None:
    """The platform took it, now or by an earlier call; it may have told the end already."""
    part = _part(part_id)
    part.status, part.accepted_at, part.msg_id, part.error = PartStatus.ACCEPTED, now, msg_id, ""
    part.due_at = now + TOLD_WITHIN
    if msg_id is not None:
        _meet(appid, msg_id, part_id=part.id)


def repeat_part(part_id: int, *, error: str, may_have_arrived: bool, now: datetime) -> None:
    """No answer, or refused for now: the same call again, once the platform can tell."""
    part = _part(part_id)
    part.error, part.due_at = error[:200], now + AGAIN_AFTER
    if not may_have_arrived:
        part.sent_at = None


def refuse_part(part_id: int, *, error: str, may_have_arrived: bool) -> None:
    """Refused for good: its people wait again, unless an earlier call may have reached them."""
    part = _part(part_id)
    part.error = error[:200]
    _end(part, PartStatus.UNKNOWN if may_have_arrived else PartStatus.REFUSED)


def end_part(part_id: int, *, is_sent: bool, error: str = "") -> None:
    """How a part ended, asked for since nobody told."""
    part = _part(part_id)
    if part.status == PartStatus.ACCEPTED:
        part.error = error[:200]
        _end(part, PartStatus.FINISHED if is_sent else PartStatus.FAILED)


def put_off(part_id: int, *, now: datetime) -> None:
    """It is still on its way: ask again later."""
    _part(part_id).due_at = now + ASK_LATER


def record_end(*, appid: str, msg_id: str, told: Told) -> None:
    """The platform tells the end of a mass send; whose it is may not be known yet."""
    half = {name: getattr(told, name) for name in told.__slots__}
    _meet(appid, msg_id, **half)


def _is_too_late(part: MassPart, now: datetime) -> bool:
    """Whether a repeat would be a second send by now."""
    return part.sent_at is not None and now - part.sent_at >= REPEAT_WITHIN


def _meet(appid: str, msg_id: str, **half: object) -> None:
    """Add our half to the row of this job, and end its part once both are there."""
    key = {"appid": appid, "msg_id": msg_id}
    empty = dict.fromkeys(("total", "filtered", "sent", "failed"), 0)
    upsert(MassResult, {**empty, **key, **half}, key=("appid", "msg_id"), update=tuple(half))
    result = locked(select(MassResult).filter_by(**key))
    if result is None or result.part_id is None or result.status is None:
        return
    part = _part(result.part_id)
    if part.status in (PartStatus.ACCEPTED, PartStatus.UNKNOWN):
        is_sent = result.status == SUCCESS
        part.error = "" if is_sent else result.status
        _end(part, PartStatus.FINISHED if is_sent else PartStatus.FAILED)


def _end(part: MassPart, status: PartStatus) -> None:
    """What is true of a part is true of everybody in it."""
    part.status = status
    _turn(part, _STANDS[status])


def _turn(part: MassPart, stands: RecipientStatus) -> None:
    error = part.error[:40] or None if stands is RecipientStatus.FAILED else None
    values: dict[str, object] = {"status": stands, "error": error}
    if stands is RecipientStatus.WAITING:
        values["taken_at"] = None
    mine = Recipient.id.between(part.first_id, part.last_id)
    with counted(part.campaign_id, mine):
        db.session.execute(
            update(Recipient)
            .where(
                Recipient.campaign_id == part.campaign_id,
                mine,
                Recipient.status.in_([RecipientStatus.SENDING, RecipientStatus.UNKNOWN]),
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _part(part_id: int) -> MassPart:
    part = locked(select(MassPart).where(MassPart.id == part_id))
    assert part is not None  # noqa: S101 - parts are never deleted
    return part
