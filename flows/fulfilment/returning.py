"""Lines that come back to an outlet: taken in again, exchanged for another unit, or kept after all."""

from datetime import datetime

from catalog import stock
from flows.fulfilment.progress import go_on, line_of, lock
from flows.refund.giving import refund_returned
from fulfilment.errors import NotYet
from fulfilment.models import Chain, ReturnKind
from fulfilment.nodes import Node
from fulfilment.operations import begin_anew
from fulfilment.queries import chain_within, has_passed, open_return
from fulfilment.return_requests import agreed_request
from fulfilment.returns import note_goods_back, settle_return, start_return, withdraw_return
from orders.placement import reservation_key
from org.queries import under
from org.roster import holds_everything
from wx_backend.errors import BadInput
from wx_backend.outbox import defer


def start_exchange(
    *, chain_id: int, reason: str, staff_node_id: int, actor: str, now: datetime
) -> None:
    """A customer brings a unit back to get another; NotYet before he had it, BadInput, NotFound."""
    chain = lock(_chain(chain_id, staff_node_id))
    if not has_passed(chain, Node.DELIVERED):
        raise NotYet(node=Node.DELIVERED)
    if not reason.strip():
        raise BadInput("请填写换货原因", fields=["reason"])
    if not start_return(chain, ReturnKind.EXCHANGED, reason=reason, actor=actor, now=now):
        raise NotYet(node=Node.RETURNED)


def goods_back(*, chain_id: int, staff_node_id: int, actor: str, now: datetime) -> None:
    """The units are at the outlet again: back to the shelf, or exchanged for others.

    An exchanged line is packed anew; its money is not touched. What its customer asked to give back
    is refunded now. NotYet for a line that is not coming back or whose units are here already.
    """
    chain = lock(_chain(chain_id, staff_node_id))
    case = open_return(chain)
    if case is None or not note_goods_back(chain, actor=actor, now=now):
        raise NotYet(node=Node.RETURNED)
    if case.kind == ReturnKind.EXCHANGED:
        settle_return(chain, actor=actor, now=now)
        begin_anew(chain, at=Node.PACKED, actor=actor, now=now)
        go_on(chain, now=now)
    else:
        stock.put_back(key=reservation_key(chain.order_line_id), now=now)
        asked = agreed_request(chain)
        if asked is not None:
            defer(refund_returned, key=str(asked.id), request_id=asked.id)


def call_off(*, chain_id: int, staff_node_id: int, actor: str, now: datetime) -> None:
    """The customer keeps his unit after all: the line goes on where it stood.

    NotYet for a line that is not coming back, and once its units or its money are on their way.
    """
    chain = lock(_chain(chain_id, staff_node_id))
    case, line = open_return(chain), line_of(chain)
    is_kept = (
        case is not None
        and case.kind != ReturnKind.CANCELLED
        and line.refund_reserved_fen < line.paid_fen
        and withdraw_return(chain, actor=actor, cause="called off", now=now)
    )
    if not is_kept:
        raise NotYet(node=Node.RETURNED)
    go_on(chain, now=now)


def _chain(chain_id: int, staff_node_id: int) -> Chain:
    """A chain within the part of the organisation of whoever asks; NotFound otherwise."""
    sees_all = holds_everything(staff_node_id)
    return chain_within(chain_id, under(staff_node_id), sees_all=sees_all)
