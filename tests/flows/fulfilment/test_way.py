"""From payment to signature: by courier, by pickup code, and through billing."""

import pytest

from flows.fulfilment import desk
from flows.fulfilment.hooks import line_activated
from flows.fulfilment.opening import open_chains
from flows.sealed import vault
from fulfilment.errors import (
    NotTaken,
    NotYet,
    ProofMissing,
    SerialTaken,
    TakenByOther,
    TooManyTries,
    WrongCode,
)
from fulfilment.models import DispatchBy
from fulfilment.nodes import Node
from fulfilment.pickup import TRIES_MAX, open_code, shown_code
from fulfilment.settings import use_dispatch_rule
from orders.models import Delivery
from orders.values import Item
from tests.flows.fulfilment.counter import DAVE, IMEI, OTHER_IMEI, Counter, moves
from tests.flows.trade.market import lines
from tests.racing import race
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound


def test_a_paid_order_lies_with_the_outlet_of_its_rep(counter: Counter) -> None:
    order_id = counter.buy()
    chain = counter.chain(order_id)
    assert (chain.way, chain.outlet_id) == ("goods_courier", counter.outlet_id)
    assert counter.open_nodes(order_id) == {"packed"}
    [mine] = desk.tasks_of_outlet(counter.outlet_id, now=clock.now())
    assert (mine.node, mine.line_name) == (Node.PACKED, "星河手机 黑色 256G")
    assert desk.tasks_of_outlet(counter.other_id, now=clock.now()) == []


def test_opening_twice_changes_nothing(counter: Counter) -> None:
    order_id = counter.buy()
    before = len(counter.tasks(counter.chain(order_id)))
    with transaction():
        open_chains(order_id=order_id)
    assert len(counter.tasks(counter.chain(order_id))) == before


def test_a_parcel_is_packed_sent_and_delivered(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    assert counter.open_nodes(order_id) == {"handed_over"}
    counter.send(order_id)
    assert [line.fulfilment for line in lines(order_id)] == ["sent"]
    counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    assert counter.open_nodes(order_id) == {"signed"}


def test_nothing_is_closed_without_its_evidence(counter: Counter) -> None:
    order_id = counter.buy()
    task_id = counter.task(order_id, Node.PACKED)
    counter.do(desk.accept_task, task_id=task_id)
    with pytest.raises(ProofMissing) as refusal:
        counter.do(desk.finish_packing, task_id=task_id)
    assert refusal.value.details["missing"] == ["papers", "goods", "seal", "serial"]


def test_of_two_who_accept_at_once_one_wins(counter: Counter) -> None:
    task_id = counter.task(counter.buy(), Node.PACKED)

    def accept(n: int) -> bool:
        try:
            retried(
                lambda: desk.accept_task(
                    task_id=task_id,
                    outlet_id=counter.outlet_id,
                    actor=f"rep:{n}",
                    now=clock.now(),
                )
            )
        except TakenByOther:
            return False
        return True

    assert sum(race(counter.market.app, accept, times=6)) == 1
    assert len(moves(task_id)) == 2


def test_who_did_not_take_it_does_not_pack_it(counter: Counter) -> None:
    task_id = counter.task(counter.buy(), Node.PACKED)
    with pytest.raises(NotTaken):
        counter.do(desk.record_check, task_id=task_id, check="papers")
    counter.do(desk.accept_task, task_id=task_id)
    for verb, said in (
        (desk.record_check, {"check": "papers"}),
        (desk.record_serial, {"value": IMEI}),
        (desk.finish_packing, {}),
    ):
        with pytest.raises(TakenByOther):
            counter.do(verb, task_id=task_id, actor=DAVE, **said)


def test_another_outlets_people_cannot_touch_it(counter: Counter) -> None:
    task_id = counter.task(counter.buy(), Node.PACKED)
    with pytest.raises(NotFound):
        counter.do(desk.accept_task, task_id=task_id, outlet_id=counter.other_id, actor=DAVE)


def test_one_unit_is_never_sold_twice(counter: Counter) -> None:
    first, second = counter.buy(), counter.buy(key="submit-2")
    counter.pack(first, imei=IMEI)
    task_id = counter.task(second, Node.PACKED)
    counter.do(desk.accept_task, task_id=task_id)
    with pytest.raises(SerialTaken):
        counter.do(desk.record_serial, task_id=task_id, value=IMEI)
    counter.do(desk.record_serial, task_id=task_id, value=OTHER_IMEI)


def test_a_pickup_is_handed_out_for_its_code_once(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    code = pickup_code(order_id)
    with pytest.raises(WrongCode):
        redeem(counter, code, outlet_id=counter.other_id)
    assert redeem(counter, code)
    assert [line.fulfilment for line in lines(order_id)] == ["received"]
    assert counter.open_nodes(order_id) == {"reviewed"}
    with pytest.raises(WrongCode):
        redeem(counter, code)


def test_what_is_to_be_fetched_is_delivered_by_no_carrier(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    with pytest.raises(NotYet):
        counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    assert [line.fulfilment for line in lines(order_id)] == ["waiting"]
    counter.redeem(order_id)


def test_guessing_codes_is_stopped(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    code = pickup_code(order_id)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(TRIES_MAX):
        with pytest.raises(WrongCode):
            redeem(counter, wrong)
    with pytest.raises(TooManyTries):
        redeem(counter, code)
    counter.market.pass_time(minutes=16)
    assert redeem(counter, code)


def test_of_two_who_redeem_a_code_at_once_one_hands_out(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    code = pickup_code(order_id)

    def hand_out(n: int) -> bool:
        try:
            redeem(counter, code, actor=f"rep:{n}")
        except WrongCode:
            return False
        return True

    assert sum(race(counter.market.app, hand_out, times=6)) == 1


def test_an_account_is_opened_after_the_real_name_and_whatever_the_dispatch(
    counter: Counter, stage: Stage
) -> None:
    key = counter.market.app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)
    with transaction():
        use_dispatch_rule(DispatchBy.ATTRIBUTED, is_active=False)
    order_id = counter.buy(Item(counter.market.wares.plan, 1), delivery=Delivery.NONE)
    assert counter.open_nodes(order_id) == {"dispatched"}
    counter.market.decide(order_id, "passed")
    counter.market.work()
    [line] = lines(order_id)
    assert line.fulfilment == "activated"
    assert counter.open_nodes(order_id) == {"dispatched"}
    opened = counter.task(order_id, Node.OPENED)
    assert [to for _, to, _ in moves(opened)] == ["open", "done"]
    with transaction():
        line_activated(line_id=line.id, now=clock.now())
    assert len(moves(opened)) == 2


def pickup_code(order_id: int) -> str:
    db.session.rollback()
    code = open_code(order_id)
    assert code is not None
    return shown_code(code, vault())


def redeem(counter: Counter, code: str, **other: object) -> str:
    db.session.rollback()
    given = {"outlet_id": counter.outlet_id, "actor": "rep:2", "now": clock.now()} | other
    return desk.redeem_pickup_code(code=code, **given)  # type: ignore[arg-type]  # named above
