"""Who a paid plan is for: asked for, reminded of, decided once; without a pass the money goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from billing.real_name import Decision
from flows.billing import start_hand_over
from flows.fulfilment.hooks import line_cancelled, real_name_decided
from flows.messages import send_notice
from flows.refund.agree import LinesBack, refund_order_lines
from orders.models import OrderLine, RealName, SalesOrder
from orders.operations import locked_line
from orders.queries import lines_of_order
from orders.real_name import (
    Word,
    ask_real_name,
    going_back,
    is_open,
    line_of_reference,
    record_word,
)
from orders.refunds import cancel_line, refundable_fen
from orders.search import order_within
from org.queries import under
from payments.errors import RefundTooSoon
from payments.rules import REFUND_SPACING
from settlement.refunds import forfeit
from templates_msg.rules import shortened
from wx_backend import clock, platform
from wx_backend.clock import SHANGHAI
from wx_backend.db import db
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.outbox import defer, job

TO_BUYER: Final = "real_name"
REASON: Final = "实名认证未通过自动退款"
BY_HAND: Final = frozenset({RealName.PASSED, RealName.REFUSED})
_REMIND_HOURS: Final = (2, 24)
_EXPIRE_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a member of staff decides of one line, and why."""

    order_number: str
    position: int
    state: RealName
    reason: str


class AlreadyDecided(Conflict):
    code, message = "already_decided", "实名认证已有结果，不能更改"


def ask_who_it_is_for(order: SalesOrder, *, now: datetime) -> None:
    """The order is paid: each plan's and card's user has to show who he is; reminders are set."""
    settings = platform.config().real_name
    days = settings.expire_days if settings else _EXPIRE_DAYS
    hours = (0, *(settings.remind_hours if settings else _REMIND_HOURS))
    for line in ask_real_name(order, within=timedelta(days=days), now=now):
        for number, after in enumerate(hours):
            due_at = now + timedelta(hours=after)
            key = f"{line.id}:{number}"
            defer(remind, key=key, due_at=due_at, line_id=line.id, number=number)
        defer(expire, key=str(line.id), due_at=line.real_name_until, line_id=line.id)


def link_for(order: SalesOrder, line: OrderLine) -> str:
    """Where the line's user proves who he is; empty when nothing waits for him, or nowhere."""
    settings = platform.config()
    if line.real_name_reference is None or not is_open(line) or settings.real_name is None:
        return ""
    back = f"{settings.service.base_url}/orders/{order.number}"
    return platform.real_name().link(line.real_name_reference, back=back)


def take_decision(said: Decision, *, now: datetime) -> bool:
    """The service's word on one line; False when it changes nothing: a repeat, or too late.

    Raises NotFound for a reference that is none of ours.
    """
    line = line_of_reference(said.reference)
    if line is None:
        raise NotFound
    word = Word(
        key=said.decision_id,
        state=RealName.PASSED if said.is_passed else RealName.REFUSED,
        actor="real_name",
        reason=said.reason,
        said_at=said.decided_at,
    )
    return _apply(line.id, word, now)


def decide_by_hand(said: ByHand, *, staff_id: int, node_id: int, now: datetime) -> None:
    """Staff decide on a line of their part of the organisation, and say why.

    Raises NotFound, BadInput without a reason, AlreadyDecided.
    """
    order = order_within(said.order_number, under(node_id))
    lines = lines_of_order(order.id) if order is not None else ()
    line = next((each for each in lines if each.position == said.position), None)
    if line is None:
        raise NotFound
    if not said.reason or said.state not in BY_HAND:
        raise BadInput("请填写处理原因", fields=["reason"])
    actor = f"staff:{staff_id}"
    key = f"{actor}:{now.isoformat()}"
    word = Word(key=key, state=said.state, actor=actor, reason=said.reason, said_at=now)
    if not _apply(line.id, word, now):
        raise AlreadyDecided


def real_name_passed(order: SalesOrder, line: OrderLine, *, now: datetime) -> None:
    """The user of a line is who the buyer said: everything that waited for this goes on."""
    assert line.real_name_state == RealName.PASSED  # noqa: S101 - called by what recorded it
    start_hand_over(order, now=now)


@job("real_name.remind")
def remind(*, line_id: int, number: int) -> None:
    """Tell the buyer that the line's user has not shown who he is yet."""
    order, line = locked_line(line_id)
    if not is_open(line) or line.real_name_until is None:
        return
    send_notice(
        key=f"{TO_BUYER}:{line_id}:{number}",
        identity_id=order.identity_id,
        purpose=TO_BUYER,
        values={
            "number": order.number,
            "goods": shortened(line.name),
            "until": f"{line.real_name_until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        },
        url=f"{platform.config().service.base_url}/orders/{order.number}",
        now=clock.now(),
    )


@job("real_name.expire")
def expire(*, line_id: int) -> None:
    """Nobody showed who he is in time."""
    now = clock.now()
    word = Word(key="expired", state=RealName.EXPIRED, actor="system", said_at=now)
    _apply(line_id, word, now)


@job("real_name.refund")
def refund_unverified(*, line_id: int) -> None:
    """Give back what a line without a pass cost, and what was sold with it; once.

    What is left of the order waited for this, and goes to billing now.
    """
    now = clock.now()
    order, line = locked_line(line_id)
    lines = going_back(line, lines_of_order(order.id))
    left = refundable_fen(order_id=order.id)
    amounts = {each.id: left[each.id] for each in lines if each.id in left}
    back = LinesBack(order.id, amounts, REASON, "system", f"real_name:{line_id}")
    try:
        if amounts:
            with db.session.begin_nested():  # what is refused leaves nothing set aside
                refund_order_lines(back, now=now)
    except RefundTooSoon:
        defer(refund_unverified, due_at=now + REFUND_SPACING, line_id=line_id)
        return
    _end_free(order, [each for each in lines if each.paid_fen == 0], now)
    start_hand_over(order, now=now)


def _apply(line_id: int, word: Word, now: datetime) -> bool:
    if not record_word(line_id=line_id, word=word):
        return False
    order, line = locked_line(line_id)
    if line.real_name_state == RealName.PASSED:
        real_name_passed(order, line, now=now)
        real_name_decided(line_id=line_id, now=now)
    else:
        defer(refund_unverified, key=str(line_id), line_id=line_id)
    return True


def _end_free(order: SalesOrder, lines: Sequence[OrderLine], now: datetime) -> None:
    """A line that cost nothing has nothing to give back: it only ends."""
    for line in lines:
        if cancel_line(order, line, actor="system", cause="real_name", now=now):
            forfeit(order_line_id=line.id, now=now)
            line_cancelled(line_id=line.id, reason=REASON, actor="system", now=now)
