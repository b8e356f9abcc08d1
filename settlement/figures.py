"""Commission added up per rep."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from settlement.models import Accrual, Commission
from wx_backend.db import db


def commission_by_rep(rep_ids: Iterable[int]) -> dict[int, int]:
    """What each of these reps earned less what refunds took back, in fen."""
    rows = db.session.execute(
        select(Commission.rep_id, func.sum(Commission.amount_fen - Commission.taken_back_fen))
        .where(Commission.rep_id.in_(set(rep_ids)))
        .group_by(Commission.rep_id)
    )
    return {rep_id: int(net_fen) for rep_id, net_fen in rows if rep_id is not None}


def commission_between(rep_id: int, since: datetime, until: datetime) -> int:
    """What lines paid from an instant until before another brought a rep, less refunds, in fen."""
    query = (
        select(func.coalesce(func.sum(Commission.amount_fen - Commission.taken_back_fen), 0))
        .join(Accrual, Accrual.id == Commission.accrual_id)
        .where(Commission.rep_id == rep_id, Accrual.accrued_at >= since, Accrual.accrued_at < until)
    )
    return int(db.session.execute(query).scalar_one())
