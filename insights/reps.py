"""Reading figures of reps, wherever they sold: of some days, of a month, and of all time."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, select

from insights.models import FactKind, FigureDay, FigureMonth
from insights.queries import OF_REP, grouped, sums_by
from insights.values import RepFigures
from wx_backend.db import db


def days_of_rep(rep_id: int, days: Iterable[date]) -> dict[date, RepFigures]:
    """The figures of a rep on each of some Shanghai days; days without any are left out."""
    is_his = OF_REP, FigureDay.key == str(rep_id)
    return _figures(sums_by(FigureDay.business_on, *is_his, FigureDay.business_on.in_([*days])))


def day_of_reps(rep_ids: Iterable[int], day: date) -> dict[int, RepFigures]:
    """The figures of each of these reps on one Shanghai day; who has none is left out."""
    is_theirs = OF_REP, FigureDay.key.in_([str(each) for each in rep_ids])
    found = _figures(sums_by(FigureDay.key, *is_theirs, FigureDay.business_on == day))
    return {int(key): figures for key, figures in found.items()}


def orders_kept(rep_ids: Iterable[int], month_on: date) -> dict[int, int]:
    """How many orders of each of these reps were paid in a month and not given back whole since."""
    count, kind = FigureMonth.count, FigureMonth.kind
    kept = func.sum(case((kind == FactKind.PAID, count), else_=-count))
    rows = db.session.execute(
        select(FigureMonth.rep_id, kept)
        .where(
            FigureMonth.rep_id.in_([*rep_ids]),
            FigureMonth.month_on == month_on,
            kind.in_((FactKind.PAID, FactKind.RETURNED)),
        )
        .group_by(FigureMonth.rep_id)
    )
    return {rep_id: int(orders) for rep_id, orders in rows}


def ever_of_reps(rep_ids: Iterable[int]) -> dict[int, RepFigures]:
    """The figures of each of these reps since he began."""
    rep_id, kind = FigureMonth.rep_id, FigureMonth.kind
    count, amount_fen = func.sum(FigureMonth.count), func.sum(FigureMonth.amount_fen)
    query = select(rep_id, kind, count, amount_fen).where(rep_id.in_([*rep_ids]))
    return _figures(query.group_by(rep_id, kind))


def _figures(query: Select[*tuple[Any, ...]]) -> dict[Any, RepFigures]:
    return {key: RepFigures.of(kinds) for key, kinds in grouped(query).items()}
