"""Verbs of change: one proposes or takes it back, another approves or refuses; nothing holds backwards."""

from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from settlement.changes import contents
from settlement.changes.contents import Content
from settlement.changes.models import ProposalStatus, RateProposal, Subject
from wx_backend.clock import business_on
from wx_backend.db import db, locked
from wx_backend.errors import BadInput, Conflict, NotFound, NotTheAsker


class SamePerson(Conflict):
    """Who proposed a change does not decide on it."""

    code, message = "same_person", "提交人不能审批自己的申请，请由另一位同事处理"


class AlreadyDecided(Conflict):
    code, message = "already_decided", "该申请已经处理过"


def propose(
    *,
    subject: Subject,
    content: Content,
    valid_from: date,
    reason: str,
    staff_id: int,
    now: datetime,
) -> int:
    """Ask for a change from a day on, tomorrow at the earliest; the proposal's id.

    Raises BadInput and NotFound for what could never be approved.
    """
    if not reason:
        raise BadInput("请填写原因", fields=["reason"])
    if valid_from <= business_on(now):
        raise BadInput("生效日期最早为明天", fields=["valid_from"])
    contents.check(subject, content, valid_from)
    proposal = RateProposal(
        subject=subject,
        content=dict(content),
        valid_from=valid_from,
        reason=reason,
        proposed_by=staff_id,
        proposed_at=now,
    )
    db.session.add(proposal)
    db.session.flush()
    return proposal.id


def approve(*, proposal_id: int, staff_id: int, now: datetime) -> date:
    """Let a proposal be so: from the day it names, but not before tomorrow; that day.

    Today's lines were counted by the rules before, and stay so. Raises SamePerson,
    AlreadyDecided, NotFound, and Conflict where another rule is in the way.
    """
    proposal = _for_another(proposal_id, staff_id)
    effective_on = max(proposal.valid_from, business_on(now) + timedelta(days=1))
    contents.apply(Subject(proposal.subject), proposal.content, effective_on)
    _decide(proposal, ProposalStatus.APPROVED, staff_id, now, effective_on=effective_on)
    return effective_on


def refuse(*, proposal_id: int, staff_id: int, note: str, now: datetime) -> None:
    """Turn a proposal down and say why. Raises SamePerson, AlreadyDecided, NotFound, BadInput."""
    if not note:
        raise BadInput("请填写驳回原因", fields=["note"])
    proposal = _for_another(proposal_id, staff_id)
    _decide(proposal, ProposalStatus.REFUSED, staff_id, now, note=note)


def withdraw(*, proposal_id: int, staff_id: int, now: datetime) -> None:
    """Whoever proposed it takes it back. Raises NotTheAsker, AlreadyDecided, NotFound."""
    proposal = _undecided(proposal_id)
    if proposal.proposed_by != staff_id:
        raise NotTheAsker
    _decide(proposal, ProposalStatus.WITHDRAWN, staff_id, now)


def _for_another(proposal_id: int, staff_id: int) -> RateProposal:
    """One that waits, for somebody other than who made it."""
    proposal = _undecided(proposal_id)
    if proposal.proposed_by == staff_id:
        raise SamePerson
    return proposal


def _undecided(proposal_id: int) -> RateProposal:
    proposal = locked(select(RateProposal).where(RateProposal.id == proposal_id))
    if proposal is None:
        raise NotFound("申请不存在")
    if proposal.status != ProposalStatus.PROPOSED:
        raise AlreadyDecided
    return proposal


def _decide(
    proposal: RateProposal,
    status: ProposalStatus,
    staff_id: int,
    now: datetime,
    **more: object,
) -> None:
    values = {"status": status, "decided_by": staff_id, "decided_at": now, **more}
    db.session.execute(update(RateProposal).where(RateProposal.id == proposal.id).values(**values))
