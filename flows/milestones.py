"""What billing tells of a plan after activation: parts of commission begin to vest, or go back."""

from datetime import datetime, timedelta
from typing import Final

from billing.values import Happened, ServiceEvent
from orders.hand_overs import hand_over_of
from orders.models import OrderLine
from orders.moves import locked_order
from orders.queries import lines_of_order, order_by_number
from settlement.accruals import start_vesting
from settlement.models import Milestone
from settlement.refunds import end
from wx_backend.errors import BadInput, NotFound

CLOCKS_APART: Final = timedelta(minutes=10)
_REACHED: Final = {
    ServiceEvent.FIRST_TOP_UP: Milestone.FIRST_TOP_UP,
    ServiceEvent.MONTH_ALIVE: Milestone.MONTH_ALIVE,
}


class NotYet(BadInput):
    """It is said to have happened later than now."""

    code, message = "not_yet", "事件时间晚于当前时间"


def take_event(said: Happened, *, now: datetime) -> None:
    """Let an event count for the commission of its line; told again it changes nothing.

    The order of events makes no difference: each is judged by when it happened. What is posted
    counts today. Raises NotFound for a line that was never handed over, NotYet.
    """
    if said.happened_at > now + CLOCKS_APART:
        raise NotYet
    line = _line(said)
    locked_order(line.order_id)
    if said.event is ServiceEvent.CANCELLED:
        end(order_line_id=line.id, how=Milestone.CANCELLED, ended_at=said.happened_at, now=now)
        return
    start_vesting(
        order_line_id=line.id,
        milestone=_REACHED[said.event],
        reached_at=said.happened_at,
        month=said.month,
        now=now,
    )


def _line(said: Happened) -> OrderLine:
    order = order_by_number(said.order_number)
    row = hand_over_of(order.id) if order is not None else None
    if order is None or row is None or said.position not in row.positions:
        raise NotFound
    return next(line for line in lines_of_order(order.id) if line.position == said.position)
