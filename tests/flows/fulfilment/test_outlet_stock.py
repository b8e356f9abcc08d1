"""Whose shelf a paid line comes from, wherever it is sent, and where its units go back to."""

import pytest

from flows.fulfilment.returning import goods_back
from fulfilment.models import DispatchBy
from fulfilment.settings import use_dispatch_rule
from orders.models import Delivery
from org.models import OrgNode
from tests.catalog.shelf import assert_stock_conserved
from tests.catalog.test_outlet_stock import lay, stores
from tests.flows.fulfilment.counter import Counter
from tests.flows.fulfilment.test_pool import STAFF, give, province
from tests.flows.fulfilment.test_returns import refund
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction

CENTRAL = 20


@pytest.fixture
def shelf(counter: Counter) -> Counter:
    """One phone lies at the outlet."""
    lay(counter.market.wares.phone_id, counter.outlet_id, 1)
    return counter


def at(counter: Counter) -> tuple[int, int, int]:
    """On hand: in the central store, at the outlet, at the other one; nothing is reserved."""
    found = stores(counter.market.wares.phone_id)
    assert {reserved for _, reserved in found.values()} == {0}
    places = (None, counter.outlet_id, counter.other_id)
    return tuple(found.get(place, (0, 0))[0] for place in places)  # type: ignore[return-value]


def test_a_refund_before_it_is_fetched_fills_the_shelf_again(shelf: Counter) -> None:
    order_id = shelf.buy(delivery=Delivery.PICKUP)
    assert at(shelf) == (CENTRAL, 0, 0)
    refund(order_id)
    for _ in range(3):
        shelf.market.work()
    assert at(shelf) == (CENTRAL, 1, 0)
    assert_stock_conserved()


def test_what_is_brought_back_lies_where_it_was(shelf: Counter) -> None:
    order_id = shelf.buy(delivery=Delivery.PICKUP)
    shelf.fetch(order_id)
    refund(order_id)
    for _ in range(2):
        shelf.market.work()
    assert at(shelf) == (CENTRAL, 0, 0)
    chain_id, node_id = shelf.chain(order_id).id, province()
    db.session.rollback()
    retried(
        lambda: goods_back(chain_id=chain_id, staff_node_id=node_id, actor=STAFF, now=clock.now())
    )
    assert at(shelf) == (CENTRAL, 1, 0)
    assert_stock_conserved()


def test_given_to_another_outlet_it_comes_from_that_ones_shelf(shelf: Counter) -> None:
    lay(shelf.market.wares.phone_id, shelf.other_id, 1)
    order_id = shelf.buy(delivery=Delivery.PICKUP)
    give(shelf, order_id, "O2")
    assert at(shelf) == (CENTRAL, 1, 0)
    give(shelf, order_id, "O1")
    assert at(shelf) == (CENTRAL, 0, 1)
    assert_stock_conserved()


def test_an_outlet_without_any_is_sent_the_first_ones(shelf: Counter) -> None:
    order_id = shelf.buy(delivery=Delivery.PICKUP)
    give(shelf, order_id, "O2")
    assert at(shelf) == (CENTRAL, 0, 0)


def test_a_courier_line_given_by_hand_stays_the_central_stores(shelf: Counter) -> None:
    order_id = shelf.buy()
    assert at(shelf) == (CENTRAL - 1, 1, 0)
    give(shelf, order_id, "O2")
    give(shelf, order_id, "O1")
    assert at(shelf) == (CENTRAL - 1, 1, 0)


def test_who_is_found_by_his_shelf_gives_from_it(shelf: Counter) -> None:
    """The rule `nearest` looks for who keeps the goods: the books say that he gave them."""
    with transaction():
        for by in DispatchBy:
            use_dispatch_rule(by, is_active=by is DispatchBy.NEAREST)
    order_id = shelf.buy()
    assert shelf.chain(order_id).outlet_id == shelf.outlet_id
    assert at(shelf) == (CENTRAL, 0, 0)
    other = shelf.buy(key="submit-2")  # nobody keeps any now: it waits in the pool
    assert shelf.chain(other).outlet_id is None
    assert at(shelf) == (CENTRAL - 1, 0, 0)
    assert_stock_conserved()


def test_a_closed_outlet_is_passed_over_for_the_next(shelf: Counter) -> None:
    """Nobody works there, so it has the least to do; what is left on its shelf finds nobody."""
    with transaction():
        for by in DispatchBy:
            use_dispatch_rule(by, is_active=by is DispatchBy.NEAREST)
    lay(shelf.market.wares.phone_id, shelf.other_id, 1)
    busy = shelf.buy()  # the first of two that have nothing to do
    assert shelf.chain(busy).outlet_id == shelf.outlet_id
    lay(shelf.market.wares.phone_id, shelf.outlet_id, 1)
    with transaction() as session:
        session.get_one(OrgNode, shelf.other_id).closed_on = business_on(clock.now())
    order_id = shelf.buy(key="submit-2")
    assert shelf.chain(order_id).outlet_id == shelf.outlet_id
    assert at(shelf) == (CENTRAL, 0, 1)
    assert_stock_conserved()
