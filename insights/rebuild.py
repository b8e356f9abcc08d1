"""A day's sums held against its facts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select

from insights.models import FigureDay, FigureFact
from insights.sums import sums_of
from wx_backend.db import db

_KEY = ("node_id", "part", "business_on", "kind", "key")
_SUMS = ("count", "amount_fen", "pieces")


def compare_sums(on: date, *, mend: bool) -> int:
    """In how many rows a day's sums are not what its facts come to; with `mend` they are made so.

    The caller holds the counting (`begin_counting`).
    """
    right = {_named(row, _KEY): row for row in sums_of(FigureFact.business_on == on)}
    stored = {_named(row, _KEY): row for row in _stored(on)}
    differing = sum(
        key not in right or key not in stored or _named(right[key], _SUMS) != _named(row, _SUMS)
        for key, row in {**right, **stored}.items()
    )
    if mend and differing:
        db.session.execute(delete(FigureDay).where(FigureDay.business_on == on))
        if right:
            db.session.execute(insert(FigureDay), list(right.values()))
    return differing


def _stored(on: date) -> list[Mapping[str, Any]]:
    query = select(FigureDay.__table__).where(FigureDay.business_on == on)
    return [dict(row) for row in db.session.execute(query).mappings()]


def _named(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)
