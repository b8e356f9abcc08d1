"""One's own orders: to submit, look at, pay, and take back."""

from flask import Blueprint, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from flows.payment.ending import ask_now, cancel_order
from flows.payment.prepay import pay as ask_for_payment
from flows.payment.prepay import pay_by_code
from flows.phone_proof import joins_waiting
from flows.signing_in import Person
from flows.submit import Line, Submit, submit_order
from flows.taking_back import take_back
from orders.models import Delivery
from storefront import session
from storefront.arrival import HIDDEN, arrival_panel
from storefront.checkout import new_client_key
from storefront.homes import home_outlet
from storefront.order_pages import order_page, order_rows, own_order, own_receipt
from storefront.schemas import OrderRequest, RefundRequest, body
from storefront.shelf import PAGE, asked_page
from storefront.words import REFUND_REASONS, RETURN_REASONS
from wx_backend import clock
from wx_backend.config import Mode
from wx_backend.db import db, retried
from wx_backend.platform import config
from wx_backend.qr_picture import qr_svg

bp = Blueprint("orders", __name__)


@bp.get("/orders")
def index() -> str:
    """All of one's orders, newest first."""
    number, member_id = asked_page(), session.member().member_id
    rows = order_rows(member_id, after=number * PAGE, limit=PAGE + 1)
    more = number + 1 if len(rows) > PAGE else None
    return render_template(
        "storefront/orders.html",
        orders=rows[:PAGE],
        next_page=more,
        has_joins=bool(joins_waiting(member_id, now=clock.now())),
    )


@bp.get("/orders/<number>")
def show(number: str) -> str:
    """One order: where it stands, what happened, and why this rep."""
    member_id, now = session.member().member_id, clock.now()
    page = order_page(number, member_id, now)
    return render_template(
        "storefront/order.html",
        page=page,
        arrival=arrival_panel(own_order(number, member_id), now),
        hidden_nodes=HIDDEN,
        client_key=new_client_key(),
        refund_reasons=REFUND_REASONS,
        return_reasons=RETURN_REASONS,
    )


@bp.get("/orders/<number>/pay")
def pay_page(number: str) -> str:
    """The page to pay an order on."""
    page = order_page(number, session.member().member_id, clock.now())
    return render_template(
        "storefront/pay.html", page=page, pay_sheet=_pay_sheet(), by_code=not session.is_in_wechat()
    )


@bp.get("/orders/<number>/why/<receipt>")
def why(number: str, receipt: str) -> str:
    """Why this rep: the proof of one line of one's own order, as its buyer may read it."""
    return render_template("storefront/why.html", page=own_receipt(number, receipt))


@bp.post("/api/orders")
def create() -> ResponseReturnValue:
    """Submit an order; the same client key is the same order."""
    asked, opened = body(OrderRequest()), session.waiting()
    asked |= {
        "lines": [Line(**line) for line in asked["lines"]],
        "delivery": Delivery(asked["delivery"]),
        "home": home_outlet(),
    }

    def submit(buyer: Person) -> str:
        wanted = Submit(member_id=buyer.member_id, identity_id=buyer.identity_id, **asked)
        return submit_order(wanted, opened=opened, now=clock.now())

    number = session.acting(submit)
    session.settle_opened()
    return jsonify(number=number, pay_url=url_for(".pay_page", number=number)), 201


@bp.get("/api/orders/<number>")
def state(number: str) -> ResponseReturnValue:
    """Where an order stands, for the page that waits for the payment."""
    order = own_order(number, session.member().member_id)
    return jsonify(number=order.number, status=order.status, payable_fen=order.payable_fen)


@bp.post("/api/orders/<number>/pay")
def pay(number: str) -> ResponseReturnValue:
    """What the page hands to WeChat to pay."""
    order = own_order(number, session.member().member_id)
    order_id, member_id = order.id, order.member_id
    db.session.rollback()  # no transaction stays open around the call
    return jsonify(ask_for_payment(order_id=order_id, member_id=member_id))


@bp.post("/api/orders/<number>/code")
def code(number: str) -> ResponseReturnValue:
    """A code to scan with WeChat, where the page cannot open WeChat's own sheet."""
    order = own_order(number, session.member().member_id)
    order_id, member_id = order.id, order.member_id
    db.session.rollback()  # no transaction stays open around the call
    text = pay_by_code(order_id=order_id, member_id=member_id)
    return jsonify(code_url=text, picture=qr_svg(text))


@bp.post("/api/orders/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Not to be paid any more: closed as soon as WeChat Pay has let go of it."""
    order = own_order(number, session.member().member_id)
    order_id, member_id = order.id, order.member_id
    retried(lambda: cancel_order(order_id=order_id, member_id=member_id))
    return jsonify(number=number), 202


@bp.post("/api/orders/<number>/ask")
def ask(number: str) -> ResponseReturnValue:
    """The page was told that it is paid: have WeChat Pay asked, whose word alone counts."""
    order_id, now = own_order(number, session.member().member_id).id, clock.now()
    retried(lambda: ask_now(order_id=order_id, now=now))
    return jsonify(number=number), 202


@bp.post("/api/orders/<number>/refund")
def refund(number: str) -> ResponseReturnValue:
    """Take an order back before anything was sent: all the money returns the way it came."""
    asked, viewer = body(RefundRequest()), session.member()
    order_id, now = own_order(number, viewer.member_id).id, clock.now()
    retried(
        lambda: take_back(
            order_id=order_id,
            actor=f"member:{viewer.member_id}",
            key=asked["client_key"],
            reason=asked["reason"],
            now=now,
        )
    )
    return jsonify(number=number), 202


def _pay_sheet() -> str:
    """The page that plays WeChat's pay sheet in an ordinary browser: a demo has one, nobody else."""
    settings = config()
    is_demo = settings.service.mode is Mode.DEMO
    return f"{settings.wechat.oauth_url}/phone/pay" if is_demo else ""
