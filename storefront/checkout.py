"""The page between choosing and ordering."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from flows.cart import cart_rows
from flows.counter import CounterPage, counter_page
from flows.phone_proof import must_prove, proven_phone
from flows.ways_to_get import Fetch, ways_to_get
from orders.cart import Owner
from orders.rules import LINES_MAX
from org.models import OrgNode, Tier
from org.queries import ancestors, node_by_code, nodes_under
from storefront import session
from storefront.addresses import own_book
from storefront.arrival import promise_of
from storefront.cards import ProductCard
from storefront.homes import home_id, my_adviser
from storefront.showcase import (
    OutletPanel,
    RepPanel,
    outlet_panel,
    variant_cards,
    variant_page,
)
from storefront.variants import Variant
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import NotFound

bp = Blueprint("checkout", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing about to be ordered."""

    card: ProductCard
    variant: Variant
    quantity: int = 1
    from_cart: bool = False


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What is about to be ordered; `again` is where to choose anew when it cannot be any more."""

    rows: Sequence[Row]
    again: str

    @property
    def total_fen(self) -> int:
        return sum(row.variant.price_fen * row.quantity for row in self.rows)

    @property
    def needs_user(self) -> bool:
        return any(row.variant.has_user for row in self.rows)

    @property
    def needs_delivery(self) -> bool:
        return any(row.variant.has_goods for row in self.rows)

    @property
    def takes_number(self) -> bool:
        return any(row.variant.takes_number for row in self.rows)

    @property
    def asks_promise_of(self) -> str:
        """Whose arrival is told: that of the first goods, else of the first line."""
        rows = [row for row in self.rows if row.variant.has_goods] or self.rows
        return rows[0].variant.number


@dataclass(frozen=True, slots=True)
class Pickup:
    """An outlet to fetch it at, and whether it lies there."""

    outlet: OutletPanel
    fetch: Fetch


@bp.get("/checkout")
def page() -> ResponseReturnValue:
    """What is ordered, for whom, and how it gets there: a variant, or chosen lines of the cart."""
    now, viewer = clock.now(), session.member()
    offer = _offer(request.args.get("counter", ""))
    chosen = None if offer else _from_cart(request.args.getlist("line")[:LINES_MAX], now)
    if chosen is None:
        chosen = _single(request.args.get("sku", ""), offer.quantity if offer else 1, now)
    if not chosen.rows:
        flash("所选商品暂时无法购买，请查看购物车")
        return redirect("/cart")
    rep, book, phone = (
        my_adviser(),
        own_book(),
        proven_phone(viewer.member_id),
    )
    first = book[0].address if book else None
    by_courier, pickups = _ways(chosen, rep, now)
    return render_template(
        "storefront/checkout.html",
        page=chosen,
        rep=rep,
        by_courier=by_courier,
        pickups=pickups,
        offer=offer,
        book=book,
        first=first,
        phone=phone,
        must_prove=must_prove(),
        asks_code=must_prove() and (not phone or (first is not None and first.phone != phone)),
        promise=promise_of(chosen.asks_promise_of),
        client_key=new_client_key(),
    )


def _single(sku: str, quantity: int, now: datetime) -> CheckoutPage:
    product, variant = variant_page(sku, now, outlet_id=home_id())
    if variant.is_sold_out:
        raise NotFound("商品已售罄")
    return CheckoutPage([Row(product.card, variant, quantity)], f"/p/{product.card.number}")


def _from_cart(skus: Sequence[str], now: datetime) -> CheckoutPage | None:
    """The chosen lines of the cart that can be ordered now; None when none were asked for."""
    if not skus:
        return None
    owner = Owner(identity_id=session.member().identity_id)
    mine = cart_rows(owner, outlet_id=home_id(), now=now)
    rows = [row for row in mine if row.sku in skus and row.can_be_bought]
    cards = variant_cards([row.sku for row in rows], now, outlet_id=home_id())
    return CheckoutPage(
        [Row(*cards[row.sku], row.quantity, from_cart=True) for row in rows], "/cart"
    )


def _ways(
    chosen: CheckoutPage, rep: RepPanel | None, now: datetime
) -> tuple[bool, Sequence[Pickup]]:
    """Whether a courier can bring it, and where it can be fetched: the own outlet first."""
    nodes = pickup_outlets(rep)
    wanted = {row.variant.number: row.quantity for row in chosen.rows}
    ways = ways_to_get(wanted, [node.id for node in nodes], now=now)
    return ways.by_courier, [Pickup(outlet_panel(node.id, now), ways.at[node.id]) for node in nodes]


def _offer(token: str) -> CounterPage | None:
    """The counter sale that is ordered here; without a token there is none."""
    if not token:
        return None
    viewer = session.member()
    return retried(
        lambda: counter_page(
            token,
            member_id=viewer.member_id,
            identity_id=viewer.identity_id,
            now=clock.now(),
        )
    )


def pickup_outlets(rep: RepPanel | None) -> Sequence[OrgNode]:
    """The outlets to fetch goods from: those of the adviser's city, his own first."""
    code = rep.outlet.code if rep else session.account().default_outlet
    home = node_by_code(code)
    if home is None:
        return []
    city = ancestors(home.id).get(Tier.CITY)
    around = nodes_under(city, tier=Tier.OUTLET) if city is not None else [home]
    is_open = [node for node in around if node.closed_on is None]
    return sorted(is_open, key=lambda node: (node.id != home.id, node.code))


def new_client_key() -> str:
    """What makes every repeat of one submit the same submit."""
    return secrets.token_hex(16)
