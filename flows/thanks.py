"""The order is paid: the buyer and the rep hear of it, and the purchase itself is a touch."""

from collections.abc import Sequence
from datetime import datetime

from flows.confirmed_acts import note_purchase
from flows.messages import send_notice
from flows.telling_reps import hears_by_digest
from members.queries import appid_of, identity_at, member_ids_of
from orders.models import OrderLine, SalesOrder
from orders.queries import lines_of_order, order_by_id
from org.queries import member_of_rep
from templates_msg.rules import shortened
from wx_backend import clock
from wx_backend.errors import NotFound
from wx_backend.money import yuan
from wx_backend.outbox import job
from wx_backend.platform import config

TO_BUYER = "order_paid"
TO_REP = "rep_order"


@job("order.thank")
def thank(*, order_id: int) -> None:
    """Tell the buyer that the order is paid, and each rep that a customer of his bought."""
    now = clock.now()
    order = order_by_id(order_id)
    if order is None:
        raise NotFound
    lines = lines_of_order(order_id)
    for line in lines:
        note_purchase(order, line, now)
    _tell_buyer(order, lines, now)
    for rep_id in sorted(_credited(lines)):
        _tell_rep(order, lines, rep_id, now)


def _tell_buyer(order: SalesOrder, lines: Sequence[OrderLine], now: datetime) -> None:
    send_notice(
        key=f"{TO_BUYER}:{order.number}",
        identity_id=order.identity_id,
        purpose=TO_BUYER,
        values=_values(order, lines),
        url=f"{config().service.base_url}/orders/{order.number}",
        now=now,
    )


def _tell_rep(order: SalesOrder, lines: Sequence[OrderLine], rep_id: int, now: datetime) -> None:
    """At the account the buyer used, if the rep follows it there and takes no digest instead."""
    if hears_by_digest(rep_id):
        return
    member_id = member_of_rep(rep_id)
    if member_id is None:
        return
    identity_id = identity_at(member_ids_of(member_id), appid_of(order.identity_id))
    if identity_id is None:
        return
    mine = [line for line in lines if rep_id in (line.developer_rep_id, line.acceptor_rep_id)]
    send_notice(
        key=f"{TO_REP}:{order.number}:{rep_id}",
        identity_id=identity_id,
        purpose=TO_REP,
        values=_values(order, mine),
        url=f"{config().service.base_url}/terminal/orders",
        now=now,
    )


def _credited(lines: Sequence[OrderLine]) -> set[int]:
    reps = {rep for line in lines for rep in (line.developer_rep_id, line.acceptor_rep_id)}
    return {rep for rep in reps if rep is not None}


def _values(order: SalesOrder, lines: Sequence[OrderLine]) -> dict[str, str]:
    names = "、".join(line.name for line in lines)
    paid_at = (order.paid_at or order.placed_at).astimezone(clock.SHANGHAI)
    return {
        "number": order.number,
        "goods": shortened(names),
        "amount": f"{yuan(sum(line.paid_fen for line in lines)).replace(',', '')}元",
        "paid_at": f"{paid_at:%Y-%m-%d %H:%M}",
    }
