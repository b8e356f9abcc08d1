"""What the other stories tell the chain: billing's receipt, real name, money going back.

Each is called with the order locked, bears repeats, and does nothing for a line without a chain.
"""

from collections.abc import Iterable
from datetime import datetime

from flows.fulfilment.handing_out import renew_code
from flows.fulfilment.progress import go_on, note_done
from flows.fulfilment.shipping import tell_when_out
from fulfilment.models import Chain
from fulfilment.nodes import Node, Proof
from fulfilment.packing import note_evidence
from fulfilment.queries import chain_of_line, task_at
from fulfilment.returns import kind_of_return, settle_return, start_return, withdraw_return
from orders.hand_overs import hand_over_of
from orders.models import OrderLine
from orders.queries import line_by_id


def line_activated(*, line_id: int, now: datetime) -> None:
    """Billing's receipt is here: the account is open."""
    chain = chain_of_line(line_id)
    if chain is None or not note_done(
        chain, Node.OPENED, actor="billing", cause="receipt", now=now
    ):
        return
    task, row = task_at(chain, Node.OPENED), hand_over_of(chain.order_id)
    if task is not None and row is not None and row.receipt_no:
        note_evidence(task, Proof.RECEIPT, row.receipt_no, actor="billing", now=now)


def real_name_decided(*, line_id: int, now: datetime) -> None:
    """The line's user was checked: what waited for it may open now."""
    chain = chain_of_line(line_id)
    if chain is not None:
        go_on(chain, now=now)


def refund_agreed(line_ids: Iterable[int], *, reason: str, actor: str, now: datetime) -> None:
    """Lines whose whole money goes back stop where they are.

    The order's pickup code stays, or moves on, while another line waits to be fetched for it.
    """
    for line_id in line_ids:
        chain, line = chain_of_line(line_id), line_by_id(line_id)
        if chain is not None and line is not None and _is_whole(line.refund_reserved_fen, line):
            start_return(chain, kind_of_return(chain), reason=reason, actor=actor, now=now)
            renew_code(chain.order_id, now=now)


def refund_paid(line_ids: Iterable[int], *, actor: str, now: datetime) -> None:
    """The money is back: the return of a line that came back whole is over, and no shipment waits for it."""
    for line_id in line_ids:
        chain, line = chain_of_line(line_id), line_by_id(line_id)
        if chain is not None and line is not None and _is_whole(line.refunded_fen, line):
            settle_return(chain, actor=actor, now=now)
            tell_when_out(chain.order_id, now=now)


def line_cancelled(*, line_id: int, reason: str, actor: str, now: datetime) -> None:
    """A line that cost nothing is over: there is no money to wait for."""
    chain = chain_of_line(line_id)
    if chain is not None:
        start_return(chain, kind_of_return(chain), reason=reason, actor=actor, now=now)
        settle_return(chain, actor=actor, now=now)
        renew_code(chain.order_id, now=now)
        tell_when_out(chain.order_id, now=now)


def refund_failed(line_ids: Iterable[int], *, actor: str, now: datetime) -> None:
    """No money moved: what had stopped goes on."""
    for chain in filter(None, map(chain_of_line, line_ids)):
        if withdraw_return(chain, actor=actor, cause="refund failed", now=now):
            _resume(chain, now)


def _resume(chain: Chain, now: datetime) -> None:
    """Go on where it stood; what lay ready to be fetched gets a new code."""
    go_on(chain, now=now)
    renew_code(chain.order_id, now=now)


def _is_whole(fen: int, line: OrderLine) -> bool:
    return fen == line.paid_fen
