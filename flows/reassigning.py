"""A dispute is upheld: one person asks that a line be another rep's, another agrees, and the commission follows.

The attribution, its receipt, the line and the figures stay as they were written; what two persons agreed
to stands beside them. Both have to lead the line's outlet and the other rep's.
"""

from dataclasses import dataclass
from datetime import datetime
from json import loads

from flows.attribution import own_reps
from flows.commission import facts_of
from flows.dispute_desk import lines_within
from flows.telling_reassigned import have_both_told
from orders.models import OrderLine, SalesOrder
from orders.moves import locked_order
from orders.queries import line_by_id
from org.models import Rep, RepStatus
from org.queries import under
from org.roster import rep_ids, rep_within, reps_by_id
from referral.disputes import close_dispute, dispute_about, standing_dispute
from referral.proofs import receipt_of_line
from referral.reassigning import (
    ask_to_reassign,
    decide_reassignment,
    reassignment_about,
    require_second,
    undecided_reassignment,
    withdraw_reassignment,
)
from referral.reassignment_models import Reassignment, ReassignmentVerdict
from referral.replay import frozen_in
from settlement.models import ShareRole
from settlement.queries import commissions_of_line, rates_for
from settlement.reassigning import Stake, reassign, stake_in
from settlement.rules import WHOLE_BP, Share, rate_of
from wx_backend.errors import BadInput, Conflict, NotFound


class NotReassignable(Conflict):
    """It would not be right, or cannot be worked out without deciding anew what the line brings."""

    code, message = "not_reassignable", "这一行不能改判"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and the place he leads."""

    actor: str
    node_id: int


def ask(dispute_id: int, *, number: str, reason: str, by: By, now: datetime) -> None:
    """Ask that the line be the rep's of this number.

    Raises NotFound, BadInput, ClosedMeanwhile, NotReassignable, ReassignmentWaits.
    """
    line = _line(dispute_about(dispute_id, lines_within(by.node_id)).order_line_id)
    rep = rep_within(number, under(by.node_id))
    if rep is None:
        raise BadInput("没有这位员工", fields=["to_rep"])
    order = locked_order(line.order_id)
    dispute = standing_dispute(dispute_id)
    stake = _possible(order, line, rep)
    ask_to_reassign(
        dispute,
        from_rep_id=stake.rep_id,
        to_rep_id=rep.id,
        reason=reason,
        actor=by.actor,
        now=now,
    )


def decide(
    reassignment_id: int, *, verdict: ReassignmentVerdict, note: str, by: By, now: datetime
) -> int:
    """Agree, by which the commission is the other rep's and the dispute is over, or not; of which dispute.

    Both reps hear of what is agreed to. What held when it was asked for has to hold now. Raises NotFound, ReassignmentDecided,
    OwnReassignment, and for who agrees ClosedMeanwhile, NotReassignable.
    """
    asked, order, line = _undecided(reassignment_id, by.node_id)
    require_second(asked, by.actor)
    is_agreed = verdict is ReassignmentVerdict.APPROVED
    moved_fen = _move(asked, order, line, now) if is_agreed else None
    decide_reassignment(
        asked, verdict=verdict, note=note, actor=by.actor, now=now, moved_fen=moved_fen
    )
    if is_agreed:
        close_dispute(dispute_id=asked.dispute_id, resolution=asked.reason, by=by.actor, now=now)
        have_both_told(asked)
    return asked.dispute_id


def withdraw(reassignment_id: int, *, by: By, now: datetime) -> int:
    """Whoever asked takes it back; of which dispute. Raises NotFound, ReassignmentDecided, NotTheAsker."""
    asked, _, _ = _undecided(reassignment_id, by.node_id)
    withdraw_reassignment(asked, actor=by.actor, now=now)
    return asked.dispute_id


def _undecided(reassignment_id: int, node_id: int) -> tuple[Reassignment, SalesOrder, OrderLine]:
    """One that waits, whatever became of its dispute, with what it is about; locked, the order first."""
    found = reassignment_about(reassignment_id, lines_within(node_id), rep_ids(under(node_id)))
    line = _line(found.order_line_id)
    order = locked_order(line.order_id)
    return undecided_reassignment(reassignment_id), order, line


def _move(asked: Reassignment, order: SalesOrder, line: OrderLine, now: datetime) -> int:
    standing_dispute(asked.dispute_id)
    stake = _possible(order, line, reps_by_id([asked.to_rep_id])[asked.to_rep_id])
    if stake.rep_id != asked.from_rep_id:
        raise NotReassignable("这一行已改判给别人，请重新核对")
    return reassign(
        order_line_id=line.id,
        from_rep_id=asked.from_rep_id,
        to_rep_id=asked.to_rep_id,
        key=str(asked.id),
        now=now,
    )


def _possible(order: SalesOrder, line: OrderLine, rep: Rep) -> Stake:
    """What would move to this rep. Raises NotReassignable."""
    stake = stake_in(line.id)
    if stake is None or not stake.left_fen:
        raise NotReassignable(
            "没有可以改判的发展人佣金：归网点公共池、尚未计佣、不产生佣金，或已随退款收回"
        )
    if any(earned.rep_id == rep.id for earned in commissions_of_line(line.id)):
        raise NotReassignable("该员工在这一行已有佣金，不能再改判给他")
    if rep.status != RepStatus.ACTIVE:
        raise NotReassignable("该员工已停用或离职，不能改判给他")
    if rep.id in own_reps(order, line) | _own_at_placing(line):
        raise NotReassignable("该员工就是买家或使用人，本人购买不计个人佣金")
    if not _has_same_rate(order, line, rep, stake):
        raise NotReassignable("该员工适用另一条佣金规则，金额须重新核定，不能直接改判")
    return stake


def _own_at_placing(line: OrderLine) -> frozenset[int]:
    placed, _ = frozen_in(loads(receipt_of_line(line.id).body))
    return placed.own_rep_ids


def _has_same_rate(order: SalesOrder, line: OrderLine, rep: Rep, stake: Stake) -> bool:
    """Whether the line would have earned by the same rate, had it been this rep's."""
    facts = facts_of(order, line, [Share(rep.id, ShareRole.DEVELOPER, WHOLE_BP)])
    rate = rate_of(facts, rates_for(facts))
    return rate is not None and rate.id == stake.rate_rule_id


def _line(line_id: int) -> OrderLine:
    line = line_by_id(line_id)
    if line is None:
        raise NotFound
    return line
