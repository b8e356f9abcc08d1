"""Two provinces: nothing of one is seen by the other, in lists, counts, files, pages or posts."""

import csv
from io import StringIO
from itertools import product

import pytest
from sqlalchemy import select

from flows.figures.counting import count_waiting
from orders.models import OrderLine, OrderStatus, SalesOrder
from orders.search import FEW, OrderFilter, count_found, orders_found
from org.models import OrgNode, Rep, RepStatus
from org.queries import nodes_under, under
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.world import World, known, order, share, touch
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.db import db, retried

NOBODYS = "RC260101" + "0" * 13


def test_lists_counts_and_files_show_the_same_orders(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    page = desk.get("/orders").text
    assert world.southern.number in page
    assert world.northern.number not in page
    assert "共 1 条" in page
    rows = list(csv.reader(StringIO(desk.get("/orders.csv").text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [world.southern.number]


def test_the_group_sees_both(desk_of: Desks, world: World) -> None:
    page = desk_of("root").get("/orders").text
    assert world.southern.number in page
    assert world.northern.number in page
    assert "共 2 条" in page


def test_asking_for_a_foreign_number_finds_nothing(desk_of: Desks, world: World) -> None:
    assert "共 0 条" in desk_of("south").get("/orders", number=world.northern.number).text


def test_foreign_and_missing_are_answered_alike(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    for path, foreign, missing in (
        ("/orders/{}", world.northern.number, "OD260101" + "0" * 13),
        ("/receipts/{}", world.northern.receipt, NOBODYS),
        ("/receipts/{}.json", world.northern.receipt, NOBODYS),
        ("/reps/{}", world.nils_number, "RP260101" + "0" * 13),
    ):
        answers = [desk.get(path.format(number)) for number in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text == answers[1].text


@pytest.mark.parametrize("verb", ["invite", "unbind", "disable", "enable", "leave"])
def test_a_foreign_rep_cannot_be_changed(desk_of: Desks, world: World, verb: str) -> None:
    answer = desk_of("south").post(f"/reps/{world.nils_number}/{verb}", heir="pool", reason="x")
    assert answer.status_code == 404
    db.session.rollback()
    assert db.session.get_one(Rep, world.nils_id).status == RepStatus.ACTIVE


def test_a_foreign_heir_is_no_heir(desk_of: Desks, world: World) -> None:
    path = f"/reps/{world.alice_number}/leave"
    assert desk_of("south").post(path, heir=world.nils_number, reason="x").status_code == 404
    db.session.rollback()
    assert db.session.get_one(Rep, world.alice_id).status == RepStatus.ACTIVE


def test_figures_are_those_of_the_own_province(desk_of: Desks, world: World) -> None:
    assert desk_of("north").get("/reps").text.count(world.nils_number) == 2  # link and number
    assert world.alice_number not in desk_of("north").get("/reps").text
    retried(lambda: count_waiting(now=clock.now()))
    text = desk_of("south").get("/").text
    assert "1,999.00" in text
    assert "3,998.00" in desk_of("root").get("/").text


def test_staff_of_an_outlet_see_its_orders_only(desk_of: Desks, world: World) -> None:
    erin = known("Erin")
    touch(erin, share(hire(world.tree.bay, "戴夫")), kind=TouchKind.LINK_OPENED)
    order(erin, world.wares, world.tree.bay)
    assert "共 1 条" in desk_of("clerk").get("/orders").text
    assert "共 2 条" in desk_of("south").get("/orders").text


def test_who_hands_an_order_out_sees_it_too(desk_of: Desks, world: World) -> None:
    order(world.nora, world.wares, world.tree.hall, key="fetched-in-the-south")
    assert "共 2 条" in desk_of("clerk").get("/orders").text


@pytest.mark.parametrize("few", [FEW, 0])
def test_whatever_is_asked_for_only_the_own_is_found(
    world: World, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.search.FEW", few)
    order(world.nora, world.wares, world.tree.bay, key="bought-in-the-south")
    numbers = ("", "OD", world.southern.number, world.northern.number)
    for node in nodes_under(world.tree.group):
        mine = set(db.session.scalars(under(node.id)))
        for number, status in product(numbers, (None, *OrderStatus)):
            wanted = OrderFilter(scope=under(node.id), number=number, status=status)
            found = orders_found(wanted, limit=100)
            assert len(found) == count_found(wanted, limit=100)
            assert all(places(each) & mine for each in found)
            expected = [each for each in everything() if is_meant(each, number, status, mine)]
            assert [each.id for each in found] == sorted(
                {each.id for each in expected}, reverse=True
            )
            for last in found:
                rest = [each.id for each in found if each.id < last.id]
                after = orders_found(wanted, before=last.id, limit=100)
                assert [each.id for each in after] == rest


def everything() -> list[SalesOrder]:
    return list(db.session.scalars(select(SalesOrder)))


def places(each: SalesOrder) -> set[int]:
    """The outlets that sold an order or hand it out."""
    sold = select(OrderLine.outlet_id).where(OrderLine.order_id == each.id)
    return {place for place in (each.outlet_id, *db.session.scalars(sold)) if place is not None}


def is_meant(each: SalesOrder, number: str, status: OrderStatus | None, mine: set[int]) -> bool:
    fits = each.number.startswith(number) and status in (None, each.status)
    return fits and bool(places(each) & mine)


def test_an_empty_scope_is_nothing_not_everything(world: World) -> None:
    assert world
    nowhere = OrderFilter(scope=select(OrgNode.id).where(OrgNode.id < 0))
    assert count_found(nowhere, limit=9) == 0
    assert orders_found(nowhere) == []
    assert count_found(OrderFilter(scope=under(-1)), limit=9) == 0
