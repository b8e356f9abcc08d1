"""What finance sees of pay-outs: batches with their sums, one batch with all that happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.payout.batches import batch_of
from flows.payout.places import file_held_by, stopped_of
from flows.payout.receivers import candidates
from org.models import OrgNode
from org.queries import is_within, nodes_under, under
from org.roster import names_of_nodes
from settlement.payouts.models import (
    Payout,
    PayoutBatch,
    PayoutEvent,
    PayoutReturn,
    PayoutStatus,
    Rail,
)
from settlement.payouts.proposals import Candidate
from settlement.payouts.queries import (
    Total,
    batches_within,
    events_of,
    payout_numbers,
    payouts_of,
    returns_of,
    totals_of,
    was_downloaded,
)
from settlement.payouts.rules import Terms
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in the list."""

    batch: PayoutBatch
    place: str
    totals: Mapping[PayoutStatus, Total]

    @property
    def count(self) -> int:
        """Payouts that are or were meant to leave."""
        return sum(total.count for total in self._meant())

    @property
    def net_fen(self) -> int:
        """What they come to."""
        return sum(total.net_fen for total in self._meant())

    def of(self, status: PayoutStatus | None) -> int:
        """How many payouts of a status it has; of all of them without one."""
        return sum(total.count for each, total in self.totals.items() if status in (None, each))

    @property
    def paid_fen(self) -> int:
        """What arrived."""
        paid = self.totals.get(PayoutStatus.PAID)
        return paid.net_fen if paid else 0

    def _meant(self) -> list[Total]:
        return [
            total for status, total in self.totals.items() if status is not PayoutStatus.LEFT_OUT
        ]


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One batch with everything that happened to it, and some of its payouts.

    `held` are places that are stopped, `file_held_by` those that keep its pay file here.
    """

    row: BatchRow
    payouts: Sequence[Payout]
    events: Sequence[PayoutEvent]
    numbers: Mapping[int, str]
    returns: Sequence[PayoutReturn]
    held: Sequence[str]
    file_held_by: Sequence[str]
    is_downloaded: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What a proposal would contain; nothing is written."""

    chosen: Sequence[Candidate]
    left_out: Sequence[Candidate]

    @property
    def net_fen(self) -> int:
        return sum(each.amounts.net_fen for each in self.chosen)

    @property
    def gross_fen(self) -> int:
        return sum(each.amounts.gross_fen for each in self.chosen)


def batch_rows(node_id: int, *, after: int = 0, limit: int) -> list[BatchRow]:
    """The batches of a node's subtree, the newest first."""
    batches = batches_within(under(node_id), after=after, limit=limit)
    totals = totals_of([batch.id for batch in batches])
    places = names_of_nodes(batch.node_id for batch in batches)
    return [BatchRow(batch, places.get(batch.node_id, ""), totals[batch.id]) for batch in batches]


def batch_row(number: str, node_id: int) -> BatchRow:
    """One batch with its sums; NotFound for foreign as for missing ones."""
    batch = batch_of(number, node_id)
    place = names_of_nodes([batch.node_id]).get(batch.node_id, "")
    return BatchRow(batch, place, totals_of([batch.id])[batch.id])


def batch_file(
    row: BatchRow, *, status: PayoutStatus | None = None, after: int = 0, limit: int
) -> BatchFile:
    """One batch, and those of its payouts that are asked for."""
    batch, events = row.batch, events_of(row.batch.id)
    return BatchFile(
        row=row,
        payouts=payouts_of(batch.id, status=status, after=after, limit=limit),
        events=events,
        numbers=payout_numbers([each.payout_id for each in events if each.payout_id is not None]),
        returns=returns_of(batch.id),
        held=stopped_of(batch.node_id),
        file_held_by=file_held_by(batch.id) if batch.rail == Rail.FILE else [],
        is_downloaded=was_downloaded(batch.id),
    )


def draft(*, node_id: int, scope_id: int, rail: Rail, terms: Terms) -> Draft:
    """Whom a proposal for a node would pay, and whom not. NotFound outside the scope."""
    if not is_within(node_id, scope_id):
        raise NotFound
    found = candidates(node_id, rail, terms)
    return Draft(
        chosen=[each for each in found if not each.reason],
        left_out=[each for each in found if each.reason],
    )


def places(node_id: int) -> Sequence[OrgNode]:
    """The places a person of a node may propose for."""
    return nodes_under(node_id)
