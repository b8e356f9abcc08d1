"""Verbs on where large abnormal refunds go instead: proposed by one person, agreed to by another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from payments.errors import NoSuchProposal
from payments.models import Payment, ProposalStatus, Refund, WayOut
from payments.proposals import for_another, taken_back
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict


class WayOutProposed(Conflict):
    code, message = "way_out_proposed", "已有待审批的退回方式，请先审批或驳回"


def propose_way_out(
    *, refund: Refund, way: str, card: dict[str, Any] | None, actor: str, now: datetime
) -> None:
    """Write down where an abnormal refund shall go. Raises WayOutProposed while another waits."""
    values = {
        "refund_id": refund.id,
        "way": way,
        "card": card,
        "amount_fen": refund.amount_fen,
        "status": ProposalStatus.PROPOSED,
        "proposed_by": actor,
        "proposed_at": now,
    }
    if not upsert(WayOut, values, key=()):
        raise WayOutProposed


def open_way_out(way_out_id: int, *, actor: str) -> WayOut:
    """The proposal, locked, for somebody to decide; SecondPersonNeeded, ProposalDecided, NotFound."""
    return for_another(select(WayOut).where(WayOut.id == way_out_id), actor=actor)


def decide_way_out(row: WayOut, *, is_agreed: bool, actor: str, now: datetime) -> None:
    """Note who decided, and forget the card."""
    row.status = ProposalStatus.APPROVED if is_agreed else ProposalStatus.DECLINED
    row.decided_by, row.decided_at, row.card = actor, now, None
    db.session.flush()


def withdraw_way_out(way_out_id: int, *, actor: str, now: datetime) -> None:
    """Whoever proposed it takes it back; the card is forgotten. Raises as a refund taken back does."""
    row = taken_back(select(WayOut).where(WayOut.id == way_out_id), actor=actor, now=now)
    row.card = None
    db.session.flush()


def refund_of_way_out(way_out_id: int) -> int:
    """The refund a proposal is about. Raises NoSuchProposal."""
    refund_id = db.session.scalar(select(WayOut.refund_id).where(WayOut.id == way_out_id))
    if refund_id is None:
        raise NoSuchProposal
    return refund_id


def sent_alone_fen(order_id: int, *, but: int) -> int:
    """What of an order's refunds one person alone sent another way, `but` one refund, in fen."""
    agreed_to = select(WayOut.refund_id).where(WayOut.status == ProposalStatus.APPROVED)
    total = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.order_id == order_id,
            Refund.way.is_not(None),
            Refund.id != but,
            Refund.id.not_in(agreed_to),
        )
    )
    return int(total or 0)


def ways_out_waiting(
    order_ids: Select[int] | None, *, limit: int
) -> Sequence[tuple[WayOut, Refund]]:
    """Proposals about refunds of these orders that wait for a second person, the oldest first."""
    query = (
        select(WayOut, Refund)
        .join(Refund, Refund.id == WayOut.refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(WayOut.status == ProposalStatus.PROPOSED)
    )
    if order_ids is not None:
        query = query.where(Payment.order_id.in_(order_ids))
    rows = db.session.execute(query.order_by(WayOut.proposed_at, WayOut.id).limit(limit))
    return [(way_out, refund) for way_out, refund in rows]


def ways_out_of(refund_id: int) -> Sequence[WayOut]:
    """All proposals about a refund, first one first."""
    query = select(WayOut).where(WayOut.refund_id == refund_id).order_by(WayOut.id)
    return db.session.scalars(query).all()
