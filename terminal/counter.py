"""The counter sale: choose what the customer wants, show him the code, watch how far he is."""

import secrets
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.offers import offers
from catalog.queries import listed_products, skus_of_product
from flows.counter import (
    OfferPaid,
    OfferState,
    my_counter_offer,
    my_counter_offers,
    open_counter_offer,
    withdraw_counter_offer,
)
from terminal.session import rep
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.qr_picture import qr_svg

bp = Blueprint("counter", __name__)

SHOWN: Final = 30
QUANTITY_MAX: Final = 9
OPEN: Final = (OfferState.WAITING, OfferState.OPENED, OfferState.CONFIRMED, OfferState.ORDERED)


@bp.get("/counter")
def index() -> str:
    """What one put together lately."""
    rows = my_counter_offers(rep(), now=clock.now())
    return render_template("terminal/counter.html", rows=rows)


@bp.get("/counter/new")
def new() -> str:
    """Everything on sale, bundles too, by a searched text."""
    text, now = request.args.get("text", "").strip()[:40], clock.now()
    products = listed_products(now=now, text=text, limit=SHOWN)
    skus = {product.id: skus_of_product(product.id) for product in products}
    known = offers((sku.number for rows in skus.values() for sku in rows), now=now)
    choices = [
        (product, [each for sku in skus[product.id] if (each := known[sku.number]).is_for_sale])
        for product in products
    ]
    return render_template(
        "terminal/counter_new.html",
        choices=[each for each in choices if each[1]],
        text=text,
        client_key=secrets.token_hex(16),
        quantity_max=QUANTITY_MAX,
    )


@bp.post("/counter")
def offer() -> ResponseReturnValue:
    """Make the offer; a second tap shows the same one."""
    typed = request.form.get("quantity", "1")
    quantity = int(typed) if typed in map(str, range(1, QUANTITY_MAX + 1)) else 1
    rep_id, now = rep(), clock.now()
    key = request.form.get("client_key", "")[:64] or secrets.token_hex(16)
    sku = request.form.get("sku", "")[:32]
    offer_id = retried(
        lambda: open_counter_offer(
            rep_id=rep_id, sku_number=sku, quantity=quantity, client_key=key, now=now
        )
    )
    return redirect(url_for(".show", offer_id=offer_id))


@bp.get("/counter/<int:offer_id>")
def show(offer_id: int) -> str:
    """The code for the customer, and how far he is."""
    row = my_counter_offer(offer_id, rep_id=rep(), now=clock.now())
    return render_template(
        "terminal/counter_offer.html",
        row=row,
        picture=qr_svg(row.link),
        may_withdraw=row.state in OPEN,
    )


@bp.post("/counter/<int:offer_id>/withdraw")
def withdraw(offer_id: int) -> ResponseReturnValue:
    """Take it back before the customer has paid."""
    rep_id, now = rep(), clock.now()
    try:
        retried(lambda: withdraw_counter_offer(offer_id, rep_id=rep_id, now=now))
    except OfferPaid as refused:
        flash(refused.message, "bad")
    else:
        flash("已撤回")
    return redirect(url_for(".show", offer_id=offer_id))
