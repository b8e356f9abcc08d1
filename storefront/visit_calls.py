"""Visits after hours and the counter sale for programs that draw their own pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from flows.bookings import book_visit, cancel_visit, my_visits, visit_page
from flows.counter import CounterPage, confirm_counter_offer, counter_page
from fulfilment.booking_models import Booking, BookingStatus
from fulfilment.bookings import Slot
from org.queries import node_of
from storefront import session
from storefront.schemas import VisitRequest, body
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound
from wx_backend.strict import Malformed, whole_number

bp = Blueprint("visit_calls", __name__)


@dataclass(frozen=True, slots=True)
class VisitTold:
    """One's own visit: when and where, and the queue code to show; `number` cancels it."""

    number: str
    outlet: str
    code: str
    starts_at: datetime
    status: BookingStatus
    order: str


@dataclass(frozen=True, slots=True)
class SlotsTold:
    """The slots of an outlet's next morning: none while it is open, and what one has booked already."""

    outlet: str
    order: str
    slots: Sequence[Slot]
    booked: VisitTold | None


@dataclass(frozen=True, slots=True)
class Server:
    """Who serves at a counter."""

    name: str
    outlet: str


@dataclass(frozen=True, slots=True)
class CounterTold:
    """A counter sale to confirm: it is then ordered with its token as `counter`."""

    goods: str
    sku: str
    quantity: int
    price_fen: int
    acceptor: Server
    developer: Server | None
    is_confirmed: bool


@bp.get("/api/visits")
def index() -> ResponseReturnValue:
    """One's own queue codes, of today and later."""
    rows = my_visits(session.member().member_id, now=clock.now())
    return jsonify(visits=[_visit(row.booking, row.outlet.name, row.order_number) for row in rows])


@bp.get("/api/visits/slots")
def slots() -> ResponseReturnValue:
    """The slots of an `outlet`, or of the one an `order` waits at."""
    outlet, order = request.args.get("outlet", "")[:32], request.args.get("order", "")[:32]
    member_id, now = session.member().member_id, clock.now()
    page = retried(lambda: visit_page(member_id=member_id, outlet=outlet, order=order, now=now))
    booked = page.booking
    return jsonify(
        SlotsTold(
            outlet=page.outlet.name,
            order=page.order_number,
            slots=page.slots,
            booked=_visit(booked, page.outlet.name, page.order_number) if booked else None,
        )
    )


@bp.post("/api/visits")
def book() -> ResponseReturnValue:
    """Take a slot; asking again answers the same visit."""
    asked, now = body(VisitRequest()), clock.now()
    booking = session.acting(lambda guest: book_visit(member_id=guest.member_id, now=now, **asked))
    return jsonify(_visit(booking, node_of(booking.outlet_id).name, asked["order"])), 201


@bp.post("/api/visits/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Not to come after all."""
    member_id, now = session.member().member_id, clock.now()
    try:
        booking_id = whole_number(number, low=1, high=2**62)
    except Malformed:
        raise NotFound from None
    retried(lambda: cancel_visit(booking_id, member_id=member_id, now=now))
    return jsonify(number=number)


@bp.get("/api/counter/<token>")
def counter(token: str) -> ResponseReturnValue:
    """Who developed, who accepts, what it is; nothing is agreed to by looking."""
    viewer, now = session.member(), clock.now()
    return jsonify(
        _counter(
            retried(
                lambda: counter_page(
                    token, member_id=viewer.member_id, identity_id=viewer.identity_id, now=now
                )
            )
        )
    )


@bp.post("/api/counter/<token>/confirm")
def confirm(token: str) -> ResponseReturnValue:
    """The customer agrees; a second time changes nothing."""
    now = clock.now()
    shown = session.acting(
        lambda buyer: confirm_counter_offer(
            token, member_id=buyer.member_id, identity_id=buyer.identity_id, now=now
        )
    )
    return jsonify(_counter(shown))


def _visit(booking: Booking, outlet: str, order: str) -> VisitTold:
    return VisitTold(
        number=str(booking.id),
        outlet=outlet,
        code=booking.code,
        starts_at=booking.starts_at,
        status=BookingStatus(booking.status),
        order=order,
    )


def _counter(page: CounterPage) -> CounterTold:
    developer = page.developer
    return CounterTold(
        goods=page.goods,
        sku=page.sku_number,
        quantity=page.quantity,
        price_fen=page.price_fen,
        acceptor=Server(page.acceptor.name, page.acceptor.outlet_name),
        developer=Server(developer.name, developer.outlet_name) if developer else None,
        is_confirmed=page.is_confirmed,
    )
