"""Flags of farming as the people above a rep see them and decide on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from members.queries import members_of_identities
from orders.queries import numbers_of_lines
from org.queries import under
from org.roster import names_of_nodes, rep_ids, reps_by_id
from referral.farming.models import FarmingEvidence, FarmingFlag, Source
from referral.farming.operations import Decision, decide_flag
from referral.farming.queries import (
    Extent,
    count_flags,
    count_undecided,
    evidence_of,
    extents,
    flag_on,
    flags_of,
)
from settlement.early_refunds import EarlyRefund, refunds_by_id
from wx_backend.errors import NotFound


class NoSuchFlag(NotFound):
    """There is none, or none that whoever asks may see."""

    message = "没有这条核查提示"


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag, on whom, and how much there is of it."""

    flag: FarmingFlag
    rep_number: str
    rep_name: str
    outlet_name: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A row a flag was raised for. Who it was, by his member's number if he has one; or which order."""

    row: FarmingEvidence
    member_number: str
    order_number: str
    refund: EarlyRefund | None


def flag_rows(node_id: int, *, after: int, limit: int) -> list[FlagRow]:
    """The flags on the reps of a place and below it, those nobody decided on first."""
    return _told(flags_of(rep_ids(under(node_id)), after=after, limit=limit))


def count_flag_rows(node_id: int) -> int:
    """How many there are."""
    return count_flags(rep_ids(under(node_id)))


def count_waiting(node_id: int) -> int:
    """How many of them nobody has decided on."""
    return count_undecided(rep_ids(under(node_id)))


def flag_row(flag_id: int, node_id: int) -> FlagRow:
    """One of them. NoSuchFlag for a foreign one as for a missing one."""
    flag = flag_on(flag_id, rep_ids(under(node_id)))
    if flag is None:
        raise NoSuchFlag
    return _told([flag])[0]


def evidence_rows(flag: FarmingFlag, *, after: int, limit: int) -> list[EvidenceRow]:
    """What a flag was raised for, as it happened."""
    rows = evidence_of(flag.id, after=after, limit=limit)
    refunds = refunds_by_id([r.row_id for r in rows if r.source == Source.REFUND], flag.rep_id)
    numbers = numbers_of_lines(each.order_line_id for each in refunds.values())
    members = members_of_identities(r.who for r in rows if r.source != Source.REFUND)
    told = []
    for row in rows:
        is_refund = row.source == Source.REFUND
        member = None if is_refund else members.get(row.who)
        told.append(
            EvidenceRow(
                row=row,
                member_number=member.number if member else "",
                order_number=numbers.get(row.who, "") if is_refund else "",
                refund=refunds.get(row.row_id) if is_refund else None,
            )
        )
    return told


def decide(flag_id: int, decision: Decision, *, node_id: int, actor: str, now: datetime) -> None:
    """Say what a flag comes to. Raises NoSuchFlag, DecidedMeanwhile."""
    flag_row(flag_id, node_id)
    decide_flag(flag_id=flag_id, decision=decision, actor=actor, now=now)


def _told(flags: Sequence[FarmingFlag]) -> list[FlagRow]:
    reps, sizes = reps_by_id(flag.rep_id for flag in flags), extents([flag.id for flag in flags])
    outlets = names_of_nodes(rep.outlet_id for rep in reps.values())
    return [
        FlagRow(
            flag=flag,
            rep_number=reps[flag.rep_id].number,
            rep_name=reps[flag.rep_id].name,
            outlet_name=outlets[reps[flag.rep_id].outlet_id],
            extent=sizes[flag.id],
        )
        for flag in flags
    ]
