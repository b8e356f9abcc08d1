"""Disputes about who is credited, as those see them whose outlets sold the lines, and close them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select

from orders.models import OrderLine, SalesOrder
from orders.queries import lines_by_id, orders_by_id
from orders.search import line_ids
from org.queries import under
from org.roster import holds_everything, names_of_nodes, names_of_reps
from referral.disputes import close_dispute, count_disputes, dispute_about, disputes_about
from referral.models import Dispute
from referral.proofs import as_values, receipt_numbers
from referral.queries import touches_by_id
from referral.reassigning import disputes_that_wait, reassigned
from referral.values import Touch


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute: about which line, who is credited with it, and whose late contact speaks against that.

    `reassigned_to` is who has the commission since two persons gave it to him; `waits` says that one of
    them has asked for that and nobody has agreed yet.
    """

    row: Dispute
    line: OrderLine
    order: SalesOrder
    receipt_number: str
    developer: str
    outlet: str
    touch: Touch | None
    rival: str
    reassigned_to: str
    waits: bool


def dispute_rows(node_id: int, *, is_closed: bool, after: int, limit: int) -> list[DisputeRow]:
    """What is disputed about the lines of a place and below it."""
    found = disputes_about(lines_within(node_id), is_closed=is_closed, after=after, limit=limit)
    return _told(found)


def dispute_row(dispute_id: int, node_id: int) -> DisputeRow:
    """One of them; NotFound for foreign as for missing ones."""
    return _told([dispute_about(dispute_id, lines_within(node_id))])[0]


def count_dispute_rows(node_id: int, *, is_closed: bool = False) -> int:
    """How many those are."""
    return count_disputes(lines_within(node_id), is_closed=is_closed)


def close(*, dispute_id: int, node_id: int, resolution: str, by: str, now: datetime) -> None:
    """Say what looking into one came to. Raises NotFound, ClosedMeanwhile, ReassignmentWaits."""
    found = dispute_about(dispute_id, lines_within(node_id))
    close_dispute(dispute_id=found.id, resolution=resolution, by=by, now=now)


def lines_within(node_id: int) -> Select[int] | None:
    """The lines somebody at a place decides about; None where he decides about all."""
    return None if holds_everything(node_id) else line_ids(under(node_id))


def _told(disputes: Sequence[Dispute]) -> list[DisputeRow]:
    lines = lines_by_id(each.order_line_id for each in disputes)
    orders = orders_by_id(line.order_id for line in lines.values())
    receipts = receipt_numbers(lines)
    outlets = names_of_nodes(line.outlet_id for line in lines.values() if line.outlet_id)
    touches = _touches(disputes)
    rivals = {touch.root_rep_id for touch in touches.values()}
    credited = {line.developer_rep_id for line in lines.values()}
    winners = {each.order_line_id: each.to_rep_id for each in reassigned(lines)}
    named = rivals | credited | {*winners.values()}
    reps = names_of_reps(each for each in named if each is not None)
    waiting = disputes_that_wait(each.id for each in disputes)
    told = []
    for each in disputes:
        line, touch = lines[each.order_line_id], touches.get(each.touch_id or 0)
        told.append(
            DisputeRow(
                row=each,
                line=line,
                order=orders[line.order_id],
                receipt_number=receipts.get(line.id, ""),
                developer=reps.get(line.developer_rep_id or 0, ""),
                outlet=outlets.get(line.outlet_id or 0, ""),
                touch=touch,
                rival=reps.get(touch.root_rep_id or 0, "") if touch else "",
                reassigned_to=reps.get(winners.get(line.id, 0), ""),
                waits=each.id in waiting,
            )
        )
    return told


def _touches(disputes: Sequence[Dispute]) -> Mapping[int, Touch]:
    ids = {each.touch_id for each in disputes if each.touch_id is not None}
    return {touch.id: touch for touch in as_values(touches_by_id(ids))} if ids else {}
