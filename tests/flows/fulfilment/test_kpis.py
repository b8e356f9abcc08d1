"""Nine figures from node times; the list behind each counts what the figure says."""

from datetime import timedelta

import pytest

from flows.figures.counting import count_waiting
from flows.fulfilment import desk, watch
from flows.fulfilment.customer import review_line
from fulfilment.kpis import KPIS, Window, figure, kpi_by_key, lines_behind
from fulfilment.nodes import Node
from orders.models import Delivery
from org.models import Tier
from org.operations import create_node, move_node
from org.queries import ancestors
from tests.flows.fulfilment.counter import OTHER_IMEI, Counter
from tests.flows.fulfilment.test_returns import refund
from tests.flows.trade.market import lines
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import retried, transaction


def window(node_id: int) -> Window:
    note_the_tree()
    now = clock.now()
    today = business_on(now)
    return watch.window_of(node_id, first=today - timedelta(days=20), last=today, now=now)


def note_the_tree() -> None:
    """What the clock does every few seconds."""
    retried(lambda: count_waiting(now=clock.now()))


@pytest.fixture
def sold(counter: Counter) -> Counter:
    """One order fetched and badly reviewed, one sent too late, one taken back."""
    first = counter.buy(delivery=Delivery.PICKUP)
    second, third = counter.buy(key="submit-2"), counter.buy(key="submit-3")
    counter.fetch(first)
    line_id = lines(first)[0].id
    retried(
        lambda: review_line(
            order_id=first, line_id=line_id, stars=1, text="", actor="member:1", now=clock.now()
        )
    )
    counter.pack(second, imei=OTHER_IMEI)
    counter.send(second)
    refund(third)
    counter.market.pass_time(days=3)
    counter.do(desk.record_delivery, task_id=counter.task(second, Node.DELIVERED))
    return counter


def test_the_figures_count_what_happened(sold: Counter) -> None:
    seen = window(sold.outlet_id)
    found = {kpi.key: (row.hits, row.count) for kpi in KPIS for row in [figure(kpi, seen)]}
    assert found["success"] == (1, 3)
    assert found["delivery"] == (0, 1)
    assert found["good_reviews"] == (0, 1)
    assert found["shipment"] == (2, 3)
    assert found["bad_replies"] == (0, 1)
    assert found["cancellation"] == (1, 3)
    assert found["activation"] == (0, 0)
    assert found["daily_clear"][1] >= 3


@pytest.mark.parametrize("key", [kpi.key for kpi in KPIS])
def test_the_list_behind_a_figure_is_as_long_as_it_says(sold: Counter, key: str) -> None:
    kpi, seen = kpi_by_key(key), window(sold.outlet_id)
    assert kpi is not None
    row = figure(kpi, seen)
    listed = lines_behind(kpi, seen)
    assert len(listed) == row.count
    assert len(lines_behind(kpi, seen, is_hit=True)) == row.hits
    assert len(lines_behind(kpi, seen, is_hit=False)) == row.count - row.hits


def test_another_outlet_sees_none_of_it(sold: Counter) -> None:
    assert all(figure(kpi, window(sold.other_id)).count == 0 for kpi in KPIS)


def test_what_an_outlet_did_stays_with_the_city_it_was_in(counter: Counter) -> None:
    above = ancestors(counter.outlet_id)
    old = above[Tier.CITY]
    note_the_tree()
    counter.buy()
    with transaction():
        new = create_node(tier=Tier.CITY, code="C2", name="深圳", parent_id=above[Tier.PROVINCE])
        move_node(node_id=counter.outlet_id, parent_id=new)
    note_the_tree()
    counter.market.pass_time(days=1)
    counter.buy(key="submit-2")
    counter.buy(key="submit-3")

    success = kpi_by_key("success")
    assert success is not None
    assert [figure(success, window(place)).count for place in (old, new)] == [1, 2]
    assert figure(success, window(counter.outlet_id)).count == 3


def test_every_figure_reads_as_a_value(sold: Counter) -> None:
    rows = watch.figures(sold.outlet_id, window(sold.outlet_id))
    values = {row.kpi.key: row.value for row in rows}
    assert values["success"] == "33.3%"
    assert values["activation"] == "—"
    assert values["turnover"].endswith("次")
