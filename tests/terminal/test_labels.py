"""Where a parcel goes: read by who ships it alone, while there is something to ship, and on the record."""

import pytest
from flask import Flask
from sqlalchemy import select

from fulfilment.nodes import Node
from orders.models import Delivery
from orders.queries import order_by_id
from tests.console.conftest import Desks, desk_of
from tests.console.world import World
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from tests.terminal.desk import ADDRESS, ordered, packed, task_of
from tests.terminal.phone import RepPhone
from wx_backend.audit import AuditEntry
from wx_backend.db import db

__all__ = ["desk_of"]

STREET = ADDRESS["street"]
LABEL = f"鲍勃 13800138000 {ADDRESS['region']} {STREET}"


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


@pytest.fixture
def order_id(alice: RepPhone, world: World) -> int:
    """A phone that Alice's outlet is to send."""
    assert alice
    return ordered(world, world.bob, key="label-1", delivery=Delivery.COURIER)


def number_of(order_id: int) -> str:
    db.session.rollback()
    order = order_by_id(order_id)
    assert order is not None
    return order.number


def looks() -> list[tuple[str, str, int | None]]:
    """(actor, subject, place) of every look; nothing of what was read is in any of them."""
    db.session.rollback()
    found = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what.endswith(".address")).order_by(AuditEntry.id)
    ).all()
    for each in found:
        assert [(change["before"], change["after"]) for change in each.changes] == [({}, {})]
        assert not any(word in f"{each.subject} {each.changes}" for word in (STREET, "13800138000"))
    return [(each.actor, each.subject, each.node_id) for each in found]


def test_who_has_it_in_hand_reads_where_it_goes(
    alice: RepPhone, order_id: int, world: World
) -> None:
    path = f"/terminal/tasks/{task_of(order_id, Node.PACKED).id}"
    assert "请先接单" in alice.follow(alice.send(f"{path}/address")).text
    alice.send(f"{path}/accept")
    page = alice.get(path).text
    assert "查看收货信息" in page
    assert STREET not in page
    assert LABEL in alice.send(f"{path}/address").text
    packed(alice, order_id)
    path = f"/terminal/tasks/{task_of(order_id, Node.HANDED_OVER).id}"
    alice.send(f"{path}/accept")
    assert LABEL in alice.send(f"{path}/address").text
    subject = f"{number_of(order_id)} {world.alice_number}"
    assert looks() == [(f"rep:{world.alice_id}", subject, world.tree.hall)] * 2
    assert STREET not in alice.get("/terminal/tasks").text


def test_what_left_is_shown_to_nobody_any_more(
    alice: RepPhone, order_id: int, desk_of: Desks
) -> None:
    packed(alice, order_id)
    path = f"/terminal/tasks/{task_of(order_id, Node.HANDED_OVER).id}"
    alice.send(f"{path}/accept")
    assert "查看收货信息" in desk_of("clerk").get(f"/orders/{number_of(order_id)}").text
    alice.send(f"{path}/hand-over", carrier="SF", waybill="SF1234567890")
    assert STREET not in alice.follow(alice.send(f"{path}/address")).text
    desk = desk_of("clerk")
    assert "查看收货信息" not in desk.get(f"/orders/{number_of(order_id)}").text
    assert desk.post(f"/orders/{number_of(order_id)}/address").status_code == 409
    assert looks() == []


def test_who_does_not_ship_it_reads_nothing(
    alice: RepPhone, order_id: int, world: World, phone_of: Phones
) -> None:
    path = f"/terminal/tasks/{task_of(order_id, Node.PACKED).id}"
    alice.send(f"{path}/accept")
    colleague = bound(phone_of, "Dave", hire(world.tree.hall, "卡罗尔"))
    assert "已由爱丽丝接单" in colleague.follow(colleague.send(f"{path}/address")).text
    assert STREET not in colleague.get(path).text
    for rep_id, name in ((world.nils_id, "Mallory"), (hire(world.tree.corner, "戴夫"), "Bob")):
        assert bound(phone_of, name, rep_id).send(f"{path}/address").status_code == 404
    assert looks() == []


def test_a_pickup_has_no_address(alice: RepPhone, world: World, desk_of: Desks) -> None:
    order_id = ordered(world, world.bob, key="label-2")
    path = f"/terminal/tasks/{task_of(order_id, Node.PACKED).id}"
    alice.send(f"{path}/accept")
    assert "查看收货信息" not in alice.get(path).text
    assert "鲍勃 13800138000" not in alice.follow(alice.send(f"{path}/address")).text
    assert "查看收货信息" not in desk_of("clerk").get(f"/orders/{number_of(order_id)}").text
    assert looks() == []


@pytest.mark.usefixtures("app")
def test_staff_who_ship_read_it_by_the_order(order_id: int, desk_of: Desks) -> None:
    number = number_of(order_id)
    desk = desk_of("clerk")
    page = desk.get(f"/orders/{number}").text
    assert "查看收货信息" in page
    assert STREET not in page
    assert LABEL in desk.post(f"/orders/{number}/address").text
    [(actor, subject, _place)] = looks()
    assert (actor.startswith("staff:"), subject) == (True, number)
    assert number in desk_of("root").get("/audit", what="console.orders.address").text
    assert STREET not in desk.get("/orders").text


def test_staff_elsewhere_and_who_only_counts_read_nothing(
    app: Flask, order_id: int, desk_of: Desks
) -> None:
    assert app
    path = f"/orders/{number_of(order_id)}"
    assert desk_of("north").post(f"{path}/address").status_code == 404
    finance = desk_of("finance")
    assert "查看收货信息" not in finance.get(path).text
    assert finance.post(f"{path}/address").status_code == 403
    assert desk_of().post(f"{path}/address").status_code in {401, 403}
    assert looks() == []
