"""Nodes past their time climb from the outlet to the city to the province, once each."""

from sqlalchemy import select

from flows.fulfilment import desk
from flows.fulfilment.upkeep import escalate_overdue
from flows.fulfilment.watch import overdue
from fulfilment.models import Escalation
from fulfilment.nodes import Node
from org.models import OrgNode
from tests.flows.fulfilment.counter import Counter
from wx_backend import clock
from wx_backend.db import db, retried


def climb() -> int:
    db.session.rollback()
    return retried(lambda: escalate_overdue(now=clock.now()))


def shown_to() -> list[tuple[str, str]]:
    """(tier, code of the place) of every step."""
    db.session.rollback()
    rows = db.session.execute(
        select(Escalation.tier, OrgNode.code)
        .join(OrgNode, OrgNode.id == Escalation.node_id)
        .order_by(Escalation.id)
    )
    return [(tier, code) for tier, code in rows]


def test_an_overdue_node_climbs_a_tier_at_a_time(counter: Counter) -> None:
    order_id = counter.buy()
    assert climb() == 0
    due_at = counter.tasks(counter.chain(order_id))[-1].due_at
    seconds = (due_at - clock.now()).total_seconds()
    counter.market.pass_time(seconds=seconds + 60)
    assert (climb(), climb()) == (1, 0)
    assert shown_to() == [("outlet", "O1")]
    counter.market.pass_time(hours=4)
    assert (climb(), climb()) == (1, 0)
    counter.market.pass_time(hours=20)
    assert (climb(), climb()) == (1, 0)
    assert shown_to() == [("outlet", "O1"), ("city", "C"), ("province", "P")]
    [row] = overdue(counter.outlet_id, now=clock.now())
    assert (row.node, row.tier) == (Node.PACKED, "已升级到省")
    assert overdue(counter.other_id, now=clock.now()) == []


def test_a_node_long_overdue_climbs_to_the_top_at_once(counter: Counter) -> None:
    counter.buy()
    counter.market.pass_time(days=4)
    assert climb() == 3
    assert [tier for tier, _ in shown_to()] == ["outlet", "city", "province"]


def test_what_is_done_in_time_never_climbs(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    counter.market.pass_time(days=5)
    assert climb() == 0
