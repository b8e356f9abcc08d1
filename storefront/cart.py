"""The cart: put in, change, take out, choose what to order; of a browser, and of a person once signed in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.models import ProductKind
from catalog.nearby import Nearby
from flows.cart import CartRow, Wanted, cart_owner, cart_rows, change_cart, put_aside
from orders.cart import Owner, count_lines
from orders.rules import QUANTITY_MAX
from storefront import session
from storefront.homes import home_id
from storefront.schemas import CartChange, CartRequest, body
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput, NotFound
from wx_backend.strict import Malformed, whole_number

bp = Blueprint("cart", __name__)


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line as the page shows it; amounts in fen. `price_was_fen` is None unless it changed.

    `nearby` says where else in the city it lies, once the own outlet has none.
    """

    sku: str
    product: str
    name: str
    kind: ProductKind
    quantity: int
    price_fen: int
    price_was_fen: int | None
    left: int | None
    is_sold_out: bool
    is_off: bool
    can_be_bought: bool
    nearby: Sequence[Nearby]


@dataclass(frozen=True, slots=True)
class CartPage:
    """A cart: its lines, the newest first, and what those that can be bought cost together."""

    lines: list[CartLine]
    total_fen: int


@bp.get("/cart")
def page() -> str:
    """One's cart."""
    return render_template("storefront/cart.html", cart=cart_page(clock.now()))


@bp.get("/api/cart")
def show() -> ResponseReturnValue:
    """One's cart. Amounts are in fen."""
    return jsonify(asdict(cart_page(clock.now())))


@bp.post("/api/cart")
def put() -> ResponseReturnValue:
    """Put goods in the cart; the same client key is the same press of the button."""
    asked, now = body(CartRequest()), clock.now()
    wanted = Wanted(asked["sku"], asked["quantity"], asked["client_key"])
    owner, opened = _owner(), session.waiting()
    share_id, outlet_id = session.carried_share(), home_id()
    cookie = retried(
        lambda: put_aside(
            wanted, owner=owner, opened=opened, share_id=share_id, outlet_id=outlet_id, now=now
        )
    )
    session.settle_opened()
    response = make_response(jsonify(sku=wanted.sku), 201)
    if cookie is not None:
        session.give_visitor(response, cookie)
    return response


@bp.post("/api/cart/change")
def change() -> ResponseReturnValue:
    """Have so many pieces of a line; none takes it out."""
    asked, owner = body(CartChange()), _owner()
    if owner is None:
        raise NotFound("购物车里没有这件商品")
    retried(lambda: change_cart(owner, sku=asked["sku"], quantity=asked["quantity"]))
    return jsonify(asdict(cart_page(clock.now())))


@bp.post("/cart")
def change_by_form() -> ResponseReturnValue:
    """The same for a page without script: `quantity` of `sku`."""
    owner, sku = _owner(), request.form.get("sku", "")[:32]
    try:
        quantity = whole_number(request.form.get("quantity", ""), low=0, high=QUANTITY_MAX)
    except Malformed as error:
        raise BadInput(fields=["quantity"]) from error
    if owner is not None:
        retried(lambda: change_cart(owner, sku=sku, quantity=quantity))
    return redirect("/cart")


def cart_page(now: datetime) -> CartPage:
    """The cart of whoever looks."""
    owner = _owner()
    lines = (
        [_line(row) for row in cart_rows(owner, outlet_id=home_id(), now=now)]
        if owner is not None
        else []
    )
    total_fen = sum(line.price_fen * line.quantity for line in lines if line.can_be_bought)
    return CartPage(lines, total_fen)


def cart_count() -> int:
    """How many kinds of goods lie in the cart of whoever looks."""
    owner = _owner()
    return count_lines(owner) if owner is not None else 0


def _owner() -> Owner | None:
    viewer = session.viewer()
    return cart_owner(
        identity_id=viewer.identity_id if viewer is not None else None,
        visitor_cookie=session.visitor_cookie(),
    )


def _line(row: CartRow) -> CartLine:
    offer = row.offer
    return CartLine(
        sku=row.sku,
        product=row.product,
        name=row.name,
        kind=row.kind,
        quantity=row.quantity,
        price_fen=row.price_fen,
        price_was_fen=row.shown_price_fen if row.price_fen != row.shown_price_fen else None,
        left=row.free,
        is_sold_out=row.is_sold_out,
        is_off=offer is None,
        can_be_bought=row.can_be_bought,
        nearby=row.nearby,
    )
