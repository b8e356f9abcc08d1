"""The counter sale on the customer's own phone: both names, the goods, one confirmation."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flows.counter import CounterPage, confirm_counter_offer, counter_page
from storefront import session
from wx_backend import clock
from wx_backend.db import retried

bp = Blueprint("counter", __name__)


@bp.get("/counter/<token>")
def page(token: str) -> str:
    """Who developed, who accepts, what it is; nothing is agreed to by looking."""
    viewer, now = session.member(), clock.now()
    shown = retried(
        lambda: counter_page(
            token, member_id=viewer.member_id, identity_id=viewer.identity_id, now=now
        )
    )
    return render_template("storefront/counter.html", page=shown)


@bp.post("/counter/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """The customer agrees and goes on to the checkout; a second tap goes there too."""
    now = clock.now()
    shown: CounterPage = session.acting(
        lambda buyer: confirm_counter_offer(
            token, member_id=buyer.member_id, identity_id=buyer.identity_id, now=now
        )
    )
    return redirect(url_for("storefront.checkout.page", sku=shown.sku_number, counter=token))
