"""The sums of a day, and of a week and a month of reps, held against their facts."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select

from insights.models import FigureDay, FigureFact, FigureMonth, FigureWeek
from insights.sums import (
    DAY_KEY,
    DAY_SUMS,
    MONTH_KEY,
    REP_SUMS,
    WEEK_KEY,
    months_of,
    sums_of,
    weeks_of,
)
from insights.values import last_of_month
from wx_backend.db import Model, db


def compare_sums(on: date, *, mend: bool) -> int:
    """In how many rows a day's sums are not what its facts come to; with `mend` they are made so.

    The caller holds the counting (`begin_counting`).
    """
    right = sums_of(FigureFact.business_on == on)
    return _compare(FigureDay, FigureDay.business_on == on, right, DAY_KEY, DAY_SUMS, mend=mend)


def compare_weeks(week_on: date, *, mend: bool) -> int:
    """The same of the sums of reps in the week that begins on a Monday."""
    right = weeks_of(FigureFact.business_on.between(week_on, week_on + timedelta(days=6)))
    is_its = FigureWeek.week_on == week_on
    return _compare(FigureWeek, is_its, right, WEEK_KEY, REP_SUMS, mend=mend)


def compare_months(month_on: date, *, mend: bool) -> int:
    """The same of the sums of reps in the month that begins on a day."""
    right = months_of(FigureFact.business_on.between(month_on, last_of_month(month_on)))
    is_its = FigureMonth.month_on == month_on
    return _compare(FigureMonth, is_its, right, MONTH_KEY, REP_SUMS, mend=mend)


def _compare(
    table: type[Model],
    which: ColumnElement[bool],
    rows: Sequence[Mapping[str, Any]],
    keys: tuple[str, ...],
    sums: tuple[str, ...],
    *,
    mend: bool,
) -> int:
    key, figures = itemgetter(*keys), itemgetter(*sums)
    right = {key(row): figures(row) for row in rows}
    stored = {key(row): figures(row) for row in _stored(table, which)}
    differing = len([each for each in {**right, **stored} if right.get(each) != stored.get(each)])
    if mend and differing:
        db.session.execute(delete(table).where(which))
        if rows:
            db.session.execute(insert(table), list(rows))
    return differing


def _stored(table: type[Model], which: ColumnElement[bool]) -> list[Mapping[str, Any]]:
    query = select(table.__table__).where(which)
    return [dict(row) for row in db.session.execute(query).mappings()]
