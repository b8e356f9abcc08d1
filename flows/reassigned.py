"""What became of the credit of lines after they were paid, as pages show it: asked for, agreed to, with names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flows.dispute_desk import DisputeRow, dispute_row, lines_within
from org.queries import under
from org.roster import names_of_reps, rep_ids, rep_within, reps_by_id
from referral.reassigning import reassigned, reassignments_of_dispute, reassignments_waiting
from referral.reassignment_models import Reassignment
from referral.receipt import stamp
from settlement.reassigning import stake_in

COUNTED: Final = 100
"""So many that wait are counted."""


@dataclass(frozen=True, slots=True)
class ReassignmentRow:
    """One that was asked for, with today's names."""

    row: Reassignment
    loser: str
    winner: str

    def as_json(self) -> dict[str, Any]:
        """What was agreed to, as plain data."""
        decided_at = self.row.decided_at
        return {
            "from_rep_id": self.row.from_rep_id,
            "to_rep_id": self.row.to_rep_id,
            "reason": self.row.reason,
            "moved_fen": self.row.moved_fen,
            "decided_at": decided_at and stamp(decided_at),
        }


@dataclass(frozen=True, slots=True)
class DisputePage:
    """A dispute, whose the commission is now and how much of it is left, and what was asked for so far.

    `rival_number` is the number of the rep whose contact it was, where whoever looks leads him.
    """

    dispute: DisputeRow
    holder: str
    left_fen: int
    rival_number: str
    asked: Sequence[ReassignmentRow]


def dispute_page(dispute_id: int, node_id: int) -> DisputePage:
    """Everything about one; NotFound for foreign as for missing ones."""
    dispute = dispute_row(dispute_id, node_id)
    stake, touch = stake_in(dispute.line.id), dispute.touch
    rival = reps_by_id([touch.root_rep_id]) if touch and touch.root_rep_id else {}
    numbers = [rep.number for rep in rival.values() if rep_within(rep.number, under(node_id))]
    holder = names_of_reps([stake.rep_id])[stake.rep_id] if stake else ""
    return DisputePage(
        dispute=dispute,
        holder=holder,
        left_fen=stake.left_fen if stake else 0,
        rival_number=numbers[0] if numbers else "",
        asked=_told(reassignments_of_dispute(dispute_id)),
    )


def reassignments_of(line_ids: Collection[int]) -> list[ReassignmentRow]:
    """Whom some lines were given to since they were paid, in order."""
    return _told(reassigned(line_ids))


def askers_waited_for(node_id: int) -> list[str]:
    """Who asked for what waits for a second person at a place and below it."""
    found = reassignments_waiting(lines_within(node_id), rep_ids(under(node_id)), limit=COUNTED)
    return [each.asked_by for each in found]


def _told(found: Sequence[Reassignment]) -> list[ReassignmentRow]:
    names = names_of_reps({id_ for row in found for id_ in (row.from_rep_id, row.to_rep_id)})
    return [ReassignmentRow(row, names[row.from_rep_id], names[row.to_rep_id]) for row in found]
