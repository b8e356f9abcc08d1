"""Payments nobody told us about, and orders nobody paid: queried, then closed, by the clock."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flows.payment.settle import settle
from orders.models import OrderStatus
from orders.moves import locked_order
from orders.operations import close_order, unpaid_orders_to_close
from orders.queries import order_by_id
from payments.attempts import OPEN, close_attempt
from payments.facts import payment_fact
from payments.models import PaymentStatus
from payments.operations import Source
from payments.queries import open_attempts_of, payment_by_id, winner_of
from wechat.pay.facts import Transaction
from wx_backend import clock, platform
from wx_backend.errors import NotFound, PlatformError
from wx_backend.outbox import Steps, defer, remote_job

QUERY_EVERY = timedelta(minutes=4)
ASK_EVERY_SECONDS = 5
# The platform takes no more money under the number: nothing is left to close.
_ENDED = frozenset({"ORDER_CLOSED", "ORDER_NOT_EXIST"})


class StillPayable(PlatformError):
    """WeChat Pay says it is paid, or may be just now, and has not shown it yet: ask again."""

    def __init__(self, out_trade_no: str) -> None:
        super().__init__("close", "STILL_PAYABLE", out_trade_no, permanent=False)


@remote_job("payment.query")
def query_payment(*, payment_id: int) -> Steps:
    """Has it been paid, though no notice came? Asked until it ended or its order closes."""
    payment = payment_by_id(payment_id)
    if payment.status not in OPEN:
        return
    yield from _learn(payment_id)
    payment, now = payment_by_id(payment_id), clock.now()
    if payment.status in OPEN and now < payment.expires_at:
        defer(query_payment, due_at=now + QUERY_EVERY, payment_id=payment_id)


@remote_job("payment.ask")
def ask_payment(*, payment_id: int) -> Steps:
    """Has it been paid by now? Asked once."""
    if payment_by_id(payment_id).status in OPEN:
        yield from _learn(payment_id)


def ask_now(*, order_id: int, now: datetime) -> None:
    """The page says that it was paid: believe WeChat Pay only, asked once in five seconds."""
    for payment in open_attempts_of(order_id):
        slot = int(now.timestamp()) // ASK_EVERY_SECONDS
        defer(ask_payment, key=f"{payment.out_trade_no}:{slot}", payment_id=payment.id)


@remote_job("order.close")
def close_unpaid(*, order_id: int, cause: str, actor: str = "system") -> Steps:
    """End every attempt at WeChat Pay, then close the order here; money that came first wins."""
    order = order_by_id(order_id)
    if order is None or order.status != OrderStatus.PLACED:
        return
    for payment_id in [payment.id for payment in open_attempts_of(order_id)]:
        yield from _end(payment_id)
    locked_order(order_id)
    if winner_of(order_id) is not None:
        return
    if left := open_attempts_of(order_id):
        raise StillPayable(left[0].out_trade_no)
    close_order(order_id=order_id, actor=actor, cause=cause, now=clock.now())


def close_expired_orders(*, now: datetime) -> int:
    """Have every order past its time closed; how many. Repeats hourly while one will not close."""
    due = unpaid_orders_to_close(now=now)
    for order_id in due:
        defer(close_unpaid, key=f"{order_id}:{now:%Y%m%d%H%M}", order_id=order_id, cause="expired")
    return len(due)


def cancel_order(*, order_id: int, member_id: int) -> None:
    """The member does not want it any more: closed as soon as WeChat Pay lets go of it."""
    order = locked_order(order_id)
    if order.member_id != member_id:
        raise NotFound
    close_soon(order_id=order_id, cause="cancelled", actor=f"member:{member_id}")


def close_soon(*, order_id: int, cause: str, actor: str) -> None:
    """Somebody does not want an unpaid order any more; money that comes first wins."""
    key = f"{order_id}:{cause}"
    defer(close_unpaid, key=key, order_id=order_id, cause=cause, actor=actor)


def _end(payment_id: int) -> Generator[Callable[[], Any], Any, None]:
    """Query first, then close: an attempt that was paid is settled instead."""
    yield from _learn(payment_id)
    payment = payment_by_id(payment_id)
    if payment.status not in OPEN:
        return
    number = payment.out_trade_no
    try:
        yield partial(platform.pay_client().close, number)
    except PlatformError as error:
        if error.code == "ORDER_PAID":
            yield from _learn(payment_id)
            if payment_by_id(payment_id).status != PaymentStatus.SUCCEEDED:
                raise StillPayable(number) from error
            return
        if error.code not in _ENDED:
            raise
    close_attempt(payment_id=payment_id, now=clock.now())


def _learn(payment_id: int) -> Generator[Callable[[], Any], Any, None]:
    """Query one attempt and settle what the answer says."""
    payment = payment_by_id(payment_id)
    said: Transaction | None = yield partial(platform.pay_client().query, payment.out_trade_no)
    if said is not None:
        settle(payment_fact(said), source=Source.QUERY, now=clock.now())
