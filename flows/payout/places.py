"""Pay-outs stopped for one place, and let go on: what waited there goes out once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flows.payout.batches import release_batch
from flows.payout.calls import ask_about_transfer, send_transfer
from org.models import OrgNode, Tier
from org.queries import ancestors, is_within, nodes_under, under
from org.roster import names_of_nodes, rep_ids
from settlement.payouts.models import PayoutStatus
from settlement.payouts.queries import is_open_for, unreleased_batches, was_downloaded
from settlement.payouts.transfers import not_taken_by
from wx_backend import clock, stops
from wx_backend.errors import BadInput
from wx_backend.outbox import defer, job
from wx_backend.stops import Line, open_stops, stopped_places

TIERS: Final = (Tier.PROVINCE, Tier.CITY)
EVERYWHERE: Final = "全部单位"


def places_to_stop(node_id: int) -> Sequence[OrgNode]:
    """The provinces and cities at or below a node."""
    return [node for node in nodes_under(node_id) if node.tier in TIERS]


def stop_place(*, node_id: int, scope_id: int, reason: str, by: str, now: datetime) -> None:
    """Hold the pay-outs of a place and of what is below it. Raises AlreadyStopped, BadInput."""
    if node_id not in {node.id for node in places_to_stop(scope_id)}:
        raise BadInput("请选择省分或市分", fields=["node"])
    stops.stop(line=Line.PAYOUTS, node_id=node_id, reason=reason, by=by, now=now)


def lift_place(*, node_id: int, by: str, now: datetime) -> None:
    """Let a place's pay-outs go on. Raises NotStopped."""
    stops.lift(line=Line.PAYOUTS, node_id=node_id, by=by, now=now)
    defer(go_on, node_id=node_id)


def stopped_of(node_id: int) -> Sequence[str]:
    """The names of the stopped places that hold (part of) what is paid below a node."""
    held = stopped_places().keys()
    above = set(ancestors(node_id).values())
    found = [each for each in held if each in above or is_within(each, node_id)]
    return sorted(names_of_nodes(found).values())


def file_held_by(batch_id: int) -> Sequence[str]:
    """The names of the stopped places that keep a pay file here; none once finance has it."""
    if was_downloaded(batch_id):
        return []
    if not open_stops().keys().isdisjoint({Line.PAYOUTS, Line.EVERYTHING}):
        return [EVERYWHERE]
    held = [node_id for node_id in stopped_places() if _is_paid_there(batch_id, node_id)]
    return sorted(names_of_nodes(held).values())


@job("payout.go_on")
def go_on(*, node_id: int) -> None:
    """Have released and sent what waited at a place; of what was asked before, ask what became of it."""
    for batch_id in unreleased_batches(before=clock.now()):
        defer(release_batch, batch_id=batch_id)
    for payout in not_taken_by(rep_ids(under(node_id))):
        is_new = payout.status == PayoutStatus.READY
        defer(send_transfer if is_new else ask_about_transfer, payout_id=payout.id)


def _is_paid_there(batch_id: int, node_id: int) -> bool:
    return is_open_for(batch_id, reps=rep_ids(under(node_id)), nodes=under(node_id))
