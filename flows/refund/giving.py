"""Giving lines or a whole payment back: at once, or above the limit as a proposal until another person agrees."""

from datetime import datetime

from flows.refund.agree import LinesBack, limit_fen, refund_order_lines, send_back_again
from fulfilment.return_requests import request_by_id
from orders.errors import RefundTooLarge
from orders.moves import locked_order
from orders.refunds import refundable_fen
from payments.again import again_key, require_closed, waits_for_another
from payments.proposals import (
    Proposal,
    ProposalDecided,
    given_alone_fen,
    is_proposed,
    propose_refund,
)
from payments.queries import order_of_attempt, refund_by_id, refund_by_key, winner_of
from payments.rules import REFUND_SPACING
from wx_backend import clock
from wx_backend.outbox import defer, job


def give_back(back: LinesBack, *, now: datetime) -> bool:
    """Give lines back at once (True), or above the limit once another person agrees.

    The limit is the order's: what was given back of it before without a second person counts too.
    Raises RefundTooLarge beyond what is left, ProposalDecided for a repeat of what was proposed and
    is decided or taken back, and what `refund_order_lines` refuses.
    """
    locked_order(back.order_id)
    if refund_by_key(f"order:{back.order_id}:{back.key}") is not None:
        return True
    if is_proposed(back.order_id, back.key):
        return False
    if given_alone_fen(back.order_id) + sum(back.amounts.values()) <= limit_fen():
        refund_order_lines(back, now=now)
        return True
    left = refundable_fen(order_id=back.order_id)
    for line_id, fen in back.amounts.items():
        if fen > left.get(line_id, 0):
            raise RefundTooLarge(line=line_id)
    proposal = Proposal(back.order_id, back.amounts, back.reason, back.actor, back.key)
    propose_refund(proposal=proposal, now=now)
    return False


def give_whole_back(*, refund_id: int, key: str, actor: str, now: datetime) -> bool:
    """Return a whole payment under a new number, after WeChat Pay closed its refund of this id.

    At once or by a proposal, as `give_back`; once, whoever asks. Raises NotClosed, ProposalDecided,
    and what `send_back_again` refuses.
    """
    order_id = order_of_attempt(refund_by_id(refund_id).payment_id)
    locked_order(order_id)
    closed = require_closed(refund_id)
    if refund_by_key(again_key(closed)) is not None:
        return True
    key = f"{closed.id}:{key}"
    if waits_for_another(closed.id) or is_proposed(order_id, key):
        return False
    if given_alone_fen(order_id) + closed.amount_fen <= limit_fen():
        send_back_again(refund_id=closed.id, actor=actor, now=now)
        return True
    proposal = Proposal(order_id, {}, closed.reason, actor, key, again_of=closed)
    propose_refund(proposal=proposal, now=now)
    return False


@job("refund.returned")
def refund_returned(*, request_id: int) -> None:
    """What a customer asked to give back is here: all that is left of its money goes back.

    In the name of whoever let it come. Refunds of one payment are a minute apart: it waits for that.
    """
    row, chain = request_by_id(request_id)
    order_id, now = chain.order_id, clock.now()
    locked_order(order_id)
    left = refundable_fen(order_id=order_id).get(chain.order_line_id, 0)
    if not left or row.decided_by is None:
        return
    next_at = _next_at(order_id)
    if next_at is not None and now < next_at:
        key = f"{request_id}:{int(next_at.timestamp())}"
        defer(refund_returned, key=key, due_at=next_at, request_id=request_id)
        return
    amounts = {chain.order_line_id: left}
    try:
        give_back(LinesBack(order_id, amounts, row.reason, row.decided_by, _key(row.id)), now=now)
    except ProposalDecided:
        return  # a second person has spoken


def _key(request_id: int) -> str:
    return f"return-{request_id}"


def _next_at(order_id: int) -> datetime | None:
    """When the payment of an order may be asked for its next refund."""
    payment = winner_of(order_id)
    if payment is None or payment.refund_asked_at is None:
        return None
    return payment.refund_asked_at + REFUND_SPACING
