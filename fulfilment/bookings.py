"""Coming by appointment: the slots of the next morning, and a queue code in one of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select, update

from fulfilment.booking_models import Booking, BookingStatus, NightList, SlotRule, VisitSlot
from fulfilment.models import Chain
from fulfilment.rules import Calendar, opening_after, spans_on
from org.hours import OpeningHours
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict, NotFound

MINUTES, CAPACITY = 15, 4
MORNING: Final = timedelta(hours=3)
BACK_DAYS: Final = 14


class SlotFull(Conflict):
    """Somebody else took the last place of this slot."""

    code, message = "slot_full", "这个时段刚刚约满，请换一个时段"


class NoSuchSlot(Conflict):
    """Not a slot of the next opening, or the outlet is open and needs none."""

    code, message = "no_such_slot", "该时段不能预约，请重新选择"


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of an outlet's next opening, and how many more it takes."""

    starts_at: datetime
    free: int


def slots_after(
    now: datetime, hours: OpeningHours, calendar: Calendar, minutes: int
) -> list[datetime]:
    """When the slots of the next opening begin: its first three hours; none while it is open."""
    begins_at = opening_after(now, hours, calendar)
    if begins_at <= now:
        return []
    ends_at = min(begins_at + MORNING, _closing(begins_at, hours, calendar))
    step = timedelta(minutes=minutes)
    count = (ends_at - begins_at) // step
    return [begins_at + n * step for n in range(count)]


def last_closing(now: datetime, hours: OpeningHours, calendar: Calendar) -> datetime:
    """When the outlet closed last before today; a day ago where it has not been open lately."""
    today = now.astimezone(SHANGHAI).date()
    for back in range(1, BACK_DAYS):
        day = today - timedelta(days=back)
        spans = spans_on(day, hours, calendar)
        if spans:
            return at_minute(day, spans[-1].end)
    return now - timedelta(days=1)


def at_minute(day: date, minute: int) -> datetime:
    """An instant (UTC) by the wall clock of a day in Shanghai."""
    return (datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minute)).astimezone(UTC)


def terms_of(outlet_id: int) -> tuple[int, int]:
    """Minutes and capacity of an outlet's slots."""
    rule = db.session.get(SlotRule, outlet_id)
    return (rule.minutes, rule.capacity) if rule is not None else (MINUTES, CAPACITY)


def set_terms(outlet_id: int, *, minutes: int, capacity: int) -> None:
    """Cut an outlet's morning anew; slots that somebody booked keep their capacity."""
    values = {"outlet_id": outlet_id, "minutes": minutes, "capacity": capacity}
    upsert(SlotRule, values, key=("outlet_id",), update=("minutes", "capacity"))


def free_slots(outlet_id: int, starts: Sequence[datetime]) -> list[Slot]:
    """These slots with how many more they take."""
    _minutes, capacity = terms_of(outlet_id)
    rows = db.session.scalars(
        select(VisitSlot).where(VisitSlot.outlet_id == outlet_id, VisitSlot.starts_at.in_(starts))
    )
    known = {row.starts_at: row.capacity - row.taken for row in rows}
    return [Slot(at, known.get(at, capacity)) for at in starts]


def book(
    *, outlet_id: int, member_id: int, order_id: int | None, starts_at: datetime, now: datetime
) -> Booking:
    """A place and a queue code in a slot; a person who has one there already keeps that one.

    Raises SlotFull: the database refuses the one too many.
    """
    found = open_booking(outlet_id=outlet_id, member_ids=[member_id], order_id=order_id, now=now)
    if found is not None:
        return found
    code = _take_place(outlet_id, starts_at)
    values = {
        "outlet_id": outlet_id,
        "member_id": member_id,
        "order_id": order_id,
        "starts_at": starts_at,
        "code": code,
        "status": BookingStatus.BOOKED,
        "booked_at": now,
    }
    if not upsert(Booking, values, key=()):
        _give_place(outlet_id, starts_at)  # the same person's other tap was faster
    booked = open_booking(outlet_id=outlet_id, member_ids=[member_id], order_id=order_id, now=now)
    assert booked is not None  # noqa: S101 - made above at the latest
    return booked


def open_booking(
    *, outlet_id: int, member_ids: Collection[int], order_id: int | None, now: datetime
) -> Booking | None:
    """The booking that stands: of this order, or of this person at this outlet without one.

    Of several, made by WeChats that were not known to be one person yet, the next. One of a day
    before ended by itself: who did not come was missed.
    """
    mine = (
        Booking.order_id == order_id
        if order_id is not None
        else (Booking.outlet_id == outlet_id)
        & Booking.member_id.in_(member_ids)
        & Booking.order_id.is_(None)
    )
    midnight = at_minute(now.astimezone(SHANGHAI).date(), 0)
    db.session.execute(
        update(Booking)
        .where(mine, Booking.status == BookingStatus.BOOKED, Booking.starts_at < midnight)
        .values(status=BookingStatus.MISSED, ended_by="system", ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalars(
        select(Booking)
        .where(mine, Booking.status == BookingStatus.BOOKED)
        .order_by(Booking.starts_at, Booking.id)
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def bookings_of_members(member_ids: Collection[int], *, since: datetime) -> Sequence[Booking]:
    """A person's bookings from an instant on, the next first."""
    return db.session.scalars(
        select(Booking)
        .where(
            Booking.member_id.in_(member_ids),
            Booking.starts_at >= since,
            Booking.status != BookingStatus.CANCELLED,
        )
        .order_by(Booking.starts_at)
    ).all()


def bookings_at(outlet_id: int, day: date) -> Sequence[Booking]:
    """Who comes to an outlet on a day, by slot and code."""
    return db.session.scalars(
        select(Booking)
        .where(
            Booking.outlet_id == outlet_id,
            Booking.starts_at >= at_minute(day, 0),
            Booking.starts_at < at_minute(day, 24 * 60),
            Booking.status != BookingStatus.CANCELLED,
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def cancel_booking(booking_id: int, *, member_ids: Collection[int], now: datetime) -> None:
    """The person does not come after all; his place is free again. NotFound for another's."""
    found = db.session.get(Booking, booking_id)
    if found is None or found.member_id not in member_ids:
        raise NotFound
    if _end(found, BookingStatus.CANCELLED, by=f"member:{found.member_id}", now=now):
        _give_place(found.outlet_id, found.starts_at)


def hand_bookings(*, order_id: int, member_id: int) -> None:
    """An order is another member's: so is every appointment to fetch it."""
    db.session.execute(
        update(Booking)
        .where(Booking.order_id == order_id)
        .values(member_id=member_id)
        .execution_options(synchronize_session=False)
    )


def visits_after(member_id: int, instant: datetime) -> Sequence[Booking]:
    """What this member booked after an instant to come without an order."""
    return db.session.scalars(
        select(Booking)
        .where(
            Booking.member_id == member_id,
            Booking.order_id.is_(None),
            Booking.booked_at > instant,
        )
        .order_by(Booking.id)
    ).all()


def hand_visit(visit: Booking, *, member_id: int) -> None:
    """An appointment without an order is another's; where he has such a one himself he keeps that."""
    his = select(Booking.id).where(
        Booking.outlet_id == visit.outlet_id,
        Booking.member_id == member_id,
        Booking.order_id.is_(None),
        Booking.status == BookingStatus.BOOKED,
    )
    if visit.status != BookingStatus.BOOKED or db.session.scalar(his) is None:
        visit.member_id = member_id
        db.session.flush()


def note_visit(
    booking_id: int, status: BookingStatus, *, outlet_id: int, actor: str, now: datetime
) -> str:
    """He came, or he did not; his queue code. The same again changes nothing; NotFound elsewhere."""
    found = db.session.get(Booking, booking_id)
    if found is None or found.outlet_id != outlet_id:
        raise NotFound
    if not _end(found, status, by=actor, now=now) and found.status != status:
        raise Conflict("该预约已经登记过了，请刷新查看")
    return found.code


def chains_since(outlet_id: int, since: datetime) -> Sequence[Chain]:
    """What was ordered for an outlet from an instant on."""
    return db.session.scalars(
        select(Chain)
        .where(Chain.outlet_id == outlet_id, Chain.opened_at >= since)
        .order_by(Chain.opened_at, Chain.id)
    ).all()


def busy_outlets(since: datetime, day: date) -> set[int]:
    """The outlets that got orders since an instant or are visited on a day."""
    ordered = (
        select(Chain.outlet_id)
        .distinct()
        .where(Chain.outlet_id.is_not(None), Chain.opened_at >= since)
    )
    visited = (
        select(Booking.outlet_id)
        .distinct()
        .where(
            Booking.starts_at >= at_minute(day, 0),
            Booking.starts_at < at_minute(day, 24 * 60),
            Booking.status == BookingStatus.BOOKED,
        )
    )
    found = {*db.session.scalars(ordered), *db.session.scalars(visited)}
    return {each for each in found if each is not None}


def told_on(day: date) -> set[int]:
    """The outlets that were told on a day."""
    return {*db.session.scalars(select(NightList.outlet_id).where(NightList.day == day))}


def note_told(outlet_id: int, day: date, *, now: datetime) -> bool:
    """The outlet is told of this night; False when it was before."""
    values = {"outlet_id": outlet_id, "day": day, "told_at": now}
    return upsert(NightList, values, key=("outlet_id", "day"))


def _take_place(outlet_id: int, starts_at: datetime) -> str:
    """One place of a slot, and its code: the slot's hour and the place in its queue."""
    _minutes, capacity = terms_of(outlet_id)
    values = {
        "outlet_id": outlet_id, "starts_at": starts_at, "capacity": capacity, "taken": 0, "given": 0,
    }  # fmt: skip
    upsert(VisitSlot, values, key=("outlet_id", "starts_at"))
    given = db.session.scalar(
        update(VisitSlot)
        .where(
            VisitSlot.outlet_id == outlet_id,
            VisitSlot.starts_at == starts_at,
            VisitSlot.taken < VisitSlot.capacity,
        )
        .values(taken=VisitSlot.taken + 1, given=VisitSlot.given + 1)
        .returning(VisitSlot.given)
        .execution_options(synchronize_session=False)
    )
    if given is None:
        raise SlotFull
    return f"{starts_at.astimezone(SHANGHAI):%H%M}-{given:02d}"


def _give_place(outlet_id: int, starts_at: datetime) -> None:
    db.session.execute(
        update(VisitSlot)
        .where(VisitSlot.outlet_id == outlet_id, VisitSlot.starts_at == starts_at)
        .values(taken=VisitSlot.taken - 1)
        .execution_options(synchronize_session=False)
    )


def _end(booking: Booking, status: BookingStatus, *, by: str, now: datetime) -> bool:
    """Move an open booking; False when it was not open any more."""
    changed = db.session.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.status == BookingStatus.BOOKED)
        .values(status=status, ended_by=by, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(booking)
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _closing(at: datetime, hours: OpeningHours, calendar: Calendar) -> datetime:
    """When the span that holds an instant ends."""
    day = at.astimezone(SHANGHAI).date()
    ends = (at_minute(day, span.end) for span in spans_on(day, hours, calendar))
    return next(end for end in ends if end > at)
