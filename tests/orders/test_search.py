"""Lists and counts of orders against every order there is, whatever lines each has."""

import pytest
from flask import Flask
from sqlalchemy import select

from orders.credits import Credits
from orders.models import OrderLine
from orders.search import OrderFilter, RepsOrders, count_found, orders_of_lines
from org.queries import nodes_under, under
from tests.insights.history import DAY_ONE, History, begin
from wx_backend.db import db, transaction

ORDERS = 25


@pytest.fixture
def history(app: Flask) -> History:
    """Orders of one to three lines, some of them accepted by somebody else."""
    assert app
    history = begin(31)
    for _ in range(ORDERS):
        history.order(DAY_ONE)
    with transaction() as session:
        for line in session.scalars(select(OrderLine)):
            line.acceptor_rep_id = history.random.choice([None, *history.reps])
    return history


@pytest.mark.parametrize("usual", [1, 2])
def test_a_count_ends_at_its_limit_and_is_exact_below(
    history: History, usual: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.search.LINES_USUAL", usual)
    for node in nodes_under(history.tree.group):
        mine = select(OrderLine.order_id).where(OrderLine.outlet_id.in_(under(node.id)))
        there = len(set(db.session.scalars(mine)))
        for limit in range(1, ORDERS + 2):
            assert count_found(OrderFilter(scope=under(node.id)), limit=limit) == min(limit, there)


def test_a_reps_orders_come_once_each_page_after_page(history: History) -> None:
    for rep_id in history.reps:
        is_his = (OrderLine.developer_rep_id == rep_id) | (OrderLine.acceptor_rep_id == rep_id)
        expected = sorted(
            set(db.session.scalars(select(OrderLine.order_id).where(is_his))), reverse=True
        )
        assert len(expected) > 3
        found: list[int] = []
        while page := orders_of_lines(
            Credits(rep_id), RepsOrders(), before=found[-1] if found else None, limit=3
        ):
            found += [each.id for each in page]
        assert found == expected
