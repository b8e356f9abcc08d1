"""Figures are what happened, once each, by the tree of each day, whoever counts and however it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from flows.figures import counting
from flows.figures.counting import BEFORE_COMMIT, compare_day, count_waiting, look_for_missing
from flows.figures.facts import facts_of
from flows.figures.pages import By, all_behind, table
from insights.behind import Behind, count_behind
from insights.models import FigureDay, FigureDelta, FigureFact, Part, Source
from insights.queries import by_day, by_key, by_place, total
from insights.values import MEASURES, Fact, Kinds, Measure, Span, Sums, value
from org.models import OrgNode, Tier
from org.operations import create_node, move_node
from org.queries import node_of, nodes_under
from tests.insights.history import DAY_ONE, DAYS, Happened, History, begin
from tests.racing import race
from wx_backend import crash
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, retried, transaction


def at(on: date) -> datetime:
    return datetime.combine(on, time(12), SHANGHAI)


def count_all(on: date) -> int:
    counted = 0
    while some := retried(partial(count_waiting, now=at(on))):
        counted += some
    return counted


def play(history: History, *, days: int = DAYS) -> date:
    """Days of random selling, moving and counting; the last day, with everything counted."""
    on = DAY_ONE
    count_all(on)
    deeds = (history.order, history.pay, history.touch, history.touch, history.refund, history.move)
    for n in range(days):
        on = DAY_ONE + timedelta(days=n)
        for _ in range(history.random.randint(2, 6)):
            history.random.choice(deeds)(on)
            if history.random.random() < 0.4:
                count_all(on)
        count_all(on)
    return on


@pytest.mark.parametrize("seed", range(2))
def test_list_count_chart_and_file_agree_for_every_place(app: Flask, seed: int) -> None:
    assert app
    history = begin(seed)
    last = play(history)
    for node in nodes_under(history.tree.group):
        span = history.random.choice(
            (Span(DAY_ONE, last), Span(DAY_ONE + timedelta(days=2), last - timedelta(days=3)))
        )
        assert_places_add_up(history, node, span)
        for measure in MEASURES.values():
            assert_agrees(history, node, span, measure)


def assert_agrees(history: History, node: OrgNode, span: Span, measure: Measure) -> None:
    meant = [each for each in history.facts if is_meant(history, each, node.id, span, measure)]
    count, fen = len({each.unit for each in meant}), sum(each.fen for each in meant)
    expected = fen if measure.is_money else count
    assert value(measure, total(by_day(node.id, span).values())) == expected
    wanted = Behind(node.id, measure, span)
    assert count_behind(wanted) == Sums(count, fen)
    listed = [*all_behind(wanted)]
    assert (len(listed), sum(line.unit.amount_fen for line in listed)) == (count, fen)
    reps, products = by_key(node.id, Part.REP, span), by_key(node.id, Part.PRODUCT, span)
    for rep_id in {each.rep_id for each in meant}:
        assert_sums(
            [each for each in meant if each.rep_id == rep_id],
            Behind(node.id, measure, span, rep_id=rep_id or 0),
            reps[str(rep_id or "")],
        )
    for product_id in {each.product_id for each in meant}:
        assert_sums(
            [each for each in meant if each.product_id == product_id],
            Behind(node.id, measure, span, product_id=product_id or 0),
            products[str(product_id or "")],
        )


def assert_sums(mine: list[Happened], wanted: Behind, kinds: Kinds) -> None:
    found = count_behind(wanted)
    assert found == Sums(len({each.unit for each in mine}), sum(each.fen for each in mine))
    is_money = wanted.measure.is_money
    assert value(wanted.measure, kinds) == (found.amount_fen if is_money else found.count)


def assert_places_add_up(history: History, node: OrgNode, span: Span) -> None:
    """What lay below a place is shown with what happened on the days it did."""
    for tier in Tier:
        for place_id, kinds in by_place(node.id, tier, span).items():
            days = by_day(place_id, span)
            there = [on for on in days if node.id in history_above(history, place_id, on)]
            assert kinds == total(days[on] for on in there)


def is_meant(history: History, each: Happened, node_id: int, span: Span, measure: Measure) -> bool:
    return (
        each.kind in measure.kinds
        and span.first <= each.on <= span.last
        and node_id in history.above(each.outlet_id, each.on)
    )


def history_above(history: History, place_id: int, on: date) -> set[int]:
    """A place and all above it on a day, whatever its tier."""
    for outlet_id in history.parents:
        path = history.above(outlet_id, on)
        if place_id in path:
            tree = history.tree
            order = [outlet_id, tree.canton, tree.shenzhen, tree.harbin, tree.south, tree.north]
            rank = {each: n for n, each in enumerate([*order, tree.group])}
            return {each for each in path if rank[each] >= rank[place_id]}
    return {place_id, history.tree.group}


def test_a_death_before_the_commit_counts_nothing_and_the_next_one_everything(app: Flask) -> None:
    assert app
    history = begin(7)
    history.order(DAY_ONE)
    history.touch(DAY_ONE)
    crash.arm(BEFORE_COMMIT, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        count_all(DAY_ONE)
    crash.disarm()
    assert (rows(FigureFact), rows(FigureDay)) == (0, 0)
    count_all(DAY_ONE)
    once = sums()
    assert once
    assert count_all(DAY_ONE) == 0
    assert sums() == once
    assert rows(FigureDelta) == 0


def test_two_clocks_at_once_count_everything_once(app: Flask) -> None:
    history = begin(8)
    for _ in range(30):
        history.touch(DAY_ONE)
        history.order(DAY_ONE)
    count = partial(count_waiting, now=at(DAY_ONE))
    counted = race(app, lambda _: retried(count), times=4)
    assert sum(counted) + count_all(DAY_ONE) == 60
    assert rows(FigureDelta) == 0
    assert compare_day(on=DAY_ONE, mend=False, now=at(DAY_ONE)) == 0
    orders = by_day(history.tree.group, Span(DAY_ONE, DAY_ONE))[DAY_ONE]
    expected = {each.unit for each in history.facts if each.kind == "placed"}
    assert value(MEASURES["orders"], orders) == len(expected)


def test_what_is_lost_or_wrong_is_found_and_mended(app: Flask) -> None:
    assert app
    history, now = begin(9), at(DAY_ONE)
    for _ in range(5):
        history.order(DAY_ONE)
        history.touch(DAY_ONE)
    assert sum(found.missing for found in look_for_missing(mend=False, now=now)) == 0
    with transaction():
        db.session.execute(delete(FigureDelta).where(FigureDelta.source_id == 1))
    count_all(DAY_ONE)
    with transaction():
        db.session.execute(update(FigureDay).values(count=FigureDay.count + 1))
    lost = sum(found.missing for found in look_for_missing(mend=False, now=now))
    assert lost > 0
    assert compare_day(on=DAY_ONE, mend=False, now=now) == rows(FigureDay)
    assert sum(found.missing for found in look_for_missing(mend=True, now=now)) == lost
    assert compare_day(on=DAY_ONE, mend=True, now=now) > 0
    assert compare_day(on=DAY_ONE, mend=False, now=now) == 0
    assert sum(found.missing for found in look_for_missing(mend=False, now=now)) == 0
    for measure in MEASURES.values():
        node = node_of(history.tree.group)
        assert_agrees(history, node, Span(DAY_ONE, DAY_ONE), measure)


def test_a_place_made_while_its_facts_are_read_has_its_sums(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app
    history = begin(12)
    count_all(DAY_ONE)
    history.order(DAY_ONE)

    def sold_there(sources: Mapping[Source, Sequence[int]]) -> list[Fact]:
        canton = history.tree.canton
        made = create_node(tier=Tier.OUTLET, code="NEW", name="新店", parent_id=canton)
        return [replace(fact, outlet_id=made) for fact in facts_of(sources)]

    monkeypatch.setattr(counting, "facts_of", sold_there)
    assert retried(partial(count_waiting, now=at(DAY_ONE))) > 0
    assert rows(FigureFact) > 0
    assert compare_day(on=DAY_ONE, mend=False, now=at(DAY_ONE)) == 0
    orders = by_day(history.tree.canton, Span(DAY_ONE, DAY_ONE))[DAY_ONE]
    assert value(MEASURES["orders"], orders) > 0


def test_the_database_refuses_to_change_a_fact(app: Flask) -> None:
    assert app
    begin(10).touch(DAY_ONE)
    count_all(DAY_ONE)
    for change in (update(FigureFact).values(amount_fen=1), delete(FigureFact)):
        with pytest.raises(DBAPIError, match="never changed"):
            db.session.execute(change)
        db.session.rollback()


def test_a_place_that_moved_away_is_shown_and_cannot_be_opened(app: Flask) -> None:
    assert app
    history = begin(11)
    count_all(DAY_ONE)
    tree = history.tree
    while not any(each.outlet_id == tree.hall for each in history.facts):
        history.touch(DAY_ONE)
    history.parents[tree.hall].append((DAY_ONE + timedelta(days=1), tree.harbin))
    retried(lambda: move_node(node_id=tree.hall, parent_id=tree.harbin))
    count_all(DAY_ONE)
    span = Span(DAY_ONE, DAY_ONE)
    shown = table(node_of(tree.canton), By.OUTLET, span, scope_id=tree.canton)
    assert (str(tree.hall), None) in {(row.key, row.node_id) for row in shown}
    assert table(node_of(tree.harbin), By.OUTLET, span, scope_id=tree.harbin) == []


def rows(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def sums() -> dict[tuple[object, ...], tuple[int, ...]]:
    db.session.rollback()
    found = db.session.scalars(select(FigureDay))
    return {
        (each.node_id, each.part, each.business_on, each.kind, each.key): (
            each.count,
            each.amount_fen,
            each.pieces,
        )
        for each in found
    }
