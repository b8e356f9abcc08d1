"""Reps: hired, known to billing, moved, gone, and who has their customers then."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from org.invites import bind_rep
from org.models import ChannelClass, OperatorIdentity, Rep, RepStatus
from org.operations import WrongTier
from org.queries import (
    Successor,
    member_of_rep,
    operator_identity_on,
    rep_by_number,
    rep_card,
    rep_of_member,
    successor_of,
    successors_of,
)
from org.reps import (
    BadHeir,
    DeveloperTaken,
    OperatorCodes,
    RepHasLeft,
    SpanTaken,
    assign_codes,
    disable_rep,
    enable_rep,
    hire_rep,
    move_rep,
    part_with_rep,
    set_greeting,
)
from tests.counting import questions
from tests.org.cast import DAY, NOON, Tree, hire, person, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, NotFound

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


@pytest.fixture
def alice(tree: Tree) -> int:
    return hire(tree.hall)


def codes(name: str) -> OperatorCodes:
    return OperatorCodes(f"D{name}", f"C{name}", f"S{name}")


def assign(rep_id: int, name: str, valid_from: date) -> None:
    with transaction():
        assign_codes(rep_id=rep_id, codes=codes(name), valid_from=valid_from)


def developer_on(rep_id: int, day: date) -> str | None:
    found = operator_identity_on(rep_id, day)
    return found.developer_code if found else None


def test_hired_rep_has_a_number_and_a_card(alice: int) -> None:
    with transaction():
        set_greeting(rep_id=alice, greeting="有事找我")

    card = rep_card(alice)
    assert card.number.startswith("RP260302")
    assert (card.name, card.outlet_name, card.greeting) == ("爱丽丝", "天河营业厅", "有事找我")
    assert card.showroom_path == f"/r/{card.number}"
    assert card.is_active
    assert rep_by_number(card.number) is db.session.get(Rep, alice)
    with pytest.raises(NotFound):
        rep_card(404)


def test_reps_work_at_outlets_only(tree: Tree) -> None:
    with transaction(), pytest.raises(WrongTier):
        hire_rep(name="x", outlet_id=tree.canton, channel_class=ChannelClass.FRANCHISE, now=NOON)


def test_new_codes_end_the_old_ones(alice: int) -> None:
    assign(alice, "1", MARCH)
    assign(alice, "2", APRIL)

    assert developer_on(alice, date(2026, 2, 28)) is None
    assert developer_on(alice, date(2026, 3, 31)) == "D1"
    assert developer_on(alice, APRIL) == "D2"


def test_codes_put_between_two_spans_overlap_neither(alice: int) -> None:
    assign(alice, "1", MARCH)
    assign(alice, "3", MAY)
    assign(alice, "2", APRIL)

    days = (MARCH, date(2026, 3, 31), APRIL, date(2026, 4, 30), MAY)
    assert [developer_on(alice, day) for day in days] == ["D1", "D1", "D2", "D2", "D3"]


def test_two_codes_cannot_begin_on_one_day(alice: int) -> None:
    assign(alice, "1", MARCH)
    with pytest.raises(SpanTaken):
        assign(alice, "2", MARCH)


def test_codes_assigned_at_one_moment_never_overlap(app: Flask, alice: int) -> None:
    days = [date(2026, 3, day) for day in range(1, 7)]
    race(
        app,
        lambda n: retried(
            lambda: assign_codes(rep_id=alice, codes=codes(str(n)), valid_from=days[n])
        ),
        times=len(days),
    )

    assert [developer_on(alice, day) for day in days] == [f"D{n}" for n in range(6)]
    spans = db.session.scalars(select(OperatorIdentity).order_by(OperatorIdentity.valid_from)).all()
    ends = [span.valid_until for span in spans]
    assert ends == [*(span.valid_from for span in spans[1:]), None]


def test_a_developer_code_is_one_rep_s_at_a_time(tree: Tree, alice: int) -> None:
    dave = hire(tree.frost, "戴夫")
    assign(alice, "1", MARCH)
    assign(alice, "2", APRIL)
    for day in (date(2026, 2, 1), MARCH, date(2026, 3, 31)):
        with pytest.raises(DeveloperTaken):
            assign(dave, "1", day)
    assign(dave, "1", APRIL)  # hers ended the day before
    with pytest.raises(DeveloperTaken):
        assign(alice, "1", MAY)
    assign(alice, "2", MAY)  # her own may go on
    assert (developer_on(alice, MAY), developer_on(dave, MAY)) == ("D2", "D1")


def test_who_begins_before_a_planned_colleague_ends_in_time(tree: Tree, alice: int) -> None:
    dave = hire(tree.frost, "戴夫")
    assign(alice, "1", MAY)
    assign(dave, "2", APRIL)
    assign(dave, "1", MARCH)  # until April only
    assert (developer_on(dave, MARCH), developer_on(alice, MAY)) == ("D1", "D1")


def test_of_two_who_are_given_one_code_at_once_one_has_it(
    app: Flask, tree: Tree, alice: int
) -> None:
    pair = (alice, hire(tree.frost, "戴夫"))

    def give(n: int) -> bool:
        try:
            retried(lambda: assign_codes(rep_id=pair[n], codes=codes("1"), valid_from=MARCH))
        except DeveloperTaken:
            return False
        return True

    given = race(app, give, times=2)
    assert sorted(given) == [False, True]
    assert [developer_on(each, MARCH) for each in pair] == [
        "D1" if each else None for each in given
    ]


def test_disabled_rep_loses_his_rights_and_gets_them_back(alice: int) -> None:
    bob = person("Bob")
    with transaction():
        bind_rep(rep_id=alice, member_id=bob, now=NOON)
        disable_rep(rep_id=alice)
    assert rep_of_member(bob) is None
    assert not rep_card(alice).is_active

    with transaction():
        enable_rep(rep_id=alice)
    assert rep_of_member(bob) == alice


def test_departed_rep_keeps_nothing_but_history(alice: int) -> None:
    bob = person("Bob")
    assign(alice, "1", MARCH)
    assign(alice, "2", APRIL)
    with transaction():
        bind_rep(rep_id=alice, member_id=bob, now=NOON)
        part_with_rep(rep_id=alice, now=NOON)

    assert (rep_of_member(bob), member_of_rep(alice)) == (None, None)
    assert developer_on(alice, NOON.date()) == "D1"
    assert developer_on(alice, (NOON + DAY).date()) is None
    assert developer_on(alice, APRIL) is None
    with transaction():
        with pytest.raises(RepHasLeft):
            disable_rep(rep_id=alice)
        with pytest.raises(RepHasLeft):
            part_with_rep(rep_id=alice, now=NOON)


def test_customers_go_to_the_heir_and_his_heir(tree: Tree, alice: int) -> None:
    heir, heir_of_heir = hire(tree.hall, "二"), hire(tree.corner, "三")
    with transaction():
        part_with_rep(rep_id=alice, now=NOON, heir_id=heir)
    with transaction():
        part_with_rep(rep_id=heir, now=NOON + DAY, heir_id=heir_of_heir)

    assert successor_of(alice, NOON - DAY) == Successor(alice, tree.hall)
    assert successor_of(alice, NOON) == Successor(heir, tree.hall)
    assert successor_of(alice, NOON + DAY) == Successor(heir_of_heir, tree.corner)
    assert successors_of([alice, heir, heir_of_heir], NOON + DAY) == dict.fromkeys(
        [alice, heir, heir_of_heir], Successor(heir_of_heir, tree.corner)
    )
    with questions() as asked:
        assert successors_of([alice, heir], NOON - DAY).keys() == {alice, heir}
    assert len(asked) == 1


def test_without_an_heir_the_outlet_has_them(tree: Tree, alice: int) -> None:
    with transaction():
        part_with_rep(rep_id=alice, now=NOON)

    assert successor_of(alice, NOON) == Successor(None, tree.hall)
    with pytest.raises(NotFound):
        successor_of(404, NOON)


def test_heir_is_another_active_rep(tree: Tree, alice: int) -> None:
    gone, paused = hire(tree.hall, "二"), hire(tree.hall, "三")
    with transaction():
        part_with_rep(rep_id=gone, now=NOON)
        disable_rep(rep_id=paused)
    for heir_id in (alice, gone, paused, 404):
        with transaction(), pytest.raises(BadHeir):
            part_with_rep(rep_id=alice, now=NOON, heir_id=heir_id)
    assert db.session.get_one(Rep, alice).status == RepStatus.ACTIVE


def test_two_who_name_each_other_heir_do_not_both_leave(app: Flask, tree: Tree, alice: int) -> None:
    pair = (alice, hire(tree.hall, "二"))

    def leave(number: int) -> bool:
        try:
            retried(lambda: part_with_rep(rep_id=pair[number], now=NOON, heir_id=pair[1 - number]))
        except AppError:
            return False
        return True

    assert sorted(race(app, leave, times=2)) == [False, True]


def test_move_says_whether_it_leaves_the_city(tree: Tree, alice: int) -> None:
    with transaction():
        assert not move_rep(rep_id=alice, outlet_id=tree.corner)
        assert move_rep(rep_id=alice, outlet_id=tree.bay)
        with pytest.raises(WrongTier):
            move_rep(rep_id=alice, outlet_id=tree.canton)
        with pytest.raises(NotFound):
            move_rep(rep_id=404, outlet_id=tree.bay)

    assert rep_card(alice).outlet_name == "南山营业厅"
