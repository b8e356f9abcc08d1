"""After hours: a slot of the next morning for whoever orders or comes, and last night's list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.accounts import identity_to_write_to
from flows.messages import send_notice
from fulfilment import bookings
from fulfilment.booking_models import Booking, BookingStatus
from fulfilment.bookings import NoSuchSlot, Slot, slots_after
from fulfilment.calendar import calendar
from fulfilment.clocks import hours_of
from fulfilment.promises import moment
from fulfilment.rules import opening_after, spans_on
from members.queries import member_ids_of
from orders.models import Delivery, OrderStatus, SalesOrder
from orders.queries import line_by_id, order_by_id, order_by_number
from org.models import OrgNode, Tier
from org.queries import alone, member_of_rep, node_by_code, node_of
from org.roster import active_reps
from wx_backend.clock import SHANGHAI
from wx_backend.errors import NotFound
from wx_backend.platform import config

TOLD_FROM: Final = 8 * 60 + 30
TOLD_UNTIL: Final = 12 * 60
PURPOSE: Final = "night_list"
_PAID: Final = frozenset({OrderStatus.PLACED, OrderStatus.PAID})


@dataclass(frozen=True, slots=True)
class Visit:
    """Where one can come in the next morning: its slots, or that it is open now."""

    outlet: OrgNode
    slots: Sequence[Slot]
    booking: Booking | None
    order_number: str


@dataclass(frozen=True, slots=True)
class MyVisit:
    """One's own booking."""

    booking: Booking
    outlet: OrgNode
    order_number: str


@dataclass(frozen=True, slots=True)
class NightRow:
    """One order of last night, or one visit without an order."""

    booking: Booking | None
    order_number: str
    goods: str


@dataclass(frozen=True, slots=True)
class Night:
    """What an outlet finds in the morning."""

    since: datetime
    rows: Sequence[NightRow]


def closed_words(outlet_id: int, *, now: datetime) -> str:
    """`明早 9:00` while the outlet is closed: when it acts again; empty while it is open."""
    opens_at = opening_after(now, hours_of(outlet_id), calendar())
    return moment(opens_at, now, short=True) if opens_at > now else ""


def visit_page(*, member_id: int, outlet: str = "", order: str = "", now: datetime) -> Visit:
    """The slots for an order to be fetched, or for a visit; NotFound for what is not one's own."""
    node, found = _where(member_id, outlet, order)
    order_id = found.id if found is not None else None
    booking = bookings.open_booking(
        outlet_id=node.id, member_ids=member_ids_of(member_id), order_id=order_id, now=now
    )
    return Visit(node, _slots(node.id, now), booking, found.number if found is not None else "")


def book_visit(
    *, member_id: int, outlet: str = "", order: str = "", starts_at: datetime, now: datetime
) -> Booking:
    """A queue code in a slot of the next morning; again the same for a second tap.

    Raises SlotFull, NoSuchSlot and NotFound.
    """
    node, found = _where(member_id, outlet, order)
    order_id = found.id if found is not None else None
    standing = bookings.open_booking(
        outlet_id=node.id, member_ids=member_ids_of(member_id), order_id=order_id, now=now
    )
    if standing is not None:
        return standing
    if starts_at not in {slot.starts_at for slot in _slots(node.id, now)}:
        raise NoSuchSlot
    return bookings.book(
        outlet_id=node.id, member_id=member_id, order_id=order_id, starts_at=starts_at, now=now
    )


def my_visits(member_id: int, *, now: datetime) -> list[MyVisit]:
    """One's own bookings of today and later."""
    midnight = bookings.at_minute(now.astimezone(SHANGHAI).date(), 0)
    rows = bookings.bookings_of_members(member_ids_of(member_id), since=midnight)
    return [MyVisit(row, node_of(row.outlet_id), _number(row.order_id)) for row in rows]


def cancel_visit(booking_id: int, *, member_id: int, now: datetime) -> None:
    """Not to come after all; NotFound for another's booking."""
    bookings.cancel_booking(booking_id, member_ids=member_ids_of(member_id), now=now)


def night_of(outlet_id: int, *, now: datetime) -> Night:
    """What came in since the outlet closed last, and who comes today, by queue code."""
    since = bookings.last_closing(now, hours_of(outlet_id), calendar())
    today = now.astimezone(SHANGHAI).date()
    visits = bookings.bookings_at(outlet_id, today)
    chains = bookings.chains_since(outlet_id, since)
    goods: dict[int, list[str]] = {}
    for chain in chains:
        line = line_by_id(chain.order_line_id)
        goods.setdefault(chain.order_id, []).append(line.name if line is not None else "")
    coming = [
        NightRow(row, _number(row.order_id), "、".join(goods.get(row.order_id or 0, [])))
        for row in visits
    ]
    named = {row.order_id for row in visits}
    others = [
        NightRow(None, _number(order_id), "、".join(names))
        for order_id, names in goods.items()
        if order_id not in named
    ]
    return Night(since, [*coming, *others])


def note_visit(booking_id: int, *, arrived: bool, outlet_id: int, actor: str, now: datetime) -> str:
    """He came, or he did not: his queue code. Raises NotFound and Conflict."""
    status = BookingStatus.ARRIVED if arrived else BookingStatus.MISSED
    return bookings.note_visit(booking_id, status, outlet_id=outlet_id, actor=actor, now=now)


def tell_outlets(*, now: datetime) -> int:
    """From 8:30 on, tell each outlet's reps what the night brought; how many outlets."""
    local = now.astimezone(SHANGHAI)
    if not TOLD_FROM <= local.hour * 60 + local.minute < TOLD_UNTIL:
        return 0
    since = now - timedelta(days=bookings.BACK_DAYS)
    waiting = bookings.busy_outlets(since, local.date()) - bookings.told_on(local.date())
    told = 0
    for outlet_id in sorted(waiting):
        is_open = bool(spans_on(local.date(), hours_of(outlet_id), calendar()))
        night = night_of(outlet_id, now=now)
        if is_open and night.rows and bookings.note_told(outlet_id, local.date(), now=now):
            _tell(outlet_id, night, now)
            told += 1
    return told


def _tell(outlet_id: int, night: Night, now: datetime) -> None:
    """One message to each bound rep of the outlet, by the first account that reaches him."""
    coming = sum(row.booking is not None for row in night.rows)
    day = f"{now.astimezone(SHANGHAI):%Y-%m-%d}"
    for rep in active_reps(alone(outlet_id)):
        member_id = member_of_rep(rep.id)
        identity_id = identity_to_write_to(member_id) if member_id is not None else None
        if identity_id is not None:
            send_notice(
                key=f"{PURPOSE}:{outlet_id}:{day}:{rep.id}",
                identity_id=identity_id,
                purpose=PURPOSE,
                values={"orders": str(len(night.rows)), "visits": str(coming), "day": day},
                url=f"{config().service.base_url}/terminal/night",
                now=now,
            )


def _slots(outlet_id: int, now: datetime) -> list[Slot]:
    minutes, _capacity = bookings.terms_of(outlet_id)
    starts = slots_after(now, hours_of(outlet_id), calendar(), minutes)
    return bookings.free_slots(outlet_id, starts)


def _where(member_id: int, outlet: str, order: str) -> tuple[OrgNode, SalesOrder | None]:
    """The outlet to come to: the one an own order waits at, else the one that was named."""
    if order:
        found = order_by_number(order)
        if (
            found is None
            or found.member_id not in member_ids_of(member_id)
            or found.delivery != Delivery.PICKUP
            or found.outlet_id is None
            or found.status not in _PAID
        ):
            raise NotFound
        return node_of(found.outlet_id), found
    node = node_by_code(outlet)
    if node is None or node.tier != Tier.OUTLET or node.closed_on is not None:
        raise NotFound("营业厅不存在或已停业")
    return node, None


def _number(order_id: int | None) -> str:
    order = order_by_id(order_id) if order_id is not None else None
    return order.number if order is not None else ""
