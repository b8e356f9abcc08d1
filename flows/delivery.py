"""A line reaches the buyer: noted on the order, and the days until commission is free begin."""

from datetime import datetime

from catalog.numbers import sell
from orders.models import Fulfilment
from orders.operations import fulfil_line
from orders.placement import reservation_key
from settlement.accruals import start_vesting
from settlement.models import Milestone

_MILESTONES = {
    Fulfilment.RECEIVED: Milestone.RECEIVED,
    Fulfilment.ACTIVATED: Milestone.ACTIVATED,
}


def move_line_on(*, line_id: int, to: Fulfilment, actor: str, cause: str, now: datetime) -> None:
    """Record how far a line has come, its phone number sold once it is active.

    Raises MoveRefused when it cannot go there.
    """
    fulfil_line(line_id=line_id, to=to, actor=actor, cause=cause, now=now)
    if to is Fulfilment.ACTIVATED:
        sell(key=reservation_key(line_id))
    start_days(line_id=line_id, reached=to, at=now)


def start_days(*, line_id: int, reached: Fulfilment, at: datetime) -> None:
    """Let the holding days run, if this is what the line's commission waits for."""
    if reached in _MILESTONES:
        start_vesting(order_line_id=line_id, milestone=_MILESTONES[reached], reached_at=at)
