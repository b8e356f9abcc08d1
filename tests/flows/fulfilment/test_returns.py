"""Money goes back: the way ends, is taken up again, or begins anew with another unit."""

import pytest

from flows.fulfilment import desk
from flows.fulfilment.hooks import refund_failed
from flows.fulfilment.returning import goods_back, start_exchange
from flows.payment.fulfil import fulfil
from flows.payment.notices import work_off
from flows.refund.agree import LinesBack, refund_order_lines, refund_whole_order
from fulfilment.errors import NotYet
from fulfilment.nodes import Node
from fulfilment.pickup import open_code
from fulfilment.queries import open_return, serials_out
from orders.models import Delivery
from orders.refunds import free_line_refunds, refundable_fen
from orders.values import Item
from payments import notices
from tests.catalog.shelf import assert_stock_conserved, stock_of
from tests.flows.fulfilment.counter import IMEI, OTHER_IMEI, Counter
from tests.flows.fulfilment.test_asking_back import call_return_off
from tests.flows.trade.market import lines, payments
from tests.jobs import run_jobs
from wx_backend import clock, outbox
from wx_backend.db import db, retried, transaction

CAROL = "staff:1"


def refund(order_id: int) -> None:
    db.session.rollback()
    retried(
        lambda: refund_whole_order(
            order_id=order_id, reason="不想要了", actor="member:1", key="once", now=clock.now()
        )
    )


def case(counter: Counter, order_id: int) -> tuple[str, str, str]:
    """(kind, node it was at, stage) of the return."""
    found = open_return(counter.chain(order_id))
    assert found is not None
    return found.kind, found.at_node, found.stage


def test_a_refund_ends_what_was_open(counter: Counter) -> None:
    order_id = counter.buy()
    refund(order_id)
    assert counter.chain(order_id).status == "ended"
    assert counter.open_nodes(order_id) == {"returned"}
    assert case(counter, order_id) == ("cancelled", "packed", "asked")
    counter.market.work()
    counter.market.work()
    assert case(counter, order_id) == ("cancelled", "packed", "settled")
    assert counter.open_nodes(order_id) == set()
    assert desk.tasks_of_outlet(counter.outlet_id, now=clock.now()) == []


def test_nobody_packs_what_was_given_back_before_it_set_out(counter: Counter) -> None:
    market = counter.market
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.stage.settle()
    for held in notices.claim(limit=50):
        notices.run(held, work_off)
    with transaction():
        fulfil(payment_id=payments(order_id)[0].id)
    refund(order_id)
    run_jobs(outbox.WORK)
    assert case(counter, order_id)[2] == "asked"
    market.work()
    market.work()
    assert counter.chain(order_id).status == "ended"
    assert case(counter, order_id)[2] == "settled"
    assert counter.open_nodes(order_id) == set()
    assert desk.tasks_of_outlet(counter.outlet_id, now=clock.now()) == []


def test_a_packed_order_that_is_taken_back_frees_its_unit_and_its_code(counter: Counter) -> None:
    first = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(first)
    refund(first)
    assert open_code(first) is None
    counter.market.work()
    counter.market.work()
    second = counter.buy(key="submit-2")
    counter.pack(second, imei=IMEI)
    assert serials_out(lines(second)[0].id) == [IMEI]


def test_the_code_still_fetches_the_line_that_is_not_taken_back(counter: Counter) -> None:
    phone = counter.market.wares.phone
    order_id = counter.buy(Item(phone, 1), Item(phone, 1), delivery=Delivery.PICKUP)
    counter.pack(order_id)
    counter.pack(order_id, imei=OTHER_IMEI, line=1)
    first = lines(order_id)[0]
    back = LinesBack(order_id, {first.id: first.paid_fen}, "不想要了", "staff:1", "one")
    db.session.rollback()
    retried(lambda: refund_order_lines(back, now=clock.now()))
    counter.redeem(order_id)
    assert [line.fulfilment for line in lines(order_id)] == ["waiting", "received"]


def test_a_refund_that_failed_lets_the_line_go_on_where_it_stood(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.pack(order_id)
    amounts = refundable_fen(order_id=order_id)
    with transaction():
        refund_whole_order(
            order_id=order_id, reason="x", actor="member:1", key="once", now=clock.now()
        )
        free_line_refunds(order_id=order_id, amounts=amounts)
        refund_failed(amounts, actor="system", now=clock.now())
    chain = counter.chain(order_id)
    assert (chain.status, chain.round) == ("running", 2)
    assert counter.open_nodes(order_id) == {"delivered"}
    counter.redeem(order_id)
    assert [line.fulfilment for line in lines(order_id)] == ["received"]


def test_what_comes_back_after_it_went_out_is_taken_in_once(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    refund(order_id)
    assert case(counter, order_id)[:2] == ("returned", "delivered")
    before = stock_of(counter.market.wares.phone_id)
    take_in(counter, order_id)
    assert stock_of(counter.market.wares.phone_id)[0] == before[0] + 1
    assert serials_out(lines(order_id)[0].id) == []
    with pytest.raises(NotYet):
        take_in(counter, order_id)
    assert_stock_conserved()


def test_an_exchange_packs_another_unit_and_touches_no_money(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    with pytest.raises(NotYet):
        exchange(counter, order_id)
    counter.fetch(order_id)
    exchange(counter, order_id)
    assert case(counter, order_id)[0] == "exchanged"
    take_in(counter, order_id)
    assert counter.open_nodes(order_id) == {"packed"}
    counter.pack(order_id, imei=OTHER_IMEI)
    counter.redeem(order_id)
    assert serials_out(lines(order_id)[0].id) == [OTHER_IMEI]
    assert [line.refunded_fen for line in lines(order_id)] == [0]
    assert counter.task(order_id, Node.SIGNED)


def test_what_the_customer_kept_after_all_may_be_exchanged(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.fetch(order_id)
    call_return_off(counter, order_id)
    exchange(counter, order_id)
    take_in(counter, order_id)
    assert counter.open_nodes(order_id) == {"packed"}
    with pytest.raises(NotYet):
        exchange(counter, order_id)


def exchange(counter: Counter, order_id: int) -> None:
    chain_id = counter.chain(order_id).id
    db.session.rollback()
    retried(
        lambda: start_exchange(
            chain_id=chain_id,
            reason="屏幕亮点",
            staff_node_id=counter.outlet_id,
            actor=CAROL,
            now=clock.now(),
        )
    )


def take_in(counter: Counter, order_id: int) -> None:
    chain_id = counter.chain(order_id).id
    db.session.rollback()
    retried(
        lambda: goods_back(
            chain_id=chain_id, staff_node_id=counter.outlet_id, actor=CAROL, now=clock.now()
        )
    )
