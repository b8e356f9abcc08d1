"""Whole payments that WeChat Pay did not return: which closed refund is to be followed by another one."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, literal, select
from sqlalchemy.orm import aliased

from payments.models import (
    Payment,
    ProposalStatus,
    Refund,
    RefundLine,
    RefundProposal,
    RefundStatus,
)
from payments.rules import RefundFact
from wx_backend.db import db
from wx_backend.errors import Conflict

_KEY = "again:"


class NotClosed(Conflict):
    code, message = "refund_not_closed", "只有微信支付已关闭的整笔退款可以重新退款"


def again_key(closed: Refund) -> str:
    """The key of what follows a closed refund: there is one at most."""
    return f"{_KEY}{closed.out_refund_no}"


def require_closed(refund_id: int) -> Refund:
    """A refund of a whole payment that ended and moved no money. Raises NotClosed.

    The caller holds the order's lock.
    """
    refund = db.session.get_one(Refund, refund_id, populate_existing=True)
    of_lines = db.session.scalar(
        select(RefundLine.id).where(RefundLine.refund_id == refund_id).limit(1)
    )
    if refund.status != RefundStatus.CLOSED or of_lines is not None:
        raise NotClosed
    return refund


def waits_for_another(refund_id: int) -> bool:
    """Whether a second person has to agree before a closed refund is followed by another."""
    query = select(RefundProposal.id).where(
        RefundProposal.again_of_id == refund_id, RefundProposal.status == ProposalStatus.PROPOSED
    )
    return db.session.scalar(query.limit(1)) is not None


def to_send_again(out_refund_nos: Collection[str]) -> dict[str, bool]:
    """The closed refunds of whole payments among these that nothing followed yet.

    With each, whether it is proposed and waits for a second person.
    """
    waits = exists().where(
        RefundProposal.again_of_id == Refund.id, RefundProposal.status == ProposalStatus.PROPOSED
    )
    query = select(Refund.out_refund_no, waits)
    rows = db.session.execute(query.where(Refund.out_refund_no.in_(out_refund_nos), _to_follow()))
    return {number: bool(is_waiting) for number, is_waiting in rows}


def made_there(fact: RefundFact) -> Refund | None:
    """The closed refund that somebody followed by one in WeChat Pay's own console: the fact is of that.

    None where we know its number, or it does not return a whole payment that still has to go back.
    The caller holds the order's lock.
    """
    is_known = exists().where(aliased(Refund).out_refund_no == fact.out_refund_no)
    if fact.status not in (RefundStatus.SUCCEEDED, RefundStatus.PROCESSING):
        return None
    return db.session.scalar(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.out_trade_no == fact.out_trade_no,
            Payment.amount_fen == fact.amount_fen,
            ~is_known,
            _to_follow(),
        )
    )


def _to_follow() -> ColumnElement[bool]:
    """Closed, of a whole payment, and nothing followed."""
    following = aliased(Refund)
    return and_(
        Refund.status == RefundStatus.CLOSED,
        ~exists().where(RefundLine.refund_id == Refund.id),
        ~exists().where(following.key == literal(_KEY) + Refund.out_refund_no),
    )
