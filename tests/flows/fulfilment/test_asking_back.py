"""A customer gives back what reached him: asked, answered, taken in, and refunded once."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from flows.fulfilment.asking_back import (
    Stage,
    answer_request,
    ask_back,
    stage_of,
    take_back_request,
    waiting_at,
    why_not,
)
from flows.fulfilment.returning import call_off, goods_back, start_exchange
from flows.refund.agree import LinesBack, refund_order_lines
from flows.refund.desk import decide
from flows.refund.giving import refund_returned
from flows.refund.settle import AFTER_REFUND
from fulfilment.errors import AlreadyAsked, NotReturnable, NotYet, RequestDecided
from fulfilment.return_models import ReturnRequest
from fulfilment.return_requests import arrived_at, going_back, return_until
from orders.models import Delivery
from orders.values import Item
from payments.models import RefundProposal
from payments.proposals import SecondPersonNeeded
from settlement.queries import income_of
from tests.catalog.shelf import stock_of
from tests.flows.fulfilment.counter import OTHER_IMEI, Counter
from tests.flows.trade.market import (
    assert_books_and_witness_agree,
    lines,
    order_status,
    refunds,
)
from tests.racing import race
from wx_backend import clock, crash, outbox
from wx_backend.clock import SHANGHAI
from wx_backend.config import Config
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput, NotFound

BOB, MANAGER, FINANCE = "member:1", "staff:7", "staff:8"
KEY = "give-back-0123456789"


@pytest.fixture
def config(config: Config) -> Config:
    """One person alone gives one phone of an order back, not two."""
    assert config.pay is not None
    return replace(config, pay=replace(config.pay, second_person_above_fen=200_000))


@pytest.fixture
def order_id(counter: Counter) -> int:
    """A phone that Bob fetched."""
    order_id = counter.buy(delivery=Delivery.PICKUP)
    counter.fetch(order_id)
    return order_id


@pytest.fixture
def pair_id(counter: Counter) -> int:
    """Two phones, each a line of its own, fetched together."""
    phone = counter.market.wares.phone
    order_id = counter.buy(Item(phone, 1), Item(phone, 1), delivery=Delivery.PICKUP)
    counter.pack(order_id)
    counter.pack(order_id, imei=OTHER_IMEI, line=1)
    counter.redeem(order_id)
    return order_id


def ask(order_id: int, *, line_id: int | None = None, key: str = KEY) -> None:
    line_id = line_id or lines(order_id)[0].id
    db.session.rollback()
    retried(
        lambda: ask_back(
            order_id=order_id,
            line_id=line_id,
            key=key,
            reason="不想要了",
            actor=BOB,
            now=clock.now(),
        )
    )


def keep(order_id: int) -> None:
    line_id = lines(order_id)[0].id
    db.session.rollback()
    retried(
        lambda: take_back_request(order_id=order_id, line_id=line_id, actor=BOB, now=clock.now())
    )


def answer(
    counter: Counter, request_id: int, *, is_agreed: bool = True, words: str = "", node: int = 0
) -> str:
    db.session.rollback()
    return retried(
        lambda: answer_request(
            request_id=request_id,
            is_agreed=is_agreed,
            answer=words,
            node_id=node or counter.outlet_id,
            actor=MANAGER,
            now=clock.now(),
        )
    )


def asked() -> list[ReturnRequest]:
    db.session.rollback()
    return list(db.session.scalars(select(ReturnRequest).order_by(ReturnRequest.id)))


def stage(counter: Counter, order_id: int, line: int = 0) -> Stage:
    """What Bob is told."""
    chain = counter.chain(order_id, line=line)
    case, row = going_back([chain.id])[chain.id]
    assert row is not None
    return stage_of(row, case, lines(order_id)[line])


def take_in(counter: Counter, order_id: int, line: int = 0) -> None:
    chain_id = counter.chain(order_id, line=line).id
    db.session.rollback()
    retried(
        lambda: goods_back(
            chain_id=chain_id, staff_node_id=counter.outlet_id, actor=MANAGER, now=clock.now()
        )
    )


def keep_unit(counter: Counter, order_id: int, *, node: int = 0) -> None:
    chain_id = counter.chain(order_id).id
    db.session.rollback()
    retried(
        lambda: call_off(
            chain_id=chain_id,
            staff_node_id=node or counter.outlet_id,
            actor=MANAGER,
            now=clock.now(),
        )
    )


def call_return_off(counter: Counter, order_id: int) -> None:
    """Bob asks to give a line back, is let, and keeps it after all."""
    ask(order_id)
    answer(counter, asked()[-1].id)
    keep_unit(counter, order_id)


def test_what_is_asked_is_agreed_to_then_taken_in_then_refunded(
    counter: Counter, order_id: int
) -> None:
    market, phone_id = counter.market, counter.market.wares.phone_id
    ask(order_id)
    ask(order_id)  # the same press again
    [row] = asked()
    assert stage(counter, order_id) is Stage.ASKED
    assert counter.chain(order_id).status == "running"
    assert [each.order_number for each in waiting_at(counter.outlet_id)] == [
        answer(counter, row.id)
    ]
    assert stage(counter, order_id) is Stage.AGREED
    assert counter.open_nodes(order_id) == {"returned"}
    market.work()
    assert refunds() == []  # nothing before the phone is here
    before = stock_of(phone_id)[0]
    take_in(counter, order_id)
    assert stage(counter, order_id) is Stage.RECEIVED
    market.work_without_calls()
    assert stage(counter, order_id) is Stage.REFUNDING
    market.work()
    market.work()
    assert stage(counter, order_id) is Stage.REFUNDED
    assert stock_of(phone_id)[0] == before + 1
    assert order_status(order_id) == "refunded"
    [refund] = refunds()
    assert (refund.amount_fen, refund.reason, refund.actor) == (199_900, "不想要了", MANAGER)
    income = income_of(market.alice_id)
    assert income.earned_fen == income.taken_back_fen > 0
    ask(order_id)  # and the press of long ago once more
    assert len(asked()) == 1
    assert_books_and_witness_agree(market.stage)


def test_the_money_of_more_than_one_phone_takes_a_second_person(
    counter: Counter, pair_id: int
) -> None:
    market = counter.market
    for line in lines(pair_id):
        ask(pair_id, line_id=line.id)
    for row in asked():
        answer(counter, row.id)
    for place in (0, 1):
        take_in(counter, pair_id, place)
    market.work()
    assert [refund.amount_fen for refund in refunds()] == [199_900]
    assert stage(counter, pair_id, 1) is Stage.RECEIVED  # a minute has to pass between two
    market.pass_time(minutes=2)
    market.work()
    db.session.rollback()
    proposal = db.session.scalars(select(RefundProposal)).one()
    assert (proposal.amount_fen, proposal.proposed_by) == (199_900, MANAGER)
    assert stage(counter, pair_id, 1) is Stage.RECEIVED
    proposal_id = proposal.id
    db.session.rollback()

    def agree(actor: str) -> str:
        return decide(
            proposal_id=proposal_id,
            is_agreed=True,
            node_id=counter.outlet_id,
            actor=actor,
            now=clock.now(),
        )

    with pytest.raises(SecondPersonNeeded):
        retried(lambda: agree(MANAGER))
    retried(lambda: agree(FINANCE))
    market.work()
    market.work()
    assert order_status(pair_id) == "refunded"
    assert_books_and_witness_agree(market.stage)


def test_the_job_that_pays_comes_twice_and_pays_once(counter: Counter, order_id: int) -> None:
    ask(order_id)
    [row] = asked()
    answer(counter, row.id)
    take_in(counter, order_id)
    for _ in range(2):
        retried(lambda request_id=row.id: refund_returned(request_id=request_id))  # type: ignore[misc]  # bound at once
    counter.market.work()
    assert len(refunds()) == 1


@pytest.mark.parametrize("point", [outbox.BEFORE_DONE, outbox.AFTER_DONE, AFTER_REFUND])
def test_a_crash_after_it_was_taken_in_pays_exactly_once(
    counter: Counter, order_id: int, point: str
) -> None:
    market = counter.market
    ask(order_id)
    answer(counter, asked()[0].id)
    market.work()
    take_in(counter, order_id)
    crash.arm(point, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        market.work()
    crash.disarm()
    market.pass_time(minutes=2)
    market.work()
    market.work()
    assert stage(counter, order_id) is Stage.REFUNDED
    assert len(market.stage.facts("refund")) == 1
    assert_books_and_witness_agree(market.stage)


def test_a_refusal_has_a_reason_and_another_wish_may_follow(
    counter: Counter, order_id: int
) -> None:
    ask(order_id)
    [row] = asked()
    with pytest.raises(BadInput):
        answer(counter, row.id, is_agreed=False)
    with pytest.raises(NotFound):
        answer(counter, row.id, node=counter.other_id)
    answer(counter, row.id, is_agreed=False, words="已激活使用")
    with pytest.raises(RequestDecided):
        answer(counter, row.id)
    assert stage(counter, order_id) is Stage.DECLINED
    assert counter.chain(order_id).status == "running"
    ask(order_id, key="second-0123456789abc")
    assert [row.status for row in asked()] == ["declined", "asked"]
    assert stage(counter, order_id) is Stage.ASKED


def test_the_customer_thinks_better_of_it_until_he_was_answered(
    counter: Counter, order_id: int
) -> None:
    with pytest.raises(RequestDecided):
        keep(order_id)
    ask(order_id)
    keep(order_id)
    assert stage(counter, order_id) is Stage.WITHDRAWN
    with pytest.raises(RequestDecided):
        keep(order_id)
    ask(order_id, key="second-0123456789abc")
    answer(counter, asked()[-1].id)
    with pytest.raises(RequestDecided):
        keep(order_id)
    with pytest.raises(NotReturnable):
        ask(order_id, key="third-0123456789abcd")


def test_nothing_is_asked_for_before_it_came_too_late_or_of_somebody_else(
    counter: Counter, order_id: int
) -> None:
    other_id = counter.buy(key="submit-2")
    with pytest.raises(NotReturnable, match="收到"):
        ask(other_id)
    with pytest.raises(NotFound):
        ask(other_id, line_id=lines(order_id)[0].id)
    counter.market.pass_time(days=6)
    ask(order_id)
    keep(order_id)
    counter.market.pass_time(days=3)
    with pytest.raises(NotReturnable, match="7 天"):
        ask(order_id, key="second-0123456789abc")


def test_seven_days_are_counted_from_the_day_after(app: Flask) -> None:
    assert app
    arrived = datetime(2026, 11, 20, 23, 59, tzinfo=SHANGHAI)
    assert return_until(arrived, days=7) == datetime(2026, 11, 28, tzinfo=SHANGHAI)


def test_what_the_operator_opened_is_not_given_back_online_nor_what_was_sold_with_it(
    counter: Counter, pair_id: int
) -> None:
    chain = counter.chain(pair_id)
    first, second = lines(pair_id)
    arrived = arrived_at(chain)

    def why() -> str:
        return why_not(chain, first, [first, second], arrived, clock.now())

    with db.session.no_autoflush:
        assert why() == ""
        second.product_kind = "plan"
        assert why() == ""
        first.bundle_sku_id = second.bundle_sku_id = 1
        assert "已开通" in why()
        second.fulfilment = "cancelled"
        assert why() == ""
        first.product_kind = "sim"
        assert "已开通" in why()
    db.session.rollback()


def test_an_exchange_answers_what_was_asked(counter: Counter, order_id: int) -> None:
    ask(order_id)
    chain_id = counter.chain(order_id).id
    db.session.rollback()
    retried(
        lambda: start_exchange(
            chain_id=chain_id,
            reason="屏幕亮点",
            staff_node_id=counter.outlet_id,
            actor=MANAGER,
            now=clock.now(),
        )
    )
    assert stage(counter, order_id) is Stage.EXCHANGED
    take_in(counter, order_id)
    counter.market.work()
    assert refunds() == []
    counter.pack(order_id, imei=OTHER_IMEI)
    counter.redeem(order_id)
    ask(order_id, key="second-0123456789abc")  # the other unit may come back too
    assert stage(counter, order_id) is Stage.ASKED


def test_what_never_came_back_is_called_off_and_may_be_asked_for_again(
    counter: Counter, order_id: int
) -> None:
    with pytest.raises(NotYet):
        keep_unit(counter, order_id)
    ask(order_id)
    answer(counter, asked()[0].id)
    with pytest.raises(NotFound):
        keep_unit(counter, order_id, node=counter.other_id)
    keep_unit(counter, order_id)
    assert counter.open_nodes(order_id) == {"reviewed"}
    ask(order_id, key="second-0123456789abc")
    answer(counter, asked()[-1].id)
    take_in(counter, order_id)
    with pytest.raises(NotYet):
        keep_unit(counter, order_id)
    counter.market.work()
    counter.market.work()
    assert stage(counter, order_id) is Stage.REFUNDED


def test_nothing_is_called_off_while_money_is_on_its_way(counter: Counter, order_id: int) -> None:
    [line] = lines(order_id)
    back = LinesBack(order_id, {line.id: line.paid_fen}, "门店退货", MANAGER, "by-hand")
    db.session.rollback()
    with transaction():
        refund_order_lines(back, now=clock.now())
    with pytest.raises(NotYet):
        keep_unit(counter, order_id)


def test_of_many_who_ask_at_once_one_has_asked(app: Flask, counter: Counter, order_id: int) -> None:
    line_id = lines(order_id)[0].id

    def press(n: int) -> bool:
        try:
            ask(order_id, line_id=line_id, key=f"press-{n}-0123456789abc")
        except AlreadyAsked:
            return False
        return True

    db.session.rollback()
    assert race(app, press, times=4).count(True) == 1
    assert [row.status for row in asked()] == ["asked"]
    assert counter.chain(order_id).status == "running"


def test_withdrawn_and_agreed_to_at_once_is_one_of_them(
    app: Flask, counter: Counter, order_id: int
) -> None:
    ask(order_id)
    [row] = asked()
    request_id, line_id = row.id, lines(order_id)[0].id
    db.session.rollback()

    def act(n: int) -> bool:
        try:
            if n % 2:
                answer(counter, request_id)
            else:
                retried(
                    lambda: take_back_request(
                        order_id=order_id, line_id=line_id, actor=BOB, now=clock.now()
                    )
                )
        except RequestDecided:
            return False
        return True

    assert race(app, act, times=4).count(True) == 1
    [row] = asked()
    status = {"agreed": "ended", "withdrawn": "running"}[row.status]
    assert counter.chain(order_id).status == status


def test_asked_for_while_staff_give_it_back_pays_once(
    app: Flask, counter: Counter, order_id: int
) -> None:
    [line] = lines(order_id)
    line_id, amounts = line.id, {line.id: line.paid_fen}
    back = LinesBack(order_id, amounts, "门店退货", MANAGER, "by-hand")
    db.session.rollback()

    def act(n: int) -> None:
        try:
            if n:
                ask(order_id, line_id=line_id)
            else:
                retried(lambda: refund_order_lines(back, now=clock.now()))
        except NotReturnable:
            assert n

    race(app, act, times=2)
    assert {row.status for row in asked()} <= {"agreed"}
    with pytest.raises(NotReturnable):
        ask(order_id, key="second-0123456789abc")
    take_in(counter, order_id)
    counter.market.work()
    counter.market.work()
    assert [refund.amount_fen for refund in refunds()] == [199_900]
    with pytest.raises(NotYet):
        take_in(counter, order_id)
    assert_books_and_witness_agree(counter.market.stage)


def test_what_staff_gave_back_in_part_is_not_given_back_again(
    counter: Counter, order_id: int
) -> None:
    [line] = lines(order_id)
    back = LinesBack(order_id, {line.id: 50_000}, "补差价", MANAGER, "by-hand")
    db.session.rollback()
    with transaction():
        refund_order_lines(back, now=clock.now())
    ask(order_id)
    answer(counter, asked()[0].id)
    take_in(counter, order_id)
    counter.market.work()
    counter.market.pass_time(minutes=2)
    counter.market.work()
    counter.market.work()
    assert [refund.amount_fen for refund in refunds()] == [50_000, 149_900]
    assert stage(counter, order_id) is Stage.REFUNDED
    assert_books_and_witness_agree(counter.market.stage)
