"""Agreeing to a refund: of order lines by a person, of a whole payment that should not have come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flows import books
from flows.fulfilment.hooks import refund_agreed
from flows.refund.calls import send_refund
from orders.models import OrderLine
from orders.moves import locked_order
from orders.queries import lines_of_order
from orders.refunds import refundable_fen, reserve_line_refunds
from payments.again import again_key, require_closed
from payments.errors import NotPaid
from payments.exceptions import close_exception
from payments.models import ExceptionKind, Payment
from payments.queries import (
    order_of_attempt,
    own_back_fen,
    payment_by_id,
    refund_by_id,
    refund_by_key,
    winner_of,
)
from payments.refunds import RefundWish, request_refund
from payments.rules import own_first
from wx_backend import clock, platform
from wx_backend.outbox import defer, job


@dataclass(frozen=True, slots=True)
class LinesBack:
    """Fen by order line that go back; `actor` is who says so (`staff:7`), `key` this one wish."""

    order_id: int
    amounts: Mapping[int, int]
    reason: str
    actor: str
    key: str


def refund_order_lines(back: LinesBack, *, now: datetime) -> int:
    """Agree to give back part of some lines; the refund's id. The same key is the same refund.

    Raises NotPaid, RefundTooLarge, RefundExceedsPayment, RefundTooSoon, TooManyRefunds or
    RefundTooLate; nothing is changed then.
    """
    locked_order(back.order_id)
    key = f"order:{back.order_id}:{back.key}"
    before = refund_by_key(key)
    if before is not None:
        return before.id
    payment = winner_of(back.order_id)
    if payment is None:
        raise NotPaid
    reserve_line_refunds(order_id=back.order_id, amounts=back.amounts)
    collected = _collected(back)
    wish = RefundWish(
        payment_id=payment.id,
        amount_fen=sum(back.amounts.values()),
        reason=back.reason,
        actor=back.actor,
        key=key,
        lines=back.amounts,
        collected=collected,
    )
    refund = request_refund(wish=wish, now=now, prefix=_prefix())
    books.refund_agreed(refund, collected_fen=sum(collected.values()), now=now)
    refund_agreed(back.amounts, reason=back.reason, actor=back.actor, now=now)
    defer(send_refund, key=refund.out_refund_no, refund_id=refund.id)
    return refund.id


def refund_whole_order(*, order_id: int, reason: str, actor: str, key: str, now: datetime) -> int:
    """Agree to give back all that is left of an order; refusals as above."""
    locked_order(order_id)
    amounts = refundable_fen(order_id=order_id)
    return refund_order_lines(LinesBack(order_id, amounts, reason, actor, key), now=now)


def limit_fen() -> int:
    """Above this a second person has to agree."""
    pay = platform.config().pay
    if pay is None:
        raise platform.PayNotConfigured
    return pay.second_person_above_fen


@job("payment.send_back")
def send_back(*, payment_id: int, reason: str) -> None:
    """Return a payment that was double, late, or for what is not there any more; whole."""
    now = clock.now()
    locked_order(order_of_attempt(payment_id))
    payment = payment_by_id(payment_id)
    refund = request_refund(wish=_whole(payment, reason), now=now, prefix=_prefix())
    defer(send_refund, key=refund.out_refund_no, refund_id=refund.id)


def send_back_again(*, refund_id: int, actor: str, now: datetime) -> int:
    """Return a payment whole after all, whose refund of this id WeChat Pay closed; the new one's id.

    One refund follows a closed one, however often and by whomever it is asked for. Raises
    NotClosed, RefundExceedsPayment, RefundTooSoon, TooManyRefunds or RefundTooLate.
    """
    locked_order(order_of_attempt(refund_by_id(refund_id).payment_id))
    closed = require_closed(refund_id)
    whole = _whole(payment_by_id(closed.payment_id), closed.reason)
    wish = replace(whole, actor=actor, key=again_key(closed))
    refund = request_refund(wish=wish, now=now, prefix=_prefix())
    close_exception(
        kind=ExceptionKind.REFUND_CLOSED,
        key=closed.out_refund_no,
        by=actor,
        resolution=f"已重新退款 {refund.out_refund_no}",
        now=now,
    )
    defer(send_refund, key=refund.out_refund_no, refund_id=refund.id)
    return refund.id


def _whole(payment: Payment, reason: str) -> RefundWish:
    return RefundWish(
        payment_id=payment.id,
        amount_fen=payment.amount_fen,
        reason=reason,
        actor="system",
        key=f"back:{payment.out_trade_no}",
    )


def _collected(back: LinesBack) -> dict[int, int]:
    """How many fen of each line's refund are prepaid fees: our own part goes back first."""
    lines = {line.id: line for line in lines_of_order(back.order_id)}
    return {
        line_id: amount_fen - _own_part(lines[line_id], amount_fen)
        for line_id, amount_fen in back.amounts.items()
    }


def _own_part(line: OrderLine, amount_fen: int) -> int:
    return own_first(
        amount_fen,
        paid_fen=line.paid_fen,
        collected_fen=line.collected_fen,
        own_back_fen=own_back_fen(line.id),
    )


def _prefix() -> str:
    return platform.config().service.number_prefix
