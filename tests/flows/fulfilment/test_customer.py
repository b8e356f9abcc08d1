"""The customer signs, says how it was, or stays silent; then the file is closed."""

import pytest

from flows.fulfilment import desk
from flows.fulfilment.customer import review_line, sign_for
from flows.fulfilment.hooks import refund_failed
from flows.fulfilment.upkeep import close_by_itself
from flows.refund.agree import refund_whole_order
from fulfilment.errors import AlreadyReviewed, NotYet
from fulfilment.nodes import Node
from fulfilment.queries import reviews_of
from fulfilment.return_requests import arrived_at
from fulfilment.reviews import reply_review, reviews_to_answer
from orders.models import Delivery
from orders.refunds import free_line_refunds, refundable_fen
from org.queries import under
from settlement.queries import income_of
from tests.flows.fulfilment.counter import Counter, moves
from tests.flows.fulfilment.test_asking_back import call_return_off
from tests.flows.trade.market import lines
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput, NotFound

BOB = "member:1"


def sign(order_id: int) -> int:
    db.session.rollback()
    return retried(lambda: sign_for(order_id=order_id, actor=BOB, now=clock.now()))


def review(order_id: int, stars: int, text: str = "") -> None:
    line_id = lines(order_id)[0].id
    retried(
        lambda: review_line(
            order_id=order_id,
            line_id=line_id,
            stars=stars,
            text=text,
            actor=BOB,
            now=clock.now(),
        )
    )


def upkeep() -> int:
    db.session.rollback()
    return retried(lambda: close_by_itself(now=clock.now()))


def test_signing_closes_the_delivery_and_starts_the_days_of_commission(counter: Counter) -> None:
    order_id = counter.buy()
    with pytest.raises(NotYet):
        sign(order_id)
    counter.pack(order_id)
    counter.send(order_id)
    assert sign(order_id) == 1
    assert [line.fulfilment for line in lines(order_id)] == ["received"]
    assert moves(counter.task(order_id, Node.DELIVERED))[-1][2] == BOB
    assert counter.open_nodes(order_id) == {"reviewed"}
    with pytest.raises(NotYet):
        sign(order_id)


def test_what_was_kept_after_all_is_signed_for_and_arrived_when_it_did(counter: Counter) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    counter.do(desk.record_delivery, task_id=counter.task(order_id, Node.DELIVERED))
    arrived = arrived_at(counter.chain(order_id))
    call_return_off(counter, order_id)
    counter.market.pass_time(days=1)
    assert sign(order_id) == 1
    assert [line.fulfilment for line in lines(order_id)] == ["received"]
    assert arrived is not None
    assert arrived_at(counter.chain(order_id)) == arrived


def test_a_review_is_welcome_after_a_refund_that_failed(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.fetch(order_id)
    counter.market.pass_time(days=16)
    assert upkeep() == 1
    amounts = refundable_fen(order_id=order_id)
    with transaction():
        refund_whole_order(order_id=order_id, reason="x", actor=BOB, key="one", now=clock.now())
        free_line_refunds(order_id=order_id, amounts=amounts)
        refund_failed(amounts, actor="system", now=clock.now())
    assert counter.open_nodes(order_id) == {"archived"}
    review(order_id, 5)
    assert counter.open_nodes(order_id) == {"archived"}


def test_a_line_is_reviewed_once_and_answered_once(counter: Counter) -> None:
    order_id = counter.buy(delivery=Delivery.PICKUP)
    with pytest.raises(NotYet):
        review(order_id, 5)
    counter.fetch(order_id)
    with pytest.raises(BadInput):
        review(order_id, 6)
    review(order_id, 2, "等了很久")
    with pytest.raises(AlreadyReviewed):
        review(order_id, 5)
    [found] = reviews_to_answer(under(counter.outlet_id))
    with pytest.raises(NotFound):
        answer(found.id, counter.other_id)
    answer(found.id, counter.outlet_id)
    with pytest.raises(NotFound):
        answer(found.id, counter.outlet_id)
    kept = reviews_of([lines(order_id)[0].id])
    assert [(each.stars, each.reply) for each in kept.values()] == [(2, "非常抱歉")]


def test_a_silent_customer_has_signed_after_a_while_and_the_file_is_closed(
    counter: Counter,
) -> None:
    order_id = counter.buy()
    counter.pack(order_id)
    counter.send(order_id)
    assert upkeep() == 0
    for days, left in ((11, {"signed"}), (8, {"reviewed"}), (16, {"archived"}), (2, set())):
        counter.market.pass_time(days=days)
        assert upkeep() == 1
        assert counter.open_nodes(order_id) == left
    assert counter.chain(order_id).status == "archived"
    assert upkeep() == 0
    assert income_of(counter.market.alice_id)


def answer(review_id: int, outlet_id: int) -> None:
    with transaction():
        reply_review(
            review_id=review_id,
            scope=under(outlet_id),
            text="非常抱歉",
            actor="staff:1",
            now=clock.now(),
        )
