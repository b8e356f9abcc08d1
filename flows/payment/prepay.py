"""Asking WeChat Pay to take a payment: note the intent, call, note the answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.payment.address import notice_url
from flows.payment.ending import ask_payment, query_payment
from members.queries import identity_by_id
from orders.errors import OrderClosed
from orders.models import OrderStatus, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order
from payments.attempts import (
    Demand,
    open_attempt,
    record_prepay,
    record_prepay_refused,
    record_prepay_unknown,
    start_prepay,
)
from payments.errors import AlreadyPaid
from payments.models import PaymentStatus, TradeType
from wechat.pay.client import DESCRIPTION_LENGTH, Order, shown
from wx_backend import clock, crash, platform
from wx_backend.db import retried
from wx_backend.errors import Conflict, NotFound, PlatformError, Unavailable
from wx_backend.outbox import defer
from wx_backend.stops import check_open

log = logging.getLogger(__name__)

AFTER_PREPAY_CALL = crash.point("prepay.after_call")
FIRST_QUERY = timedelta(minutes=1)


class PaymentUncertain(Unavailable):
    """WeChat Pay did not answer; paying again uses the same number and cannot cost twice."""

    code, message = "payment_uncertain", "支付请求未得到确认，请稍后重试"


class PaymentRefused(Conflict):
    """WeChat Pay will not take this payment; `details.reason` is its code."""

    code, message = "payment_refused", "暂时无法发起支付，请稍后再试"


@dataclass(frozen=True, slots=True)
class Asked:
    """One prepay about to be sent; `is_first` where none was sent under this number before."""

    payment_id: int
    is_first: bool
    openid: str
    order: Order


def pay(*, order_id: int, member_id: int) -> dict[str, str]:
    """What the page hands to WeChat to pay this order; makes its own two transactions.

    Call it with no transaction open. Raises Stopped while everything is held, NotFound for somebody else's order, OrderClosed,
    AlreadyPaid, PaymentRefused, Conflict when the order ended meanwhile, or PaymentUncertain
    when the outcome is unknown.
    """
    asked = retried(lambda: ask(order_id=order_id, member_id=member_id, now=clock.now()))
    client = platform.pay_client()
    prepay_id = _prepaid(asked, lambda: client.jsapi_prepay(asked.order, openid=asked.openid))
    return client.pay_sign(
        appid=asked.order.appid, prepay_id=prepay_id, timestamp=int(clock.now().timestamp())
    )


def pay_by_code(*, order_id: int, member_id: int) -> str:
    """The text of a code that pays this order when WeChat scans it, for a screen outside WeChat.

    Everything else as with `pay`. It is another number than the sheet's; whichever is paid first
    wins, and money under the other one goes back.
    """
    trade = TradeType.NATIVE
    asked = retried(
        lambda: ask(order_id=order_id, member_id=member_id, now=clock.now(), trade_type=trade)
    )
    client = platform.pay_client()
    return _prepaid(asked, lambda: client.native_prepay(asked.order))


def _prepaid(asked: Asked, call: Callable[[], str]) -> str:
    """Make the call and note what came of it."""
    try:
        prepay_id = call()
    except PlatformError as error:
        failure = error
        ids = {"payment_id": asked.payment_id, "error": repr(failure)}
        log.warning("payment was not asked for", extra=ids)
        retried(lambda: note_failure(asked, failure))
        raise _refusal(failure) from error
    crash.here(AFTER_PREPAY_CALL)
    now = clock.now()
    # Of a code's text, `weixin://wxpay/bizpayurl?pr=...`, what tells it from others is kept.
    known_by = prepay_id.rpartition("pr=")[2]
    if not retried(lambda: record_prepay(payment_id=asked.payment_id, prepay_id=known_by, now=now)):
        raise Conflict
    return prepay_id


def ask(
    *,
    order_id: int,
    member_id: int,
    now: datetime,
    trade_type: TradeType = TradeType.JSAPI,
) -> Asked:
    """Open (or reuse) the attempt and note that it is being sent, before it is."""
    check_open()
    order = locked_order(order_id)
    if order.member_id != member_id:
        raise NotFound
    if order.status == OrderStatus.CLOSED or (
        order.status == OrderStatus.PLACED and order.expires_at <= now
    ):
        raise OrderClosed
    if order.status != OrderStatus.PLACED:
        raise AlreadyPaid
    identity = identity_by_id(order.identity_id)
    if identity.openid is None:
        raise NotFound
    demand = _demand(order, identity.appid, trade_type)
    payment = open_attempt(demand=demand, now=now, prefix=_prefix())
    is_first = payment.status == PaymentStatus.CREATED
    start_prepay(payment_id=payment.id)
    defer(query_payment, key=payment.out_trade_no, due_at=now + FIRST_QUERY, payment_id=payment.id)
    sent = Order(
        appid=payment.appid,
        out_trade_no=payment.out_trade_no,
        description=payment.description,
        total_fen=payment.amount_fen,
        notify_url=notice_url(),
        expires_at=payment.expires_at,
    )
    return Asked(payment.id, is_first, identity.openid, sent)


def note_failure(asked: Asked, error: PlatformError) -> None:
    """Unknown outcomes keep the number. After a refusal WeChat Pay is asked: it may be paid by now."""
    if error.unknown or not error.permanent:
        record_prepay_unknown(payment_id=asked.payment_id)
    else:
        record_prepay_refused(payment_id=asked.payment_id, is_first=asked.is_first)
        defer(ask_payment, payment_id=asked.payment_id)


def _refusal(error: PlatformError) -> PaymentUncertain | PaymentRefused | AlreadyPaid:
    if error.code == "ORDER_PAID":
        return AlreadyPaid()
    if error.unknown or not error.permanent:
        return PaymentUncertain()
    return PaymentRefused(reason=error.code)


def _demand(order: SalesOrder, appid: str, trade_type: TradeType) -> Demand:
    names = "、".join(line.name for line in lines_of_order(order.id))
    return Demand(
        order_id=order.id,
        identity_id=order.identity_id,
        mchid=platform.merchant().mchid,
        appid=appid,
        amount_fen=order.payable_fen,
        description=shown(names)[:DESCRIPTION_LENGTH] or order.number,
        expires_at=order.expires_at,
        trade_type=trade_type,
    )


def _prefix() -> str:
    return platform.config().service.number_prefix
