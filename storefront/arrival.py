"""When it comes and how it came: the promise, the way of an order, signing for it, reviewing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from catalog.models import ProductKind
from catalog.offers import offers
from flows.fulfilment.customer import can_review, can_sign, review_line, sign_for
from flows.fulfilment.promising import Asked, promise_for
from flows.fulfilment.timeline import LineWay, ways_of_order
from flows.sealed import vault
from flows.ways_to_get import Fetch, Ways, ways_to_get
from fulfilment.models import ChainStatus, Review
from fulfilment.nodes import Node
from fulfilment.pickup import open_code, shown_code
from fulfilment.promises import moment
from fulfilment.queries import chains_of_order, reviews_of
from fulfilment.reviews import TEXT_LENGTH
from orders.models import Delivery, SalesOrder
from orders.queries import lines_of_order
from org.queries import node_by_code
from org.roster import names_of_nodes
from storefront import session
from storefront.homes import home_node
from storefront.order_pages import own_order
from storefront.returns import ReturnPanel, return_panel
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound
from wx_backend.qr_picture import qr_svg

bp = Blueprint("arrival", __name__)

HIDDEN = frozenset({Node.CONFIGURED, Node.ARCHIVED})
"""Nodes the customer does not care for."""


NOT_BY_COURIER = "中心仓暂时无货，不能快递；有现货的营业厅可以到店自提"
NOT_THERE = "这家营业厅和中心仓暂时都没有货，请选择其他网点或配送方式"


@dataclass(frozen=True, slots=True)
class Told:
    """The sentence before ordering; `is_available`: it can come this way just now."""

    text: str
    is_same_day: bool
    order_by: datetime | None
    is_available: bool


@dataclass(frozen=True, slots=True)
class PickupPanel:
    """The code an order is fetched with, in digits and as a picture, and where."""

    digits: str
    picture: str
    outlet: str


@dataclass(frozen=True, slots=True)
class WayPanel:
    """The way of one line and of its pieces; `promise` is what was said and still holds."""

    way: LineWay
    promise: str
    can_review: bool
    review: Review | None
    back: ReturnPanel
    quantity: int


@dataclass(frozen=True, slots=True)
class ArrivalPanel:
    """What the page of an order shows of its way."""

    ways: Sequence[WayPanel]
    pickup: PickupPanel | None
    can_sign: bool


def arrival_panel(order: SalesOrder, now: datetime) -> ArrivalPanel:
    """The way of one's own order."""
    ways = ways_of_order(order.id, now=now)
    reviews = reviews_of(way.line_id for way in ways)
    chains = {chain.order_line_id: chain for chain in chains_of_order(order.id)}
    lines = lines_of_order(order.id)
    return ArrivalPanel(
        ways=[
            WayPanel(
                way,
                _promise_words(way, now),
                can_review(chains[way.line_id]),
                reviews.get(way.line_id),
                return_panel(way, chains[way.line_id], lines, now),
                chains[way.line_id].quantity,
            )
            for way in ways
        ],
        pickup=_pickup(order),
        can_sign=any(map(can_sign, chains.values())),
    )


def promise_of(
    sku: str, *, delivery: Delivery | None = None, outlet: str = "", region: str | None = None
) -> Told | None:
    """What is told before ordering; None for a variant that is not there.

    Where nobody has said how it is to come: by courier, or fetched if only that can be.
    """
    now = clock.now()
    offer = offers([sku], now=now).get(sku)
    node = node_by_code(outlet) if outlet else home_node()
    if offer is None:
        return None
    ways = ways_to_get({sku: 1}, [node.id] if node is not None else [], now=now)
    fetch = ways.at[node.id] if node is not None else Fetch.NOT_THERE
    if delivery is None:
        is_sent = ways.by_courier or fetch is Fetch.NOT_THERE
        delivery = Delivery.COURIER if is_sent else Delivery.PICKUP
    lacking = _lacking(delivery, ways, fetch)
    is_bundle = offer.kind is ProductKind.BUNDLE
    asked = Asked(
        kind=ProductKind.GOODS if is_bundle else offer.kind,
        delivery=delivery,
        outlet_id=node.id if node is not None else None,
        sku_id=None if is_bundle else offer.sku_id,
        region=region,
        is_sent_there=fetch is Fetch.SENT_THERE,
    )
    told = promise_for(asked, now=now)
    if lacking:
        return Told(lacking, is_same_day=False, order_by=None, is_available=False)
    return Told(told.text, told.is_same_day, told.order_by, is_available=True)


def _lacking(delivery: Delivery, ways: Ways, fetch: Fetch) -> str:
    """Why it cannot come this way just now; empty when it can."""
    if delivery is Delivery.COURIER and not ways.by_courier:
        return NOT_BY_COURIER
    return NOT_THERE if delivery is Delivery.PICKUP and fetch is Fetch.NOT_THERE else ""


@bp.get("/api/promise")
def promise() -> ResponseReturnValue:
    """The sentence for what the checkout page has chosen so far."""
    delivery = request.args.get("delivery")
    if delivery is not None and delivery not in set(Delivery):
        raise BadInput(fields=["delivery"])
    region, outlet = request.args.get("region") or None, request.args.get("outlet", "")[:32]
    told = promise_of(
        request.args.get("sku", "")[:32],
        delivery=None if delivery is None else Delivery(delivery),
        outlet=outlet if delivery == Delivery.PICKUP else "",
        region=region,
    )
    if told is None:
        raise NotFound
    until = int(told.order_by.timestamp()) if told.order_by is not None else None
    return jsonify(
        text=told.text,
        is_same_day=told.is_same_day,
        order_by=until,
        is_available=told.is_available,
    )


@bp.post("/orders/<number>/sign")
def sign(number: str) -> ResponseReturnValue:
    """The customer has it in his hands."""
    member_id = session.member().member_id
    order_id = own_order(number, member_id).id
    retried(lambda: sign_for(order_id=order_id, actor=f"member:{member_id}", now=clock.now()))
    flash("已确认签收，感谢您的信任")
    return redirect(url_for("storefront.orders.show", number=number))


@bp.post("/orders/<number>/review")
def review(number: str) -> ResponseReturnValue:
    """The customer says how a line was served."""
    member_id = session.member().member_id
    order_id, form = own_order(number, member_id).id, request.form
    stars, line = form.get("stars", ""), form.get("line", "")
    if stars not in {"1", "2", "3", "4", "5"}:
        raise BadInput("请选择一到五星", fields=["stars"])
    if not (line.isascii() and line.isdigit() and len(line) <= 18):
        raise NotFound
    retried(
        lambda: review_line(
            order_id=order_id,
            line_id=int(line),
            stars=int(stars),
            text=form.get("text", "")[:TEXT_LENGTH],
            actor=f"member:{member_id}",
            now=clock.now(),
        )
    )
    flash("感谢您的评价")
    return redirect(url_for("storefront.orders.show", number=number))


def _promise_words(way: LineWay, now: datetime) -> str:
    """The promise while it is still to be kept."""
    arrived = {Node.OPENED, Node.DELIVERED}
    is_kept = any(stop.node in arrived and stop.at for stop in way.stops)
    if way.promised_at is None or is_kept or way.status is not ChainStatus.RUNNING:
        return ""
    return f"预计 {moment(way.promised_at, now)} 前完成{'（当日达）' if way.is_same_day else ''}"


def _pickup(order: SalesOrder) -> PickupPanel | None:
    code = open_code(order.id)
    if code is None:
        return None
    digits = shown_code(code, vault())
    outlet = names_of_nodes([code.outlet_id]).get(code.outlet_id, "")
    return PickupPanel(f"{digits[:4]} {digits[4:]}", qr_svg(digits), outlet)
