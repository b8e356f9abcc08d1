"""Asking WeChat Pay for refunds and about them: always under the same number until it is certain."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flows.payment.address import notice_url
from flows.refund.settle import give_up_refund, settle_refund
from payments.facts import refund_fact
from payments.models import Payment, Refund
from payments.queries import payment_by_id, refund_by_id
from payments.refunds import record_refund_unknown, refunds_to_chase
from payments.rules import FINAL
from wechat.pay.facts import Refund as Said
from wx_backend import clock, platform
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.stops import is_held

SEND = "refund.send"
STALE = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=30)
# How long to wait before asking again, by the refund's age: WeChat Pay's advice (refund guide).
WAITS = (
    (timedelta(minutes=5), timedelta(minutes=1)),
    (timedelta(minutes=15), timedelta(minutes=5)),
    (timedelta(hours=1), timedelta(minutes=10)),
)


@remote_job("refund.send")
def send_refund(*, refund_id: int) -> Steps:
    """Ask for the refund. An unknown outcome is queried, a refusal believed only after a query."""
    refund = refund_by_id(refund_id)
    if refund.status in FINAL:
        return
    try:
        said = yield _call(refund, payment_by_id(refund.payment_id))
    except PlatformError as error:
        if error.unknown:
            record_refund_unknown(refund_id=refund_id)
            ask_again(refund_id)
            return
        if not error.permanent:
            raise
        found: Said | None = yield _query(refund_by_id(refund_id))
        if found is None:
            give_up_refund(refund_id=refund_id, error=error.code, now=clock.now())
            return
        said = found
    _learn(refund_id, said)


@remote_job("refund.query")
def query_refund(*, refund_id: int) -> Steps:
    """Ask how a refund stands; one WeChat Pay has never heard of is asked for again."""
    refund = refund_by_id(refund_id)
    if refund.status in FINAL:
        return
    said: Said | None = yield _query(refund)
    if said is None:
        if not is_held(
            SEND, is_call=True
        ):  # once they go on, the hourly question brings it up again
            defer(send_refund, refund_id=refund_id)
        return
    _learn(refund_id, said)


def chase_refunds(*, now: datetime) -> int:
    """Ask about refunds nobody has asked about for long (their job may have died); how many."""
    stale = refunds_to_chase(asked_before=now - STALE, now=now)
    for refund_id in stale:
        defer(query_refund, key=f"{refund_id}:{now:%Y%m%d%H}", refund_id=refund_id)
    return len(stale)


def _learn(refund_id: int, said: Said) -> None:
    """Apply an answer; ask again later while it is not the last word."""
    settle_refund(refund_fact(said), now=clock.now())
    if refund_by_id(refund_id).status not in FINAL:
        ask_again(refund_id)


def ask_again(refund_id: int) -> None:
    """Have WeChat Pay asked how a refund stands, after as long as its age makes sensible."""
    now = clock.now()
    refund = refund_by_id(refund_id)
    defer(query_refund, due_at=now + wait_after(now - refund.asked_at), refund_id=refund_id)


def wait_after(age: timedelta) -> timedelta:
    """How long to wait before asking about a refund of this age again."""
    return next((wait for limit, wait in WAITS if age < limit), LONGEST_WAIT)


def _call(refund: Refund, payment: Payment) -> Callable[[], Any]:
    client = platform.pay_client()
    return partial(
        client.refund,
        out_trade_no=payment.out_trade_no,
        out_refund_no=refund.out_refund_no,
        refund_fen=refund.amount_fen,
        total_fen=payment.amount_fen,
        reason=refund.reason,
        notify_url=notice_url(),
    )


def _query(refund: Refund) -> Callable[[], Any]:
    return partial(platform.pay_client().query_refund, refund.out_refund_no)
