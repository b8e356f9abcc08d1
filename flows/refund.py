"""Money goes back: agreed here, asked of WeChat Pay, booked when it says so, whatever comes first."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flows import books
from orders.moves import locked_order
from orders.queries import lines_of_order
from orders.refunds import (
    free_line_refunds,
    record_line_refunds,
    refundable_fen,
    reserve_line_refunds,
)
from payments.errors import NotPaid
from payments.exceptions import close_exception
from payments.facts import refund_fact
from payments.models import ExceptionKind, Payment, Refund
from payments.queries import (
    order_of_refund,
    own_back_fen,
    payment_of_refund,
    refund_by_id,
    refund_lines,
    refunds_under_way,
    winner_of,
)
from payments.refunds import (
    RefundOutcome,
    RefundSettlement,
    RefundWish,
    apply_refund_fact,
    record_refund_unknown,
    refuse_refund,
    request_refund,
)
from payments.rules import FINAL, RefundFact, own_first
from settlement.operations import take_back
from wechat.pay.facts import Refund as Said
from wx_backend import clock, crash, platform
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, job, remote_job

AFTER_REFUND = crash.point("refund.after_state")
STALE = timedelta(hours=1)
# How long to wait before asking again, by the age of the refund (WeChat Pay's advice).
_WAITS = (
    (timedelta(minutes=5), timedelta(minutes=1)),
    (timedelta(minutes=15), timedelta(minutes=5)),
    (timedelta(hours=1), timedelta(minutes=10)),
)
_LONGEST_WAIT = timedelta(minutes=30)


def refund_lines_of_order(
    *, order_id: int, amounts: Mapping[int, int], reason: str, actor: str, key: str, now: datetime
) -> int:
    """Agree to give back fen by line id; the refund's id. The same `key` is the same refund.

    Raises NotPaid, RefundTooLarge, RefundTooSoon, TooManyRefunds, RefundTooLate.
    """
    locked_order(order_id)
    payment = winner_of(order_id)
    if payment is None:
        raise NotPaid
    wish = RefundWish(
        payment_id=payment.id,
        amount_fen=sum(amounts.values()),
        reason=reason,
        actor=actor,
        key=f"order:{order_id}:{key}",
        lines=dict(amounts),
        collected=_collected(order_id, amounts),
    )
    before = refund_by_key(wish.key)
    if before is not None:
        return before.id
    reserve_line_refunds(order_id=order_id, amounts=amounts)
    refund = request_refund(wish=wish, now=now, prefix=platform.config().service.number_prefix)
    books.refund_agreed(refund, collected_fen=sum(wish.collected.values()), now=now)
    defer(send_refund, key=refund.out_refund_no, refund_id=refund.id)
    return refund.id
