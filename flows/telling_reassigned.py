"""A line was given to another rep: whoever has it now hears so, and whoever had it."""

from collections.abc import Mapping
from typing import Final

from flows.message_events import NUMBER
from flows.telling_reps import tell_rep
from orders.queries import line_by_id, order_by_id
from org.queries import rep_card
from referral.reassigning import agreed_reassignment
from referral.reassignment_models import Reassignment
from templates_msg.rules import shortened
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.errors import NotFound
from wx_backend.money import yuan
from wx_backend.outbox import defer, job

GAINED: Final = "credit_gained"
LOST: Final = "credit_lost"


def have_both_told(asked: Reassignment) -> None:
    """Have both reps told of what was just agreed to, each by itself: one may not be reached."""
    for rep_id in (asked.to_rep_id, asked.from_rep_id):
        defer(tell_reassigned, reassignment_id=asked.id, rep_id=rep_id)


@job("reassignment.tell")
def tell_reassigned(*, reassignment_id: int, rep_id: int) -> None:
    """Tell one of the two reps, once. Who may not use the terminal now is told nothing, and reads it there later."""
    agreed = agreed_reassignment(reassignment_id)
    purpose = GAINED if rep_id == agreed.to_rep_id else LOST
    if not rep_card(rep_id).is_active:
        return
    values = _values(agreed)
    tell_rep(
        rep_id,
        purpose=purpose,
        key=f"{purpose}:{reassignment_id}",
        values=values,
        page=f"orders/{values[NUMBER]}",
        now=clock.now(),
    )


def _values(agreed: Reassignment) -> Mapping[str, str]:
    line = line_by_id(agreed.order_line_id)
    order = order_by_id(line.order_id) if line else None
    if line is None or order is None or agreed.decided_at is None:
        raise NotFound
    return {
        NUMBER: order.number,
        "goods": shortened(line.name),
        "amount": f"{yuan(agreed.moved_fen or 0).replace(',', '')}元",
        "at": f"{agreed.decided_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    }
