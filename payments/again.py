"""Whole payments that WeChat Pay did not return: which closed refund is to be followed by another one."""

from collections.abc import Collection

from sqlalchemy import exists, literal, select
from sqlalchemy.orm import aliased

from payments.models import ProposalStatus, Refund, RefundLine, RefundProposal, RefundStatus
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
    following = aliased(Refund)
    waits = exists().where(
        RefundProposal.again_of_id == Refund.id, RefundProposal.status == ProposalStatus.PROPOSED
    )
    rows = db.session.execute(
        select(Refund.out_refund_no, waits).where(
            Refund.out_refund_no.in_(out_refund_nos),
            Refund.status == RefundStatus.CLOSED,
            ~exists().where(RefundLine.refund_id == Refund.id),
            ~exists().where(following.key == literal(_KEY) + Refund.out_refund_no),
        )
    )
    return {number: bool(is_waiting) for number, is_waiting in rows}
