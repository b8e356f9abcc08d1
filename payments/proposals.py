"""Verbs on large refunds: one person proposes or takes it back, another one agrees or declines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, func, select

from payments.errors import NoSuchProposal
from payments.models import Payment, ProposalStatus, Refund, RefundProposal, RefundStatus, WayOut
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, Forbidden, NotFound, NotTheAsker

Proposed = TypeVar("Proposed", RefundProposal, WayOut)


class SecondPersonNeeded(Forbidden):
    code, message = "second_person_needed", "须由另一位有权限的员工审批，不能审批自己提出的退款"


class ProposalDecided(Conflict):
    code, message = "proposal_decided", "这笔退款申请已经审批过或撤回"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: fen by order line, why, by whom; `key` makes a repeat the same proposal.

    Without lines it is the whole payment of `again_of`, a refund that WeChat Pay closed.
    """

    order_id: int
    amounts: Mapping[int, int]
    reason: str
    actor: str
    key: str
    again_of: Refund | None = None

    @property
    def amount_fen(self) -> int:
        return self.again_of.amount_fen if self.again_of else sum(self.amounts.values())


def propose_refund(*, proposal: Proposal, now: datetime) -> RefundProposal:
    """Write a proposal down; the caller holds the order's lock and has checked the amounts.

    He has also asked whether it `is_proposed`.
    """
    row = RefundProposal(
        order_id=proposal.order_id,
        key=proposal.key,
        amounts={str(line_id): fen for line_id, fen in proposal.amounts.items()},
        amount_fen=proposal.amount_fen,
        again_of_id=proposal.again_of.id if proposal.again_of else None,
        reason=proposal.reason,
        proposed_by=proposal.actor,
        proposed_at=now,
        status=ProposalStatus.PROPOSED,
    )
    db.session.add(row)
    db.session.flush()
    return row


def is_proposed(order_id: int, key: str) -> bool:
    """Whether a wish was proposed before and waits. Raises ProposalDecided where it waits no more."""
    status = db.session.scalar(
        select(RefundProposal.status).where(
            RefundProposal.order_id == order_id, RefundProposal.key == key
        )
    )
    if status not in (None, ProposalStatus.PROPOSED):
        raise ProposalDecided
    return status is not None


def open_proposal(proposal_id: int, *, actor: str) -> RefundProposal:
    """The proposal, locked, for somebody to decide; SecondPersonNeeded, ProposalDecided, NotFound."""
    return for_another(select(RefundProposal).where(RefundProposal.id == proposal_id), actor=actor)


def for_another(query: Select[Proposed], *, actor: str) -> Proposed:
    """The one proposal of `query`, locked, for somebody other than who made it.

    Raises NotFound, ProposalDecided and SecondPersonNeeded.
    """
    row = _undecided(query)
    if row.proposed_by == actor:
        raise SecondPersonNeeded
    return row


def taken_back(query: Select[Proposed], *, actor: str, now: datetime) -> Proposed:
    """The one proposal of `query`, which whoever made it takes back: nothing ever comes of it.

    Raises NotFound, ProposalDecided and NotTheAsker.
    """
    row = _undecided(query)
    if row.proposed_by != actor:
        raise NotTheAsker
    row.status = ProposalStatus.WITHDRAWN
    row.decided_by, row.decided_at = actor, now
    return row


def withdraw_proposal(proposal_id: int, *, actor: str, now: datetime) -> RefundProposal:
    """Whoever proposed a refund takes it back. NotTheAsker, ProposalDecided, NotFound."""
    query = select(RefundProposal).where(RefundProposal.id == proposal_id)
    row = taken_back(query, actor=actor, now=now)
    db.session.flush()
    return row


def decide_proposal(
    row: RefundProposal, *, refund_id: int | None, actor: str, now: datetime
) -> None:
    """Note who decided: agreed with the refund that came of it, or declined without one."""
    row.status = ProposalStatus.DECLINED if refund_id is None else ProposalStatus.APPROVED
    row.refund_id, row.decided_by, row.decided_at = refund_id, actor, now
    db.session.flush()


def amounts_of(row: RefundProposal) -> dict[int, int]:
    """What is proposed, in fen by order line id."""
    return {int(line_id): fen for line_id, fen in row.amounts.items()}


def order_of_proposal(proposal_id: int) -> int:
    """The order to lock before deciding. Raises NoSuchProposal."""
    order_id = db.session.scalar(
        select(RefundProposal.order_id).where(RefundProposal.id == proposal_id)
    )
    if order_id is None:
        raise NoSuchProposal
    return order_id


def given_alone_fen(order_id: int) -> int:
    """What staff gave back of an order without a second person, failed refunds left out, in fen."""
    agreed_to = select(RefundProposal.refund_id).where(
        RefundProposal.order_id == order_id, RefundProposal.refund_id.is_not(None)
    )
    total = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.order_id == order_id,
            Refund.actor.startswith("staff:"),
            Refund.status != RefundStatus.CLOSED,
            Refund.id.not_in(agreed_to),
        )
    )
    return int(total or 0)


def waiting_proposals(order_ids: Select[int] | None, *, limit: int) -> Sequence[RefundProposal]:
    """Proposals about these orders that wait for a second person, the oldest first; None: all."""
    query = select(RefundProposal).where(RefundProposal.status == ProposalStatus.PROPOSED)
    if order_ids is not None:
        query = query.where(RefundProposal.order_id.in_(order_ids))
    return db.session.scalars(query.order_by(RefundProposal.proposed_at).limit(limit)).all()


def proposals_of_order(order_id: int) -> Sequence[RefundProposal]:
    """All proposals about an order, first one first."""
    query = select(RefundProposal).where(RefundProposal.order_id == order_id)
    return db.session.scalars(query.order_by(RefundProposal.id)).all()


def _undecided(query: Select[Proposed]) -> Proposed:
    row = locked(query)
    if row is None:
        raise NotFound
    if row.status != ProposalStatus.PROPOSED:
        raise ProposalDecided
    return row
