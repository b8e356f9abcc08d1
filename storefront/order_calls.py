"""One's own order for programs that draw their own pages: all about it, signing for it, reviewing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from flows.fulfilment.customer import review_line, sign_for
from flows.fulfilment.timeline import Place, Stop
from fulfilment.models import ChainStatus
from fulfilment.nodes import Node
from orders.models import Delivery, Fulfilment, RealName
from storefront import session
from storefront.arrival import HIDDEN, ArrivalPanel, PickupPanel, WayPanel, arrival_panel
from storefront.order_pages import (
    Credit,
    LineRow,
    OrderPage,
    OrderRow,
    RefundRow,
    Step,
    order_page,
    own_order,
    own_receipt,
)
from storefront.returns import ReturnPanel
from storefront.schemas import ReviewRequest, body
from storefront.showcase import OutletPanel
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("order_calls", __name__)


@dataclass(frozen=True, slots=True)
class Gift:
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `number` is the phone number that goes with it, `bundle` what it was sold in."""

    name: str
    quantity: int
    paid_fen: int
    fulfilment: Fulfilment
    real_name: RealName
    real_name_link: str
    real_name_until: datetime | None
    number: str
    bundle: str
    gifts: Sequence[Gift]


@dataclass(frozen=True, slots=True)
class Station:
    """One station of a line's way; `proofs` are what the carrier's are called by."""

    name: str
    owner: str
    place: Place
    at: datetime | None
    proofs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Review:
    stars: int
    text: str
    reply: str


@dataclass(frozen=True, slots=True)
class LineOnItsWay:
    """The way of one line; a review and what is given back name its `line`."""

    line: str
    name: str
    outlet: str
    status: ChainStatus
    promise: str
    stations: Sequence[Station]
    can_review: bool
    review: Review | None
    back: ReturnPanel


@dataclass(frozen=True, slots=True)
class OrderTold:
    """Everything the page of one order shows."""

    order: OrderRow
    lines: Sequence[Line]
    steps: Sequence[Step]
    credits: Sequence[Credit]
    refunds: Sequence[RefundRow]
    ways: Sequence[LineOnItsWay]
    outlet: OutletPanel | None
    delivery: Delivery
    address: str
    contact: str
    pickup: PickupPanel | None
    expires_at: datetime
    can_refund: bool
    can_sign: bool


@dataclass(frozen=True, slots=True)
class SharedBy:
    """One act of sharing on the way to the buyer."""

    name: str
    place: str
    is_rep: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact before the order, and what became of it."""

    kind: str
    at: datetime
    hops: Sequence[SharedBy]
    verdict: str
    is_won: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Why this rep: the proof of one line as its buyer may read it, the latest contact last.

    `holds` says whether it fits its place in the chain of all proofs; null before it has one.
    """

    number: str
    line: str
    sentence: str
    contacts: Sequence[Contact]
    decided_at: datetime
    policy_version: int
    holds: bool | None


@bp.get("/api/orders/<number>/details")
def show(number: str) -> ResponseReturnValue:
    """All about one order: lines, steps, the way of each line, refunds, and why this rep."""
    member_id, now = session.member().member_id, clock.now()
    page = order_page(number, member_id, now)
    return jsonify(_told(page, arrival_panel(own_order(number, member_id), now)))


@bp.get("/api/orders/<number>/why/<receipt>")
def why(number: str, receipt: str) -> ResponseReturnValue:
    """Why this rep is credited for a line of one's own order."""
    page = own_receipt(number, receipt)
    return jsonify(
        Why(
            number=page.number,
            line=page.line.name,
            sentence=page.sentence,
            contacts=[
                Contact(
                    kind=touch.kind,
                    at=touch.event_at,
                    hops=[SharedBy(hop.name, hop.place, hop.is_rep) for hop in touch.hops],
                    verdict=touch.verdict,
                    is_won=touch.is_won,
                )
                for touch in page.touches
            ],
            decided_at=page.decided_at,
            policy_version=page.policy_version,
            holds=page.place.holds if page.place is not None else None,
        )
    )


@bp.post("/api/orders/<number>/sign")
def sign(number: str) -> ResponseReturnValue:
    """The customer has it in his hands."""
    member_id = session.member().member_id
    order_id = own_order(number, member_id).id
    retried(lambda: sign_for(order_id=order_id, actor=f"member:{member_id}", now=clock.now()))
    return jsonify(number=number)


@bp.post("/api/orders/<number>/review")
def review(number: str) -> ResponseReturnValue:
    """The customer says how a line was served."""
    asked, member_id = body(ReviewRequest()), session.member().member_id
    order_id, line_id = own_order(number, member_id).id, int(asked["line"])
    retried(
        lambda: review_line(
            order_id=order_id,
            line_id=line_id,
            stars=asked["stars"],
            text=asked["text"],
            actor=f"member:{member_id}",
            now=clock.now(),
        )
    )
    return jsonify(number=number), 201


def _told(page: OrderPage, arrival: ArrivalPanel) -> OrderTold:
    return OrderTold(
        order=page.row,
        lines=[_line(each) for each in page.lines],
        steps=page.steps,
        credits=page.credits,
        refunds=page.refunds,
        ways=[_way(each) for each in arrival.ways],
        outlet=page.outlet,
        delivery=page.delivery,
        address=page.address,
        contact=page.contact,
        pickup=arrival.pickup,
        expires_at=page.expires_at,
        can_refund=page.can_refund,
        can_sign=arrival.can_sign,
    )


def _line(row: LineRow) -> Line:
    return Line(
        name=row.name,
        quantity=row.quantity,
        paid_fen=row.paid_fen,
        fulfilment=row.fulfilment,
        real_name=row.real_name,
        real_name_link=row.real_name_link,
        real_name_until=row.real_name_until,
        number=row.number,
        bundle=row.bundle,
        gifts=[Gift(name, quantity) for name, quantity in row.gifts],
    )


def _way(panel: WayPanel) -> LineOnItsWay:
    said = panel.review
    return LineOnItsWay(
        line=str(panel.way.line_id),
        name=panel.way.line_name,
        outlet=panel.way.outlet,
        status=panel.way.status,
        promise=panel.promise,
        stations=[_station(stop) for stop in panel.way.stops if stop.node not in HIDDEN],
        can_review=panel.can_review,
        review=Review(said.stars, said.text, said.reply or "") if said is not None else None,
        back=panel.back,
    )


def _station(stop: Stop) -> Station:
    """As the customer may see it: of evidence only what tells where the parcel is."""
    shown = stop.proofs if stop.node is Node.HANDED_OVER else ()
    return Station(stop.name, stop.owner, stop.place, stop.at, list(shown))
