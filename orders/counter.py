"""Counter sales: an offer is made, opened, confirmed by one customer, and ordered once."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from orders.counter_models import CounterOffer
from orders.models import OrderLine
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict, NotFound

LIFETIME: Final = timedelta(minutes=30)
NONCE_BYTES: Final = 15
PAGE: Final = 20


class OfferGone(Conflict):
    """Expired, taken back, or somebody else's."""

    code, message = "offer_gone", "开单已失效，请营业员重新开单"


class OfferUsed(Conflict):
    code, message = "offer_used", "本次开单已经下单，请在我的订单中查看"


class OtherGoods(Conflict):
    """What was ordered is not what was offered."""

    code, message = "other_goods", "下单内容与营业员开单不一致，请重新扫码"


def make_offer(
    *, rep_id: int, sku_number: str, quantity: int, client_key: str, now: datetime
) -> CounterOffer:
    """A new offer of a rep; the same again for the same client key."""
    values = {
        "nonce": secrets.token_urlsafe(NONCE_BYTES),
        "acceptor_rep_id": rep_id,
        "client_key": client_key,
        "sku_number": sku_number,
        "quantity": quantity,
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    upsert(CounterOffer, values, key=("acceptor_rep_id", "client_key"))
    return db.session.scalars(
        select(CounterOffer).where(
            CounterOffer.acceptor_rep_id == rep_id, CounterOffer.client_key == client_key
        )
    ).one()


def offer_by_nonce(nonce: str) -> CounterOffer | None:
    """The offer a link was made of."""
    return db.session.scalars(
        select(CounterOffer)
        .where(CounterOffer.nonce == nonce)
        .execution_options(populate_existing=True)
    ).one_or_none()


def offer_of_rep(offer_id: int, rep_id: int) -> CounterOffer:
    """A rep's own offer; NotFound for a colleague's."""
    found = db.session.get(CounterOffer, offer_id, populate_existing=True)
    if found is None or found.acceptor_rep_id != rep_id:
        raise NotFound
    return found


def offers_of_rep(rep_id: int) -> Sequence[CounterOffer]:
    """A rep's last offers, newest first."""
    return db.session.scalars(
        select(CounterOffer)
        .where(CounterOffer.acceptor_rep_id == rep_id)
        .order_by(CounterOffer.id.desc())
        .limit(PAGE)
    ).all()


def offer_of_order(order_id: int) -> CounterOffer | None:
    """The counter sale an order came from."""
    return db.session.scalars(
        select(CounterOffer).where(CounterOffer.order_id == order_id)
    ).one_or_none()


def note_opened(offer: CounterOffer, *, now: datetime) -> None:
    """The customer looks at it; the first look counts."""
    db.session.execute(
        update(CounterOffer)
        .where(CounterOffer.id == offer.id, CounterOffer.opened_at.is_(None))
        .values(opened_at=now)
    )


def confirm_offer(
    offer: CounterOffer, *, member_ids: Collection[int], developer_rep_id: int | None, now: datetime
) -> None:
    """One customer agrees, having read both names; of several the first. Raises OfferGone, OfferUsed."""
    changed = db.session.execute(
        update(CounterOffer)
        .where(
            CounterOffer.id == offer.id,
            CounterOffer.confirmed_at.is_(None),
            CounterOffer.withdrawn_at.is_(None),
            CounterOffer.expires_at > now,
        )
        .values(
            member_id=min(member_ids), shown_developer_rep_id=developer_rep_id, confirmed_at=now
        )
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        check_offer(offer, member_ids=member_ids, now=now)


def check_offer(offer: CounterOffer, *, member_ids: Collection[int], now: datetime) -> None:
    """Whether this person may order by an offer he confirmed. Raises OfferGone, OfferUsed."""
    db.session.refresh(offer)
    if offer.member_id not in member_ids:
        raise OfferGone
    if offer.order_id is not None:
        raise OfferUsed
    if offer.expires_at <= now or offer.withdrawn_at is not None:
        raise OfferGone


def use_offer(offer: CounterOffer, *, order_id: int) -> None:
    """The offer has become this order.

    OfferUsed when it is another one already, OfferGone when its rep has taken it back.
    """
    changed = db.session.execute(
        update(CounterOffer)
        .where(
            CounterOffer.id == offer.id,
            CounterOffer.order_id.is_(None),
            CounterOffer.withdrawn_at.is_(None),
        )
        .values(order_id=order_id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(offer)
    if not changed.rowcount and offer.order_id != order_id:  # type: ignore[attr-defined]  # a CursorResult
        raise OfferGone if offer.order_id is None else OfferUsed


def withdraw_offer(offer: CounterOffer, *, now: datetime) -> None:
    """Its rep takes it back: nobody orders by it from now on. A repeat changes nothing."""
    db.session.execute(
        update(CounterOffer)
        .where(CounterOffer.id == offer.id, CounterOffer.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(offer)


def accept_at_counter(*, order_id: int, rep_id: int) -> None:
    """Write on every line of a new order who took it at his counter."""
    db.session.execute(
        update(OrderLine)
        .where(OrderLine.order_id == order_id)
        .values(acceptor_rep_id=rep_id)
        .execution_options(synchronize_session="fetch")
    )
