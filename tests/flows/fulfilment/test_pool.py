"""The central pool: by rule, by hand, given on, and kept from those it does not concern."""

import pytest

from flows.fulfilment import desk, watch
from flows.fulfilment.dispatching import dispatch_by_hand
from fulfilment.errors import AlreadyGone, TakenByOther
from fulfilment.models import DispatchBy
from fulfilment.nodes import Node
from fulfilment.settings import use_dispatch_rule
from orders.models import Delivery
from org.models import Tier
from org.queries import ancestors, node_by_code
from tests.counting import questions
from tests.flows.fulfilment.counter import DAVE, Counter, moves
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, BadInput, NotFound

STAFF = "staff:9"


def province() -> int:
    db.session.rollback()
    node = node_by_code("P")
    assert node is not None
    return node.id


def give(
    counter: Counter, order_id: int, outlet: str, *, by: int = 0, reason: str = "人手不足"
) -> None:
    chain_id, node_id = counter.chain(order_id).id, by or province()
    db.session.rollback()
    retried(
        lambda: dispatch_by_hand(
            chain_id=chain_id,
            outlet_code=outlet,
            reason=reason,
            staff_node_id=node_id,
            actor=STAFF,
            now=clock.now(),
        )
    )


@pytest.fixture
def _no_rules(counter: Counter) -> None:
    assert counter
    with transaction():
        for by in DispatchBy:
            use_dispatch_rule(by, is_active=False)


def test_pickup_goes_to_the_outlet_the_customer_chose(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    assert counter.chain(order_id).outlet_id == counter.outlet_id


@pytest.mark.usefixtures("_no_rules")
def test_without_a_rule_a_line_waits_in_its_provinces_pool(counter: Counter) -> None:
    order_id = counter.buy()
    [row] = watch.pool(province(), now=clock.now())
    assert (row.node, row.outlet) == (Node.DISPATCHED, "")
    assert counter.open_nodes(order_id) == {"dispatched"}
    give(counter, order_id, "O2")
    assert counter.open_nodes(order_id) == {"packed"}
    assert counter.chain(order_id).outlet_id == counter.other_id
    assert moves(counter.task(order_id, Node.DISPATCHED))[-1] == ("open", "done", STAFF)
    assert watch.pool(province(), now=clock.now()) == []


@pytest.mark.usefixtures("_no_rules")
def test_a_longer_list_asks_no_more_of_the_database(counter: Counter) -> None:
    asked = []
    for count in (1, 2, 3):
        counter.buy(key=f"submit-{count}")
        db.session.rollback()
        with questions() as statements:
            assert len(watch.pool(province(), now=clock.now())) == count
        asked.append(len(statements))
    assert len(set(asked)) == 1


def test_a_problem_brings_a_line_back_to_the_pool_and_another_outlet_goes_on(
    counter: Counter,
) -> None:
    order_id = counter.buy()
    task_id = counter.task(order_id, Node.PACKED)
    counter.do(desk.accept_task, task_id=task_id)
    counter.do(desk.report_problem, task_id=task_id, reason="样机缺货", picture=None)
    [row] = watch.pool(province(), now=clock.now())
    assert row.problem == "样机缺货"
    give(counter, order_id, "O2")
    assert watch.pool(province(), now=clock.now()) == []
    with pytest.raises(NotFound):
        counter.do(desk.record_check, task_id=task_id, check="goods")
    counter.do(desk.accept_task, task_id=task_id, outlet_id=counter.other_id, actor=DAVE)


def test_a_line_that_has_gone_out_is_not_given_on(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    with pytest.raises(AlreadyGone):
        give(counter, order_id, "O2")


def test_a_dispatch_needs_a_reason_and_a_working_outlet(counter: Counter) -> None:
    order_id = counter.buy()
    for outlet, reason in (("O2", " "), ("nowhere", "人手不足")):
        with pytest.raises(BadInput):
            give(counter, order_id, outlet, reason=reason)


def test_people_of_another_outlet_cannot_give_a_line_away(counter: Counter) -> None:
    order_id = counter.buy()
    with pytest.raises(NotFound):
        give(counter, order_id, "O2", by=counter.other_id)


def test_accepting_and_giving_away_at_once_leaves_one_owner(counter: Counter) -> None:
    order_id = counter.buy()
    task_id, chain_id, top = (
        counter.task(order_id, Node.PACKED),
        counter.chain(order_id).id,
        province(),
    )
    db.session.rollback()

    def act(n: int) -> None:
        now = clock.now()
        try:
            if n % 2:
                retried(
                    lambda: desk.accept_task(
                        task_id=task_id, outlet_id=counter.outlet_id, actor=f"rep:{n}", now=now
                    )
                )
            else:
                retried(
                    lambda: dispatch_by_hand(
                        chain_id=chain_id,
                        outlet_code="O2",
                        reason="人手不足",
                        staff_node_id=top,
                        actor=STAFF,
                        now=now,
                    )
                )
        except (TakenByOther, NotFound):
            pass
        except AppError as refusal:
            raise AssertionError(refusal.code) from refusal

    race(counter.market.app, act, times=6)
    chain = counter.chain(order_id)
    [task] = [each for each in counter.tasks(chain) if each.node == Node.PACKED]
    assert chain.outlet_id == task.outlet_id == counter.other_id
    assert task.taken_by is None
    assert ancestors(counter.other_id)[Tier.PROVINCE] == top
