"""What waits for somebody's word, of what he may decide: how much of each kind, what he asked for himself left out."""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import Select

from campaigns.queries import campaigns_waiting
from catalog.launch import launches_waiting
from catalog.pricing import prices_waiting
from flows.dispute_desk import count_dispute_rows
from flows.farming.desk import count_waiting
from flows.fulfilment.asking_back import askers_waiting
from flows.lost_wechat import claims_waiting
from flows.reassigned import askers_waited_for
from orders.search import order_ids
from org.queries import under
from org.roster import holds_everything
from payments.proposals import waiting_proposals
from payments.ways_out import ways_out_waiting
from referral.policy_drafts import drafts_waiting
from settlement.changes.queries import rates_waiting
from settlement.payouts.queries import batches_waiting

COUNTED: Final = 100
"""So much of a kind is counted."""


class Approval(StrEnum):
    """What two persons do together; what a customer asked, or a machine noted, for one to decide on."""

    REFUND = "refund"
    RETURN = "return"
    WAY_OUT = "way_out"
    PRICE = "price"
    LAUNCH = "launch"
    CLAIM = "claim"
    PAYOUT = "payout"
    RATE = "rate"
    POLICY = "policy"
    CAMPAIGN = "campaign"
    DISPUTE = "dispute"
    REASSIGNMENT = "reassignment"
    FARMING = "farming"


def approvals_waiting(
    kinds: Collection[Approval], *, node_id: int, staff_id: int
) -> dict[Approval, int]:
    """How much of these kinds waits at a place and below it for somebody else than who asked for it."""
    own = {staff_id, f"staff:{staff_id}"}
    counted = {kind: sum(each not in own for each in _ASKERS[kind](node_id)) for kind in kinds}
    return {kind: count for kind, count in counted.items() if count}


def _orders(node_id: int) -> Select[int] | None:
    return None if holds_everything(node_id) else order_ids(under(node_id))


def _of_rates(node_id: int) -> Iterable[int]:
    """Rules hold everywhere: whoever sees less decides on none."""
    return [each.proposed_by for each in rates_waiting()] if holds_everything(node_id) else []


def _of_policies(node_id: int) -> Iterable[int]:
    """So does the policy of attribution."""
    return [each.drafted_by for each in drafts_waiting()] if holds_everything(node_id) else []


_ASKERS: Final[Mapping[Approval, Callable[[int], Iterable[str | int | None]]]] = {
    Approval.REFUND: lambda node_id: [
        row.proposed_by for row in waiting_proposals(_orders(node_id), limit=COUNTED)
    ],
    Approval.RETURN: lambda node_id: askers_waiting(_orders(node_id), limit=COUNTED),
    Approval.WAY_OUT: lambda node_id: [
        row.proposed_by for row, _ in ways_out_waiting(_orders(node_id), limit=COUNTED)
    ],
    Approval.PRICE: lambda _: [row.asked_by for row in prices_waiting()],
    Approval.LAUNCH: lambda _: [row.asked_by for row in launches_waiting()],
    Approval.CLAIM: lambda node_id: [row.asked_by for row in claims_waiting(node_id)],
    Approval.PAYOUT: lambda node_id: [row.proposed_by for row in batches_waiting(under(node_id))],
    Approval.RATE: _of_rates,
    Approval.POLICY: _of_policies,
    Approval.CAMPAIGN: lambda node_id: [
        row.submitted_by for row in campaigns_waiting(under(node_id))
    ],
    Approval.DISPUTE: lambda node_id: [None] * count_dispute_rows(node_id),
    Approval.REASSIGNMENT: askers_waited_for,
    Approval.FARMING: lambda node_id: [None] * count_waiting(node_id),
}
