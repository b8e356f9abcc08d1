"""Refunds, end to end against the pretend platform: one refund there for one agreed here."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from flows.payment.prepay import pay
from flows.refund.agree import LinesBack, refund_order_lines, refund_whole_order
from flows.refund.calls import chase_refunds, wait_after
from flows.refund.settle import AFTER_REFUND
from ledger.models import AccountKind
from orders.errors import RefundTooLarge
from orders.values import Item
from payments.errors import AlreadyPaid, NotPaid, RefundTooSoon
from payments.models import RefundStatus
from settlement.queries import income_of
from tests.catalog.shelf import stock_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    lines,
    open_kinds,
    order_status,
    refunds,
    total,
)
from tests.racing import race
from tests.simulator.stage import MCHID, Stage
from wx_backend import clock, crash, outbox
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError
from wx_backend.outbox import Job
from wx_backend.stops import Line, lift, stop

REFUNDS = "/v3/refund/domestic/refunds"
NOTICES = "notice:REFUND.*"


@pytest.fixture
def order_id(market: Market) -> int:
    """A phone (199,900) and a plan (10,000, all prepaid), paid."""
    return market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))


def agree(order_id: int, amounts: dict[int, int], key: str = "r1") -> int:
    back = LinesBack(order_id, amounts, "不想要了", "staff:1", key)
    return retried(lambda: refund_order_lines(back, now=clock.now()))


def agree_all(order_id: int, key: str = "all") -> int:
    return retried(
        lambda: refund_whole_order(
            order_id=order_id, reason="全部退款", actor="staff:1", key=key, now=clock.now()
        )
    )


def test_a_whole_refund_undoes_everything(market: Market, stage: Stage, order_id: int) -> None:
    agree_all(order_id)
    market.work()
    market.work()
    assert order_status(order_id) == "refunded"
    assert [refund.status for refund in refunds()] == ["succeeded"]
    assert stock_of(market.wares.phone_id) == (20, 0)
    for kind in (
        AccountKind.WECHAT_CLEARING,
        AccountKind.REVENUE,
        AccountKind.COLLECTED_FOR_BILLING,
        AccountKind.REFUND_CLEARING,
        AccountKind.COMMISSION_HELD,
    ):
        assert total(kind) == 0
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_a_part_refund_takes_back_its_part_of_the_commission(
    market: Market, stage: Stage, order_id: int
) -> None:
    phone = lines(order_id)[0].id
    agree(order_id, {phone: 99_950})
    market.work()
    market.work()
    assert order_status(order_id) == "part_refunded"
    income = income_of(market.alice_id)
    assert (income.earned_fen, income.taken_back_fen) == (10_495, 4_997)
    assert total(AccountKind.REVENUE) == -99_950
    assert total(AccountKind.COLLECTED_FOR_BILLING) == -10_000
    assert_books_and_witness_agree(stage)


def test_one_wish_is_one_refund(market: Market, stage: Stage, order_id: int) -> None:
    phone = lines(order_id)[0].id
    assert len({agree(order_id, {phone: 100}) for _ in range(3)}) == 1
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    with pytest.raises(RefundTooSoon):
        agree(order_id, {phone: 100}, "r2")
    assert lines(order_id)[0].refund_reserved_fen == 100


def test_two_people_refunding_the_same_order_at_once_pay_once(
    app: Flask, market: Market, stage: Stage, order_id: int
) -> None:
    def try_all(n: int) -> bool:
        try:
            agree_all(order_id, f"person-{n}")
        except AppError:
            return False
        return True

    assert race(app, try_all, times=4).count(True) == 1
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_an_unanswered_refund_is_queried_not_repeated(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.chaos(REFUNDS, "drop_after")
    stage.chaos(NOTICES, "never", times=-1)
    agree_all(order_id)
    market.work()
    assert refunds()[0].status == RefundStatus.UNKNOWN
    market.pass_time(minutes=2)
    market.work()
    assert refunds()[0].status == RefundStatus.SUCCEEDED
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_a_lost_request_is_sent_again_under_the_same_number(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.chaos(REFUNDS, "fail_before", status=500, code="SYSTEM_ERROR")
    agree_all(order_id)
    market.work()
    assert refunds()[0].status == RefundStatus.UNKNOWN
    market.pass_time(minutes=2)
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == [RefundStatus.SUCCEEDED]
    assert_books_and_witness_agree(stage)


def test_a_refund_that_failed_there_frees_its_money_here(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="CLOSED")
    agree_all(order_id)
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == [RefundStatus.CLOSED]
    assert order_status(order_id) == "paid"
    assert open_kinds() == ["refund_closed"]
    assert total(AccountKind.REVENUE) == -199_900
    assert total(AccountKind.REFUND_CLEARING) == 0
    assert income_of(market.alice_id).taken_back_fen == 0
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="SUCCESS")
    market.pass_time(minutes=2)
    agree_all(order_id, "again")
    market.work()
    market.work()
    assert order_status(order_id) == "refunded"
    assert_books_and_witness_agree(stage)


def test_an_abnormal_refund_takes_nothing_back_yet(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="ABNORMAL")
    agree_all(order_id)
    market.work()
    market.work()
    assert open_kinds() == ["refund_abnormal"]
    assert income_of(market.alice_id).taken_back_fen == 0
    assert order_status(order_id) == "paid"


def test_a_refused_refund_is_believed_only_after_a_query(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.chaos(REFUNDS, "fail_before", status=400, code="PARAM_ERROR")
    agree_all(order_id)
    market.work()
    assert [refund.status for refund in refunds()] == [RefundStatus.CLOSED]
    assert open_kinds() == ["refund_closed"]
    assert total(AccountKind.REVENUE) == -199_900
    assert stage.facts("refund") == []
    assert_books_and_witness_agree(stage)


def test_a_pay_notice_after_the_refund_changes_nothing(market: Market, stage: Stage) -> None:
    stage.chaos("notice:TRANSACTION.SUCCESS", "duplicate", n=1, spacing=3)
    order_id = market.buy()
    agree_all(order_id)
    market.work()
    stage.settle(within=4)
    market.work()
    assert order_status(order_id) == "refunded"
    assert_books_and_witness_agree(stage)


@pytest.mark.parametrize(
    "point", [AFTER_REFUND, outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE]
)
def test_a_crash_anywhere_refunds_exactly_once(
    market: Market, stage: Stage, order_id: int, point: str
) -> None:
    agree_all(order_id)
    crash.arm(point, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        market.work()
    crash.disarm()
    market.pass_time(minutes=2)
    market.work()
    market.work()
    assert order_status(order_id) == "refunded"
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_both_of_two_attempts_paid_leaves_one(market: Market, stage: Stage) -> None:
    """The page was opened twice; the first number was thought closed and was not."""
    order_id = market.order()
    first = market.sheet(order_id)
    market.forget_attempts(order_id)
    second = market.sheet(order_id)
    assert market.pay(first).endswith(":ok")
    assert market.pay(second).endswith(":ok")
    market.work()
    market.work()
    assert order_status(order_id) == "paid"
    assert len(stage.facts("payment")) == 2
    assert len(stage.facts("refund")) == 1
    assert total(AccountKind.WECHAT_CLEARING) == 199_900
    assert open_kinds() == []
    with pytest.raises(AlreadyPaid):
        pay(order_id=order_id, member_id=market.bob.member_id)
    assert_books_and_witness_agree(stage)


def test_nothing_goes_back_that_did_not_come(market: Market) -> None:
    order_id = market.order()
    with pytest.raises(NotPaid):
        agree(order_id, {lines(order_id)[0].id: 1})


def test_no_line_gives_back_more_than_it_cost(order_id: int) -> None:
    tariff = lines(order_id)[1].id
    with pytest.raises(RefundTooLarge):
        agree(order_id, {tariff: 10_001})
    assert refunds() == []


def test_refunds_nobody_asked_about_for_long_are_chased(
    market: Market, stage: Stage, order_id: int
) -> None:
    agree_all(order_id)
    market.pass_time(hours=2)
    assert retried(lambda: chase_refunds(now=clock.now())) == 1
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert retried(lambda: chase_refunds(now=clock.now())) == 0


def test_a_held_refund_waits_as_one_call_however_long(
    market: Market, stage: Stage, order_id: int
) -> None:
    with transaction():
        stop(line=Line.REFUNDS, reason="核对", by="staff:1", now=clock.now())
    agree_all(order_id)
    for _ in range(5):
        market.pass_time(hours=2)
        assert retried(lambda: chase_refunds(now=clock.now())) == 1
        market.work()
    assert waiting_calls() == 1
    assert stage.facts("refund") == []
    with transaction():
        lift(line=Line.REFUNDS, by="staff:2", now=clock.now())
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_a_refund_nobody_heard_of_goes_on_within_the_hour_after_a_stop(
    market: Market, stage: Stage, order_id: int
) -> None:
    stage.chaos(REFUNDS, "fail_before", status=500, code="SYSTEM_ERROR")
    agree_all(order_id)
    market.work()
    with transaction():
        stop(line=Line.REFUNDS, reason="核对", by="staff:1", now=clock.now())
    market.pass_time(hours=2)
    market.work()
    assert waiting_calls() == 0
    with transaction():
        lift(line=Line.REFUNDS, by="staff:2", now=clock.now())
    market.pass_time(hours=1)
    assert retried(lambda: chase_refunds(now=clock.now())) == 1
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def waiting_calls() -> int:
    """How many calls for refunds wait to be made."""
    db.session.rollback()
    waiting = select(func.count()).where(Job.name == "refund.send", Job.status == "pending")
    return db.session.scalar(waiting) or 0


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 1), (4, 1), (5, 5), (14, 5), (15, 10), (59, 10), (60, 30), (9_999, 30)]
)
def test_the_older_a_refund_the_rarer_the_question(age: int, wait: int) -> None:
    assert wait_after(timedelta(minutes=age)) == timedelta(minutes=wait)
