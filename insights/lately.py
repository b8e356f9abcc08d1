"""Which contacts came lately, and by whose codes many: where a closer look begins."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Select, func, select

from insights.models import FactKind, FigureFact
from wx_backend.db import db


def touches_of_days(kind: FactKind, since: date) -> Select[int]:
    """The touches that were counted as one kind of fact since a Shanghai day, to filter others by."""
    return select(FigureFact.row_id).where(
        FigureFact.business_on >= since, FigureFact.kind == kind, FigureFact.rep_id.is_not(None)
    )


def busy_reps(kinds: Collection[FactKind], since: date, *, at_least: int) -> Sequence[int]:
    """The reps with so many facts of these kinds since a Shanghai day."""
    found = db.session.scalars(
        select(FigureFact.rep_id)
        .where(
            FigureFact.business_on >= since,
            FigureFact.kind.in_(kinds),
            FigureFact.rep_id.is_not(None),
        )
        .group_by(FigureFact.rep_id)
        .having(func.count() >= at_least)
        .order_by(FigureFact.rep_id)
    )
    return [rep_id for rep_id in found if rep_id is not None]
