"""A rep's own figures are what happened, and what the console shows of him, whatever came late or back."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, update

from flows.figures.counting import compare_day, compare_month, look_for_missing
from flows.figures.pages import all_behind
from insights.behind import Behind, count_behind, newest_days, units_behind
from insights.models import FigureDelta, FigureMonth, Part, Source
from insights.queries import by_key
from insights.reps import day_of_reps, days_of_rep, ever_of_reps, orders_kept
from insights.values import MEASURES, RepFigures, Span, last_of_month, value
from tests.insights.history import DAY_ONE, History, begin
from tests.insights.test_counting import at, count_all, play
from wx_backend.clock import business_on
from wx_backend.db import db, transaction

LAST_MONTH = DAY_ONE - timedelta(days=20)
COUNTED = ("scans", "follows", "visits", "orders", "paid")


def happened(history: History, rep_id: int, span: Span) -> RepFigures:
    """The plain count: every fact of the rep's in the span, one by one."""
    mine = [e for e in history.facts if e.rep_id == rep_id and span.first <= e.on <= span.last]
    counts = {
        key: len({each.unit for each in mine if each.kind in MEASURES[key].kinds})
        for key in COUNTED
    }
    paid = [each for each in mine if each.kind == "paid"]
    back_fen = sum(each.fen for each in mine if each.kind == "refunded")
    return RepFigures(**counts, kept_fen=sum(each.fen for each in paid) - back_fen)


def kept(history: History, rep_id: int, span: Span) -> int:
    """The plain count of what the ranking goes by."""
    return len(
        {
            each.unit
            for each in history.facts
            if each.rep_id == rep_id
            and each.kind == "paid"
            and span.first <= each.on <= span.last
            and each.unit[1] not in history.returned
        }
    )


def played(seed: int) -> tuple[History, date]:
    """Days of selling; then much that is told late, and two refunds counted at once."""
    history = begin(seed)
    last = play(history)
    for on in (LAST_MONTH, DAY_ONE, last):
        for deed in (history.order, history.touch, history.pay, history.touch, history.refund):
            deed(on)
    for _ in range(4):
        history.refund(last)
    count_all(last)
    return history, last


@pytest.mark.parametrize("seed", range(20, 24))
def test_days_months_and_all_time_are_the_plain_count(app: Flask, seed: int) -> None:
    assert app
    history, last = played(seed)
    days = [LAST_MONTH, DAY_ONE, last]
    for rep_id in history.reps:
        found = days_of_rep(rep_id, days)
        for day in days:
            expected = happened(history, rep_id, Span(day, day))
            assert found.get(day, RepFigures()) == expected
            assert day_of_reps(history.reps, day).get(rep_id, RepFigures()) == expected
        for first in (LAST_MONTH.replace(day=1), DAY_ONE.replace(day=1)):
            span = Span(first, last_of_month(first))
            counted = orders_kept(history.reps, first).get(rep_id, 0)
            assert counted == kept(history, rep_id, span)
        ever = ever_of_reps([rep_id]).get(rep_id, RepFigures())
        assert ever == happened(history, rep_id, Span(date.min, date.max))


@pytest.mark.parametrize("seed", range(24, 26))
def test_a_rep_reads_what_the_console_shows_of_him_and_lists(app: Flask, seed: int) -> None:
    assert app
    history, last = played(seed)
    group, span = history.tree.group, Span(LAST_MONTH, last)
    shown, mine = by_key(group, Part.REP, span), ever_of_reps(history.reps)
    for rep_id in history.reps:
        kinds, figures = shown.get(str(rep_id), {}), mine.get(rep_id, RepFigures())
        for key in COUNTED:
            behind = Behind(group, MEASURES[key], span, rep_id=rep_id)
            counted = value(MEASURES[key], kinds)
            listed = len([*all_behind(behind)])
            assert getattr(figures, key) == counted == listed == count_behind(behind).count


def test_counting_again_changes_nothing_and_what_is_wrong_is_mended(app: Flask) -> None:
    assert app
    history, last = played(26)
    now = at(last)
    right = ever_of_reps(history.reps)
    with transaction() as session:
        for refund_id in range(1, 4):
            session.add(FigureDelta(source=Source.REFUNDED, source_id=refund_id))
    count_all(last)
    assert ever_of_reps(history.reps) == right
    with transaction():
        db.session.execute(update(FigureMonth).values(count=FigureMonth.count + 1))
        db.session.execute(delete(FigureMonth).where(FigureMonth.kind == "returned"))
    compare = partial(compare_month, of=last, now=now)
    assert compare(mend=False) > 0
    assert compare(mend=True) > 0
    compare_month(of=LAST_MONTH, mend=True, now=now)
    assert compare(mend=False) == 0
    assert compare_day(on=last, mend=False, now=now) == 0
    assert ever_of_reps(history.reps) == right
    assert sum(found.missing for found in look_for_missing(mend=False, now=now)) == 0


@pytest.mark.parametrize("seed", range(27, 29))
def test_short_pages_together_are_the_whole_list(app: Flask, seed: int) -> None:
    assert app
    history, last = played(seed)
    rep_id, group = min(history.reps), history.tree.group
    for measure in MEASURES.values():
        behind = Behind(group, measure, Span(LAST_MONTH, last))
        for wanted in (
            behind,
            replace(behind, rep_id=rep_id),
            replace(behind, rep_id=0),
            replace(behind, channel=""),
            replace(behind, rep_id=rep_id, product_id=1),
        ):
            whole, _ = units_behind(wanted, limit=1_000)
            assert len(whole) == count_behind(wanted).count
            assert sum(unit.amount_fen for unit in whole) == count_behind(wanted).amount_fen
            pages, after = units_behind(wanted, limit=2)
            while after is not None:
                more, after = units_behind(wanted, after=after, limit=2)
                pages = [*pages, *more]
            assert list(pages) == list(whole)


def test_a_page_reads_the_days_it_shows_and_no_more(app: Flask) -> None:
    assert app
    history, last = begin(29), DAY_ONE + timedelta(days=2)
    days = [DAY_ONE + timedelta(days=n) for n in range(3)]
    for day in days:
        for _ in range(3):
            history.touch(day)
            history.order(day)
    count_all(last)
    wanted = Behind(history.tree.group, MEASURES["orders"], Span(DAY_ONE, last))
    whole, _ = units_behind(wanted, limit=1_000)
    a_day = len([unit for unit in whole if business_on(unit.happened_at) == last])
    assert newest_days(wanted, None, a_day) == Span(last, last)
    assert newest_days(wanted, None, a_day + 1) == Span(days[1], last)
    assert newest_days(wanted, (last, 0), 1) == Span(days[1], last)
    assert newest_days(wanted, (days[1], 0), 1) == Span(DAY_ONE, days[1])
    assert newest_days(wanted, None, len(whole) + 1) == wanted.span
