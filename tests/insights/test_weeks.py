"""A table by rep is what its days come to, whatever the span, whoever was moved in the middle of a week."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, update

from flows.figures.counting import compare_week
from insights.models import FactKind, FigureWeek, Part
from insights.queries import by_key, total
from insights.values import Kinds, Span
from org.queries import nodes_under
from tests.insights.history import DAY_ONE, begin
from tests.insights.test_counting import at, play
from wx_backend.db import db, transaction

DAY = timedelta(days=1)
SUNDAY = date(2026, 3, 8)


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        (SUNDAY, SUNDAY, None),
        (SUNDAY, SUNDAY + 6 * DAY, None),
        (SUNDAY, SUNDAY + 7 * DAY, (SUNDAY + DAY, SUNDAY + 7 * DAY)),
        (SUNDAY - 6 * DAY, SUNDAY, (SUNDAY - 6 * DAY, SUNDAY)),
        (SUNDAY - 6 * DAY, SUNDAY - DAY, None),
        (SUNDAY - 5 * DAY, SUNDAY + 13 * DAY, (SUNDAY + DAY, SUNDAY + 7 * DAY)),
        (SUNDAY - 7 * DAY, SUNDAY + 8 * DAY, (SUNDAY - 6 * DAY, SUNDAY + 7 * DAY)),
    ],
)
def test_whole_weeks_begin_on_a_monday(
    first: date, last: date, weeks: tuple[date, date] | None
) -> None:
    assert Span(first, last).weeks() == (Span(*weeks) if weeks else None)


@pytest.mark.parametrize("seed", range(40, 43))
def test_reps_of_a_span_are_the_sum_of_its_days(app: Flask, seed: int) -> None:
    assert app
    history = begin(seed)
    last = play(history, days=17)
    assert any(len(moves) > 1 for moves in history.parents.values())
    days = [DAY_ONE + n * DAY for n in range((last - DAY_ONE).days + 1)]
    spans = [Span(first, until) for first in days[:8] for until in days[7:]]
    for node in nodes_under(history.tree.group):
        each_day = {day: by_key(node.id, Part.REP, Span(day, day)) for day in days}
        for span in history.random.sample(spans, 8):
            expected = dict[str, list[Kinds]]()
            for day in days:
                for key, kinds in each_day[day].items() if span.first <= day <= span.last else ():
                    expected.setdefault(key, []).append(kinds)
            assert by_key(node.id, Part.REP, span) == {
                key: total(found) for key, found in expected.items()
            }


def test_weeks_that_are_wrong_are_found_and_mended(app: Flask) -> None:
    assert app
    history = begin(44)
    last = play(history)
    now, span = at(last), Span(DAY_ONE, DAY_ONE + 6 * DAY)
    right = by_key(history.tree.group, Part.REP, span)
    assert compare_week(of=DAY_ONE + 3 * DAY, mend=False, now=now) == 0
    with transaction():
        db.session.execute(update(FigureWeek).values(count=FigureWeek.count + 1))
        db.session.execute(delete(FigureWeek).where(FigureWeek.kind == FactKind.VISIT))
    assert by_key(history.tree.group, Part.REP, span) != right
    assert compare_week(of=DAY_ONE, mend=True, now=now) > 0
    assert compare_week(of=DAY_ONE, mend=False, now=now) == 0
    assert by_key(history.tree.group, Part.REP, span) == right
