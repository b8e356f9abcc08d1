"""Counting: the tree of the day is noted, facts are added, their sums follow; once each.

Whoever counts holds the one row of `figure_state`. What was waiting is forgotten in the same
transaction in which it is counted, so a crash leaves both or neither.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, delete, exists, insert, or_, select, update

from insights.models import (
    FOR_EVER,
    FigureDay,
    FigureDelta,
    FigureFact,
    FigureMonth,
    FigureState,
    FigureWeek,
    Source,
    TreeSpan,
)
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
from insights.values import Fact
from org.models import OrgPath
from wx_backend.clock import business_on
from wx_backend.db import Model, db, locked, upsert_all

BEGINNING: Final = date(2000, 1, 1)
"""From when on a place that was never seen before is taken to have been where it is."""


def begin_counting(*, now: datetime) -> None:
    """Wait until nobody else counts, and note today's tree."""
    state = locked(select(FigureState).order_by(FigureState.id).limit(1))
    assert state is not None  # noqa: S101 - comes with the schema
    state.counted_at = now
    note_tree(tomorrow=business_on(now) + timedelta(days=1))


def note_tree(*, tomorrow: date) -> None:
    """What was moved counts for its new place from tomorrow on; a new place from ever.

    A day's figures keep the tree with which the day began.
    """
    is_path = exists().where(
        OrgPath.ancestor_id == TreeSpan.ancestor_id,
        OrgPath.descendant_id == TreeSpan.descendant_id,
    )
    is_over = and_(TreeSpan.until_on == FOR_EVER, ~is_path)
    db.session.execute(
        delete(TreeSpan)
        .where(is_over, TreeSpan.first_on >= tomorrow)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(TreeSpan)
        .where(is_over)
        .values(until_on=tomorrow)
        .execution_options(synchronize_session=False)
    )
    _begin_spans(tomorrow)


def _begin_spans(tomorrow: date) -> None:
    is_open = exists().where(
        TreeSpan.ancestor_id == OrgPath.ancestor_id,
        TreeSpan.descendant_id == OrgPath.descendant_id,
        TreeSpan.until_on == FOR_EVER,
    )
    is_known = exists().where(TreeSpan.descendant_id == OrgPath.descendant_id)
    begun = db.session.execute(
        select(OrgPath.ancestor_id, OrgPath.descendant_id, is_known).where(~is_open)
    ).all()
    if begun:
        db.session.execute(
            insert(TreeSpan),
            [
                {
                    "ancestor_id": above,
                    "descendant_id": below,
                    "first_on": tomorrow if known else BEGINNING,
                    "until_on": FOR_EVER,
                }
                for above, below, known in begun
            ],
        )


def forget_place(*, node_id: int) -> None:
    """Forget where a place lay that is about to be removed; nothing was ever counted for it."""
    is_its = or_(TreeSpan.ancestor_id == node_id, TreeSpan.descendant_id == node_id)
    db.session.execute(delete(TreeSpan).where(is_its).execution_options(synchronize_session=False))


def waiting(*, limit: int) -> dict[Source, list[int]]:
    """Some of what happened and is not counted yet, by what it is."""
    rows = db.session.execute(
        select(FigureDelta.source, FigureDelta.source_id)
        .order_by(FigureDelta.source, FigureDelta.source_id)
        .limit(limit)
    )
    found: dict[Source, list[int]] = {}
    for source, source_id in rows:
        found.setdefault(Source(source), []).append(source_id)
    return found


def without_waiting(source: Source, ids: Sequence[int]) -> list[int]:
    """Those of these rows that do not wait to be counted."""
    still = set(
        db.session.scalars(
            select(FigureDelta.source_id).where(
                FigureDelta.source == source, FigureDelta.source_id.in_(ids)
            )
        )
    )
    return [each for each in ids if each not in still]


def count_facts(
    facts: Sequence[Fact], *, taken: Mapping[Source, Sequence[int]], now: datetime
) -> int:
    """Add these facts and their sums, and forget what was `taken`; how many were new.

    A fact that is there already is left as it was frozen. Call `begin_counting` first. The tree is
    noted again: a place may have been made, and sold, after it was noted and before the facts were read.
    """
    new = unknown_facts(facts)
    if new:
        note_tree(tomorrow=business_on(now) + timedelta(days=1))
        last = db.session.scalar(select(FigureFact.id).order_by(FigureFact.id.desc()).limit(1)) or 0
        db.session.execute(insert(FigureFact), [_row(fact) for fact in new])
        _add(FigureDay, sums_of(FigureFact.id > last), DAY_KEY, DAY_SUMS)
        _add(FigureWeek, weeks_of(FigureFact.id > last), WEEK_KEY, REP_SUMS)
        _add(FigureMonth, months_of(FigureFact.id > last), MONTH_KEY, REP_SUMS)
    for source, ids in taken.items():
        db.session.execute(
            delete(FigureDelta).where(FigureDelta.source == source, FigureDelta.source_id.in_(ids))
        )
    return len(new)


def _add(
    table: type[Model], rows: Sequence[Mapping[str, Any]], key: Sequence[str], sums: Sequence[str]
) -> None:
    """Add what new facts come to."""
    upsert_all(
        table,
        rows,
        key=key,
        change=lambda old, new: {name: old[name] + new[name] for name in sums},
        where=lambda _old, new: new["count"] > 0,
    )


def unknown_facts(facts: Sequence[Fact]) -> list[Fact]:
    """Those of these facts that were never counted."""
    known: set[tuple[str, int]] = set()
    for kind in {fact.kind for fact in facts}:
        ids = [fact.row_id for fact in facts if fact.kind is kind]
        rows = db.session.scalars(
            select(FigureFact.row_id).where(FigureFact.kind == kind, FigureFact.row_id.in_(ids))
        )
        known |= {(kind.value, row_id) for row_id in rows}
    return [fact for fact in facts if (fact.kind.value, fact.row_id) not in known]


def _row(fact: Fact) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "row_id": fact.row_id,
        "unit_id": fact.unit_id,
        "happened_at": fact.happened_at,
        "business_on": fact.business_on,
        "outlet_id": fact.outlet_id,
        "rep_id": fact.rep_id,
        "product_id": fact.product_id,
        "channel": fact.channel,
        "amount_fen": fact.amount_fen,
        "pieces": fact.pieces,
    }
