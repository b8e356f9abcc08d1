"""The counter sale: a rep puts it together, the customer confirms and orders on his own phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from hmac import compare_digest
from typing import Final

from catalog.offers import offers
from flows.attribution import developer_at_counter
from flows.payment.ending import close_soon
from members.queries import member_ids_of
from orders import counter
from orders.counter import OfferGone, OfferUsed, OtherGoods
from orders.counter_models import CounterOffer
from orders.errors import NotListed
from orders.models import OrderStatus
from orders.moves import locked_order
from orders.queries import order_by_id
from org.queries import RepCard, rep_card, rep_of_member
from wx_backend.errors import Conflict
from wx_backend.platform import config

MAC_BYTES: Final = 15
NONCE_LENGTH: Final = 20
PURPOSE: Final = b"counter-offer"
UNPAID: Final = ("", OrderStatus.PLACED, OrderStatus.CLOSED)


class OwnOffer(Conflict):
    code, message = "own_offer", "受理人不能为自己确认开单，请由客户本人扫码"


class OfferPaid(Conflict):
    code, message = "offer_paid", "客户已付款，不能撤回；要退款请在订单中申请"


class OfferState(StrEnum):
    """How far a counter sale has come."""

    WAITING = "waiting"
    OPENED = "opened"
    CONFIRMED = "confirmed"
    ORDERED = "ordered"
    PAID = "paid"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One counter sale as its rep sees it."""

    offer_id: int
    goods: str
    quantity: int
    price_fen: int
    state: OfferState
    link: str
    order_number: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CounterPage:
    """What the customer confirms: the goods, and the two who serve him."""

    token: str
    goods: str
    sku_number: str
    quantity: int
    price_fen: int
    acceptor: RepCard
    developer: RepCard | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class CounterAct:
    """Who took an order at his counter, and what the customer had read when he confirmed."""

    acceptor: str
    shown_developer: str
    offered_at: datetime
    confirmed_at: datetime


def open_counter_offer(
    *, rep_id: int, sku_number: str, quantity: int, client_key: str, now: datetime
) -> int:
    """Offer something that is on sale; the offer's id, the same for a repeat. Raises NotListed."""
    found = offers([sku_number], now=now).get(sku_number)
    if found is None or not found.is_for_sale:
        raise NotListed(sku=sku_number)
    return counter.make_offer(
        rep_id=rep_id, sku_number=sku_number, quantity=quantity, client_key=client_key, now=now
    ).id


def my_counter_offer(offer_id: int, *, rep_id: int, now: datetime) -> CounterRow:
    """One's own counter sale; NotFound for a colleague's."""
    return _row(counter.offer_of_rep(offer_id, rep_id), now)


def my_counter_offers(rep_id: int, *, now: datetime) -> Sequence[CounterRow]:
    """One's last counter sales, newest first."""
    return [_row(each, now) for each in counter.offers_of_rep(rep_id)]


def withdraw_counter_offer(offer_id: int, *, rep_id: int, now: datetime) -> None:
    """Take one's own counter sale back; an order made of it is closed, which frees its stock.

    Whoever pays first wins: OfferPaid. NotFound for a colleague's.
    """
    offer = counter.offer_of_rep(offer_id, rep_id)
    if offer.order_id is not None:
        locked_order(offer.order_id)  # before its offer, as everybody does
    counter.withdraw_offer(offer, now=now)
    if offer.order_id is None:
        return
    if locked_order(offer.order_id).paid_at is not None:
        raise OfferPaid
    close_soon(order_id=offer.order_id, cause="withdrawn", actor=f"rep:{rep_id}")


def counter_page(token: str, *, member_id: int, identity_id: int, now: datetime) -> CounterPage:
    """What the customer reads before he confirms; the first look is noted.

    Raises OfferGone for a forged, expired or taken link, OfferUsed, and OwnOffer for the rep.
    """
    offer = _open_offer(token, member_id=member_id, now=now)
    counter.note_opened(offer, now=now)
    return _page(offer, token, member_id, identity_id, now)


def confirm_counter_offer(
    token: str, *, member_id: int, identity_id: int, now: datetime
) -> CounterPage:
    """The customer agrees; the names he read are kept. Refusals as in `counter_page`."""
    offer = _open_offer(token, member_id=member_id, now=now)
    page = _page(offer, token, member_id, identity_id, now)
    counter.confirm_offer(
        offer,
        member_ids=member_ids_of(member_id),
        developer_rep_id=page.developer.rep_id if page.developer else None,
        now=now,
    )
    return page


def offer_to_order(
    token: str, *, member_id: int, wanted: Sequence[tuple[str, int]], now: datetime
) -> CounterOffer:
    """The confirmed offer behind a submit: who took it is its rep, whatever the page said.

    Raises OfferGone, OwnOffer, and OtherGoods when something else is ordered.
    """
    offer = _offer(token)
    _refuse_own(offer, member_id)
    if offer.member_id not in member_ids_of(member_id):
        raise OfferGone
    if offer.order_id is None:
        counter.check_offer(offer, member_ids=member_ids_of(member_id), now=now)
    if list(wanted) != [(offer.sku_number, offer.quantity)]:
        raise OtherGoods
    return offer


def counter_act(order_id: int) -> CounterAct | None:
    """The counter sale an order came from, for its receipt."""
    offer = counter.offer_of_order(order_id)
    if offer is None or offer.confirmed_at is None:
        return None
    shown = offer.shown_developer_rep_id
    return CounterAct(
        acceptor=rep_card(offer.acceptor_rep_id).name,
        shown_developer=rep_card(shown).name if shown is not None else "",
        offered_at=offer.created_at,
        confirmed_at=offer.confirmed_at,
    )


def link_of(offer: CounterOffer) -> str:
    """The address the customer scans."""
    return f"{config().service.base_url}/counter/{offer.nonce}{_mac(offer.nonce)}"


def _open_offer(token: str, *, member_id: int, now: datetime) -> CounterOffer:
    offer = _offer(token)
    _refuse_own(offer, member_id)
    mine = offer.member_id in member_ids_of(member_id)
    if offer.order_id is not None and mine:
        raise OfferUsed
    is_over = offer.expires_at <= now or offer.withdrawn_at is not None
    if is_over or (offer.member_id is not None and not mine):
        raise OfferGone
    return offer


def _offer(token: str) -> CounterOffer:
    """The offer of a link; a forged one is answered like one that is over."""
    nonce, mac = token[:NONCE_LENGTH], token[NONCE_LENGTH:]
    is_ours = token.isascii() and compare_digest(mac, _mac(nonce))
    offer = counter.offer_by_nonce(nonce) if is_ours else None
    if offer is None:
        raise OfferGone
    return offer


def _mac(nonce: str) -> str:
    key = blake2b(config().service.secret_key.encode(), person=PURPOSE, digest_size=32).digest()
    return blake2b(nonce.encode(), key=key, digest_size=MAC_BYTES).hexdigest()


def _refuse_own(offer: CounterOffer, member_id: int) -> None:
    if rep_of_member(*member_ids_of(member_id)) == offer.acceptor_rep_id:
        raise OwnOffer


def _page(
    offer: CounterOffer, token: str, member_id: int, identity_id: int, now: datetime
) -> CounterPage:
    found = offers([offer.sku_number], now=now).get(offer.sku_number)
    if found is None or not found.is_for_sale:
        raise NotListed(sku=offer.sku_number)
    developer = developer_at_counter(
        member_id=member_id,
        identity_id=identity_id,
        acceptor_rep_id=offer.acceptor_rep_id,
        category_id=found.category_id,
        now=now,
    )
    return CounterPage(
        token=token,
        goods=found.name,
        sku_number=offer.sku_number,
        quantity=offer.quantity,
        price_fen=found.price_fen * offer.quantity,
        acceptor=rep_card(offer.acceptor_rep_id),
        developer=rep_card(developer) if developer is not None else None,
        is_confirmed=offer.confirmed_at is not None,
    )


def _row(offer: CounterOffer, now: datetime) -> CounterRow:
    found = offers([offer.sku_number], now=now).get(offer.sku_number)
    order = order_by_id(offer.order_id) if offer.order_id is not None else None
    return CounterRow(
        offer_id=offer.id,
        goods=found.name if found is not None else offer.sku_number,
        quantity=offer.quantity,
        price_fen=found.price_fen * offer.quantity if found is not None else 0,
        state=_state(offer, order.status if order is not None else "", now),
        link=link_of(offer),
        order_number=order.number if order is not None else "",
        created_at=offer.created_at,
        expires_at=offer.expires_at,
    )


def _state(offer: CounterOffer, status: str, now: datetime) -> OfferState:
    if offer.withdrawn_at is not None and status in UNPAID:
        return OfferState.WITHDRAWN
    if status == OrderStatus.PLACED:
        return OfferState.ORDERED
    if status:
        return OfferState.CLOSED if status == OrderStatus.CLOSED else OfferState.PAID
    if offer.expires_at <= now:
        return OfferState.EXPIRED
    if offer.confirmed_at is not None:
        return OfferState.CONFIRMED
    return OfferState.OPENED if offer.opened_at is not None else OfferState.WAITING
