"""A line that was packed already is given to another outlet: packed anew there, and fetched there."""

from typing import Any

import pytest

from flows.fulfilment import desk
from fulfilment.errors import AlreadyGone, ProofMissing, WrongCode
from fulfilment.nodes import CHECKS, Node
from fulfilment.pickup import open_code
from fulfilment.queries import serials_out
from orders.models import Delivery
from orders.values import Item
from tests.flows.fulfilment.counter import DAVE, IMEI, OTHER_IMEI, Counter, moves
from tests.flows.fulfilment.test_asking_back import call_return_off
from tests.flows.fulfilment.test_over_the_counter import pair_id, refund
from tests.flows.fulfilment.test_pool import give
from tests.flows.trade.market import lines
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db
from wx_backend.errors import AppError

__all__ = ["pair_id"]
THIRD_IMEI = "352099001761481"


def other(counter: Counter) -> dict[str, Any]:
    """Dave acts, at the other outlet."""
    return {"outlet_id": counter.other_id, "actor": DAVE}


def where_fetched(order_id: int) -> int | None:
    db.session.rollback()
    code = open_code(order_id)
    return code.outlet_id if code is not None else None


def states(order_id: int) -> list[str]:
    return [line.fulfilment for line in lines(order_id)]


def test_what_lay_ready_is_packed_and_fetched_at_the_other_outlet(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    code, waited = counter.code(order_id), counter.task(order_id, Node.DELIVERED)
    give(counter, order_id, "O2")
    assert counter.open_nodes(order_id) == {"packed"}
    assert [to for _, to, _ in moves(waited)] == ["open", "ended"]
    assert where_fetched(order_id) is None
    assert serials_out(lines(order_id)[0].id) == []
    with pytest.raises(WrongCode):
        counter.do(desk.redeem_pickup_code, code=code)
    counter.pack(order_id, imei=OTHER_IMEI, **other(counter))
    assert where_fetched(order_id) == counter.other_id
    counter.redeem(order_id, **other(counter))
    assert states(order_id) == ["received"]
    assert serials_out(lines(order_id)[0].id) == [OTHER_IMEI]
    counter.pack(counter.buy(key="submit-2"))  # the unit is on its shelf again


def test_a_parcel_that_was_closed_is_closed_anew(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    give(counter, order_id, "O2")
    assert counter.open_nodes(order_id) == {"packed"}
    counter.pack(order_id, imei=OTHER_IMEI, **other(counter))
    assert counter.open_nodes(order_id) == {"handed_over"}
    give(counter, order_id, "O2", reason="再派一次")  # it is there: nothing is unpacked
    assert counter.open_nodes(order_id) == {"handed_over"}
    counter.send(order_id, **other(counter))
    with pytest.raises(AlreadyGone):
        give(counter, order_id, "O1")


def test_what_was_scanned_in_part_is_packed_anew_of_the_other_outlets_units(
    counter: Counter,
) -> None:
    order_id = counter.buy(Item(counter.market.wares.phone, 2))
    here = {"task_id": counter.task(order_id, Node.PACKED)}
    counter.do(desk.accept_task, **here)
    for check in CHECKS["goods"]:
        counter.do(desk.record_check, check=check, **here)
    counter.do(desk.record_serial, value=IMEI, **here)
    counter.do(desk.report_problem, reason="缺货", picture=None, **here)
    give(counter, order_id, "O2")
    assert counter.open_nodes(order_id) == {"packed"}
    there = {"task_id": counter.task(order_id, Node.PACKED)} | other(counter)
    counter.do(desk.accept_task, **there)
    for imei in (OTHER_IMEI, THIRD_IMEI):
        counter.do(desk.record_serial, value=imei, **there)
    with pytest.raises(ProofMissing):  # what was found right is looked at again
        counter.do(desk.finish_packing, **there)
    for check in CHECKS["goods"]:
        counter.do(desk.record_check, check=check, **there)
    counter.do(desk.finish_packing, **there)
    assert serials_out(lines(order_id)[0].id) == [OTHER_IMEI, THIRD_IMEI]
    counter.pack(counter.buy(key="submit-2"))  # the unit is on its shelf still


def test_what_was_checked_only_is_checked_anew(counter: Counter) -> None:
    order_id = counter.buy()
    here = {"task_id": counter.task(order_id, Node.PACKED)}
    counter.do(desk.accept_task, **here)
    counter.do(desk.record_check, check="goods", **here)
    give(counter, order_id, "O2")
    there = counter.task(order_id, Node.PACKED)
    page = desk.task_page(task_id=there, outlet_id=counter.other_id, now=clock.now())
    assert page.checked == []


def test_what_the_customer_kept_after_all_has_gone(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    call_return_off(counter, order_id)
    with pytest.raises(AlreadyGone):
        give(counter, order_id, "O2")
    assert serials_out(lines(order_id)[0].id) == [IMEI]


def test_the_line_that_stays_is_fetched_first_then_the_other(
    counter: Counter, pair_id: int
) -> None:
    counter.pack(pair_id)
    counter.pack(pair_id, imei=OTHER_IMEI, line=1)
    code = counter.code(pair_id)
    give(counter, pair_id, "O2")
    counter.pack(pair_id, imei=IMEI, **other(counter))
    assert counter.code(pair_id) == code
    counter.redeem(pair_id)
    assert states(pair_id) == ["waiting", "received"]
    assert where_fetched(pair_id) == counter.other_id
    counter.redeem(pair_id, **other(counter))
    assert states(pair_id) == ["received", "received"]
    assert where_fetched(pair_id) is None


def test_the_code_moves_on_when_the_line_it_was_for_is_given_back(
    counter: Counter, pair_id: int
) -> None:
    counter.pack(pair_id)
    counter.pack(pair_id, imei=OTHER_IMEI, line=1)
    give(counter, pair_id, "O2")
    counter.pack(pair_id, imei=IMEI, **other(counter))
    refund(pair_id, 1)
    assert where_fetched(pair_id) == counter.other_id
    counter.redeem(pair_id, **other(counter))
    assert states(pair_id) == ["received", "waiting"]


def test_fetched_and_given_on_at_once_is_one_of_them(counter: Counter) -> None:
    order_id = counter.buy(Item(counter.market.wares.phone, 1), delivery=Delivery.PICKUP)
    counter.pack(order_id)
    code = counter.code(order_id)

    def act(n: int) -> str:
        try:
            if n % 2:
                give(counter, order_id, "O2")
                return "given"
            counter.do(desk.redeem_pickup_code, code=code, actor=f"rep:{n}")
        except AppError as refusal:
            return refusal.code
        return "fetched"

    done = race(counter.market.app, act, times=6)
    if "fetched" in done:
        assert (done.count("fetched"), states(order_id)) == (1, ["received"])
        assert "given" not in done
    else:
        assert states(order_id) == ["waiting"]
        assert counter.open_nodes(order_id) == {"packed"}
        assert where_fetched(order_id) is None
