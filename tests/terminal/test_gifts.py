"""Gifts are those of the moment of ordering: on the line, on the buyer's page, in the packer's check-list."""

import pytest

from catalog.models import Product, Sku
from catalog.showing import Gift, Showing
from fulfilment.errors import ProofMissing
from fulfilment.nodes import CHECKS, Node
from orders.queries import lines_of_order
from tests.console.world import World
from tests.terminal.conftest import Phones, bound
from tests.terminal.desk import IMEI, ordered, task_of
from wx_backend.db import db, transaction


def give(world: World, *gifts: Gift) -> None:
    """The phone comes with these from now on."""
    with transaction():
        sku = db.session.get_one(Sku, world.wares.phone_id)
        product = db.session.get_one(Product, sku.product_id)
        product.showing = Showing(gifts=gifts).as_json()


def test_gifts_are_frozen_with_the_order_and_packed_with_it(phone_of: Phones, world: World) -> None:
    give(world, Gift("钢化膜", 2, 2_900), Gift("保护壳"))
    order_id = ordered(world, world.bob, key="with-gifts")
    give(world, Gift("雨伞"))
    (line,) = lines_of_order(order_id)
    assert [[name, count] for name, count in line.gifts] == [["钢化膜", 2], ["保护壳", 1]]
    db.session.rollback()
    alice = bound(phone_of, "Alice", world.alice_id)
    task = f"/terminal/tasks/{task_of(order_id, Node.PACKED).id}"
    alice.send(f"{task}/accept")
    page = alice.get(task).text
    assert "赠品：钢化膜 × 2" in page
    assert "赠品：保护壳 × 1" in page
    assert "雨伞" not in page
    for check in CHECKS["goods"]:
        alice.send(f"{task}/check", check=check)
    alice.send(f"{task}/serial", value=IMEI)
    said = alice.follow(alice.send(f"{task}/pack")).text
    assert ProofMissing("还有未完成的核对项").message in said
    for gift in ("gift-1", "gift-2"):
        alice.send(f"{task}/check", check=gift)
    assert alice.send(f"{task}/pack").headers["Location"] == "/terminal/tasks"


@pytest.mark.usefixtures("world")
def test_without_gifts_the_list_is_as_it_was(phone_of: Phones, world: World) -> None:
    order_id = ordered(world, world.bob, key="without-gifts")
    alice = bound(phone_of, "Alice", world.alice_id)
    page = alice.get(f"/terminal/tasks/{task_of(order_id, Node.PACKED).id}").text
    assert "赠品" not in page
