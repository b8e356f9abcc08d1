"""Commission added up per rep."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from sqlalchemy import func, select

from settlement.models import Accrual, Commission
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db


def commission_by_rep(rep_ids: Iterable[int]) -> dict[int, int]:
    """What each of these reps earned less what refunds took back, in fen."""
    rows = db.session.execute(
        select(Commission.rep_id, func.sum(Commission.amount_fen - Commission.taken_back_fen))
        .where(Commission.rep_id.in_(set(rep_ids)))
        .group_by(Commission.rep_id)
    )
    return {rep_id: int(net_fen) for rep_id, net_fen in rows if rep_id is not None}


def commission_of_days(rep_id: int, days: Sequence[date]) -> dict[date, int]:
    """What lines paid on each of these Shanghai days brought a rep, less refunds since, in fen.

    Only commissions from the first accrual of these days on are looked at. OFFSET has PostgreSQL
    find it among those of the days, not by a walk over all ids.
    """
    begins = datetime.combine(min(days), time(), SHANGHAI)
    since = select(Accrual.id).where(Accrual.accrued_at >= begins).offset(0).subquery()
    rows = db.session.execute(
        select(Accrual.accrued_at, Commission.amount_fen - Commission.taken_back_fen)
        .join(Commission, Commission.accrual_id == Accrual.id)
        .where(
            Commission.rep_id == rep_id,
            Commission.accrual_id >= select(func.min(since.c.id)).scalar_subquery(),
            Accrual.accrued_at >= begins,
        )
    )
    earned = dict.fromkeys(days, 0)
    for accrued_at, net_fen in rows:
        if (day := business_on(accrued_at)) in earned:
            earned[day] += net_fen
    return earned
