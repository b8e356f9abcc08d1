"""The tree of the organisation and the closure that makes its questions cheap."""

from datetime import date

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from org.hours import OpeningHours
from org.models import OrgNode, OrgPath, Tier
from org.operations import (
    CodeTaken,
    NodeInUse,
    WouldBeCycle,
    WrongTier,
    close_node,
    create_node,
    move_node,
    set_opening_hours,
)
from org.queries import (
    ancestors,
    is_within,
    lowest_common_node,
    node_by_code,
    nodes_under,
    opening_hours,
)
from tests.org.cast import Tree, hire, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, NotFound

ON = date(2026, 3, 2)


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


def closure() -> set[tuple[int, int, int]]:
    rows = db.session.execute(select(OrgPath.ancestor_id, OrgPath.descendant_id, OrgPath.depth))
    return {(ancestor, descendant, depth) for ancestor, descendant, depth in rows}


def walked() -> set[tuple[int, int, int]]:
    """The closure worked out from the parents alone."""
    rows = db.session.execute(select(OrgNode.id, OrgNode.parent_id))
    parents: dict[int, int | None] = dict(rows.all())
    paths = set()
    for node in parents:
        above: int | None = node
        depth = 0
        while above is not None:
            paths.add((above, node, depth))
            above, depth = parents[above], depth + 1
    return paths


def test_subtree_holds_the_node_and_all_below(tree: Tree) -> None:
    assert [node.code for node in nodes_under(tree.south)] == ["S", "SC", "SC1", "SC2", "SZ", "SZ1"]
    assert [node.code for node in nodes_under(tree.north, tier=Tier.OUTLET)] == ["NH1"]
    assert is_within(tree.hall, tree.south)
    assert is_within(tree.hall, tree.hall)
    assert not is_within(tree.south, tree.hall)
    assert not is_within(tree.hall, tree.north)
    assert closure() == walked()


def test_ancestors_are_known_by_tier(tree: Tree) -> None:
    assert ancestors(tree.bay) == {
        Tier.OUTLET: tree.bay,
        Tier.CITY: tree.shenzhen,
        Tier.PROVINCE: tree.south,
        Tier.GROUP: tree.group,
    }


def test_disputes_are_decided_at_the_lowest_common_node(tree: Tree) -> None:
    assert lowest_common_node(tree.hall, tree.corner) == tree.canton
    assert lowest_common_node(tree.hall, tree.bay) == tree.south
    assert lowest_common_node(tree.hall, tree.frost) == tree.group
    assert lowest_common_node(tree.hall, tree.hall) == tree.hall


def test_moved_node_takes_everything_below_along(tree: Tree) -> None:
    with transaction():
        move_node(node_id=tree.canton, parent_id=tree.north)

    assert closure() == walked()
    assert ancestors(tree.hall)[Tier.PROVINCE] == tree.north
    assert not is_within(tree.hall, tree.south)


@pytest.mark.parametrize(
    ("node", "parent", "refusal"),
    [
        ("south", "canton", WouldBeCycle),
        ("south", "south", WouldBeCycle),
        ("canton", "hall", WouldBeCycle),
        ("canton", "shenzhen", WrongTier),
        ("hall", "bay", WrongTier),
    ],
)
def test_moves_that_bend_the_tree_are_refused(
    tree: Tree, node: str, parent: str, refusal: type[AppError]
) -> None:
    with transaction(), pytest.raises(refusal):
        move_node(node_id=getattr(tree, node), parent_id=getattr(tree, parent))

    assert closure() == walked()


def test_new_node_needs_a_parent_of_a_higher_tier(tree: Tree) -> None:
    with transaction():
        for tier, parent in ((Tier.CITY, tree.hall), (Tier.CITY, None), (Tier.GROUP, tree.south)):
            with pytest.raises(WrongTier):
                create_node(tier=tier, code="X", name="新", parent_id=parent)
        with pytest.raises(CodeTaken):
            create_node(tier=Tier.CITY, code="SC", name="新", parent_id=tree.south)
        with pytest.raises(NotFound):
            create_node(tier=Tier.CITY, code="X", name="新", parent_id=404)

    assert node_by_code("X") is None


def test_only_an_empty_place_is_closed(tree: Tree) -> None:
    hire(tree.hall)
    with transaction():
        for node_id in (tree.canton, tree.hall):
            with pytest.raises(NodeInUse):
                close_node(node_id=node_id, on=ON)
        close_node(node_id=tree.bay, on=ON)
        close_node(node_id=tree.shenzhen, on=ON)
        with pytest.raises(WrongTier):
            move_node(node_id=tree.hall, parent_id=tree.shenzhen)

    assert db.session.get_one(OrgNode, tree.shenzhen).closed_on == ON


def test_only_outlets_have_opening_hours(tree: Tree) -> None:
    hours = OpeningHours.from_json({"mon": [["09:00", "18:00"]]})
    with transaction():
        set_opening_hours(outlet_id=tree.hall, hours=hours)
        with pytest.raises(WrongTier):
            set_opening_hours(outlet_id=tree.canton, hours=hours)

    assert opening_hours(tree.hall) == hours
    assert opening_hours(tree.corner) is None


def test_moves_at_one_moment_leave_one_consistent_tree(app: Flask, tree: Tree) -> None:
    moves = [
        (tree.canton, tree.north),
        (tree.hall, tree.shenzhen),
        (tree.corner, tree.harbin),
        (tree.canton, tree.south),
        (tree.harbin, tree.south),
        (tree.frost, tree.canton),
    ]

    def move(number: int) -> None:
        node_id, parent_id = moves[number]
        retried(lambda: move_node(node_id=node_id, parent_id=parent_id))

    race(app, move, times=len(moves))

    db.session.rollback()
    assert closure() == walked()


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6))
def test_closure_equals_the_parents_after_any_moves(
    app: Flask, moves: list[tuple[int, int]]
) -> None:
    assert app.testing
    with transaction() as session:
        session.execute(delete(OrgPath))
        session.execute(update(OrgNode).values(parent_id=None))
        session.execute(delete(OrgNode))
    plant()
    ids = list(db.session.scalars(select(OrgNode.id).order_by(OrgNode.id)))
    for node, parent in moves:
        with transaction():
            try:
                move_node(node_id=ids[node], parent_id=ids[parent])
            except (WouldBeCycle, WrongTier):
                continue
    assert closure() == walked()
