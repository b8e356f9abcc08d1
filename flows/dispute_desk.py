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
from referral.values import Touch


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute: about which line, who is credited with it, and whose late contact speaks against that."""

    row: Dispute
    line: OrderLine
    order: SalesOrder
    receipt_number: str
    developer: str
    outlet: str
    touch: Touch | None
    rival: str


def dispute_rows(node_id: int, *, is_closed: bool, after: int, limit: int) -> list[DisputeRow]:
    """What is disputed about the lines of a place and below it."""
    return _told(disputes_about(_lines(node_id), is_closed=is_closed, after=after, limit=limit))


def count_dispute_rows(node_id: int, *, is_closed: bool = False) -> int:
    """How many those are."""
    return count_disputes(_lines(node_id), is_closed=is_closed)


def close(*, dispute_id: int, node_id: int, resolution: str, by: str, now: datetime) -> None:
    """Say what looking into one came to. Raises NotFound, ClosedMeanwhile."""
    found = dispute_about(dispute_id, _lines(node_id))
    close_dispute(dispute_id=found.id, resolution=resolution, by=by, now=now)


def _lines(node_id: int) -> Select[int] | None:
    return None if holds_everything(node_id) else line_ids(under(node_id))


def _told(disputes: Sequence[Dispute]) -> list[DisputeRow]:
    lines = lines_by_id(each.order_line_id for each in disputes)
    orders = orders_by_id(line.order_id for line in lines.values())
    receipts = receipt_numbers(lines)
    outlets = names_of_nodes(line.outlet_id for line in lines.values() if line.outlet_id)
    touches = _touches(disputes)
    rivals = {touch.root_rep_id for touch in touches.values()}
    credited = {line.developer_rep_id for line in lines.values()}
    reps = names_of_reps(each for each in rivals | credited if each is not None)
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
            )
        )
    return told


def _touches(disputes: Sequence[Dispute]) -> Mapping[int, Touch]:
    ids = {each.touch_id for each in disputes if each.touch_id is not None}
    return {touch.id: touch for touch in as_values(touches_by_id(ids))} if ids else {}
