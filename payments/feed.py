"""Money that went back for some order lines, one by one, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from payments.models import Refund, RefundLine, RefundStatus
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class WentBack:
    """What one refund gave back for one line, in fen."""

    refund_line_id: int
    line_id: int
    amount_fen: int
    at: datetime


def refunds_before(
    line_ids: Select[int], before: tuple[datetime, int], *, limit: int
) -> Sequence[WentBack]:
    """Refunds older than a position (instant and id), the newest first."""
    limit_at, refund_line_id = before
    rows = db.session.execute(
        select(RefundLine.id, RefundLine.order_line_id, RefundLine.amount_fen, Refund.ended_at)
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(
            RefundLine.order_line_id.in_(line_ids),
            Refund.status == RefundStatus.SUCCEEDED,
            or_(
                Refund.ended_at < limit_at,
                and_(Refund.ended_at == limit_at, RefundLine.id < refund_line_id),
            ),
        )
        .order_by(Refund.ended_at.desc(), RefundLine.id.desc())
        .limit(limit)
    )
    return [WentBack(row_id, line_id, fen, at) for row_id, line_id, fen, at in rows if at]


def refunds_counted(line_ids: Select[int], since: datetime, until: datetime) -> int:
    """How many refunds for these lines ended well from an instant until before another."""
    query = (
        select(func.count(RefundLine.refund_id.distinct()))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(
            RefundLine.order_line_id.in_(line_ids),
            Refund.status == RefundStatus.SUCCEEDED,
            Refund.ended_at >= since,
            Refund.ended_at < until,
        )
    )
    return db.session.scalar(query) or 0
