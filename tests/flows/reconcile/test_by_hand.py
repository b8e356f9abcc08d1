"""Money that somebody gave back in WeChat Pay's own console, after it closed our refund: the bill tells."""

from datetime import time, timedelta

import pytest

from flows.refund.settle import settle_refund
from ledger.models import AccountKind
from payments.models import RefundStatus
from payments.refunds import RefundOutcome
from payments.rules import RefundFact
from tests.flows.reconcile.morning import differences, morning_work, next_morning, to, today
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    open_kinds,
    payments,
    refunds,
    total,
)
from tests.flows.trade.test_again import again, give_back_there, outlet_id, pay_late, refused
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import retried


@pytest.mark.parametrize("asked_here_too", [False, True])
def test_it_is_booked_by_the_next_bill_and_nothing_is_left_open(
    market: Market, stage: Stage, asked_here_too: bool
) -> None:
    """Also when 重新退款 was pressed afterwards, which WeChat Pay refused."""
    to(market, today() + timedelta(days=1), time(12))
    order_id, on = refused(market, stage, market.wares.plan), today()
    market.pass_time(minutes=2)
    give_back_there(payments(order_id)[0].out_trade_no)
    if asked_here_too:
        assert again(outlet_id())
        market.work()
        assert open_kinds() == ["paid_after_close", "refund_closed"]
    next_morning(market, on)
    morning_work(market)
    by_hand = refunds()[-1]
    assert (by_hand.out_refund_no, by_hand.status) == ("BYHAND1", "succeeded")
    assert payments(order_id)[0].refunded_fen == 10_000
    assert total(AccountKind.REFUND_CLEARING) == total(AccountKind.WECHAT_CLEARING) == 0
    assert open_kinds() == []
    assert differences(on) == []
    assert again(outlet_id())
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_what_was_told_of_it_before_ours_was_closed_is_put_right_with_it(
    market: Market, stage: Stage
) -> None:
    order_id = pay_late(market, market.wares.plan)
    stage.settle()
    market.work_without_calls()
    out_trade_no = payments(order_id)[0].out_trade_no
    give_back_there(out_trade_no)
    fact = RefundFact("BYHAND1", out_trade_no, "50300", RefundStatus.SUCCEEDED, 10_000, clock.now())
    assert retried(lambda: settle_refund(fact, now=clock.now())).outcome is RefundOutcome.UNKNOWN
    market.work()
    assert sorted(open_kinds()) == ["paid_after_close", "refund_closed", "unknown_refund"]
    assert retried(lambda: settle_refund(fact, now=clock.now())).outcome is RefundOutcome.SUCCEEDED
    assert open_kinds() == []
    assert payments(order_id)[0].refunded_fen == 10_000


def test_a_part_given_back_there_is_still_for_a_person(market: Market, stage: Stage) -> None:
    to(market, today() + timedelta(days=1), time(12))
    order_id, on = refused(market, stage, market.wares.plan), today()
    market.pass_time(minutes=2)
    give_back_there(payments(order_id)[0].out_trade_no, refund_fen=9_999)
    next_morning(market, on)
    assert [refund.status for refund in refunds()] == ["closed"]
    assert open_kinds() == ["paid_after_close", "refund_closed", "unknown_refund"]
    assert [row.kind for row in differences(on)] == ["missing_here"]
