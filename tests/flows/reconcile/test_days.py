"""A day of trade is fetched, told, compared: what notices and queries lost is settled by the bill."""

import gzip
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from flows.billing import chase_hand_overs
from flows.reconcile import archive, comparing
from flows.reconcile.clearing import clearing_accounts
from flows.reconcile.fetching import start_day
from flows.reconcile.legs import Day, Sums
from ledger.models import AccountKind
from orders.values import Item
from reconciliation.days import close_day
from reconciliation.models import DifferenceClass, FundLine
from reconciliation.queries import bills_of
from reconciliation.values import Finding
from tests.flows.reconcile.morning import (
    day_row,
    differences,
    morning_work,
    next_morning,
    open_kinds,
    plant,
    to,
    today,
)
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    order_status,
    payments,
    refunds,
    total,
)
from tests.flows.trade.test_refund import agree_all
from tests.simulator.stage import Stage
from wechat.pay.bills import BillKind
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.strict import Malformed


def test_a_quiet_day_has_no_difference(market: Market, stage: Stage) -> None:
    on = today()
    market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))
    assert next_morning(market, on) == 1
    assert [(row.kind, row.evidence) for row in differences(on)] == []
    day = day_row(on)
    assert (day.status, day.runs) == ("compared", 1)
    assert day.sums["bill_payments"] == {"rows": 1, "fen": 209_900}
    assert day.sums["our_payments"] == day.sums["ledger_payments"] == day.sums["bill_payments"]
    assert day.sums["billing_due"]["rows"] == 1
    assert morning_work(market) == 0
    assert_books_and_witness_agree(stage)


def test_a_payment_whose_notice_and_query_were_lost_is_settled_by_the_bill_once(
    market: Market, stage: Stage
) -> None:
    on = today()
    stage.chaos("notice:*", "never", times=-1)
    order_id = market.order()
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    stage.chaos("/v3/pay/transactions/out-trade-no*", "fail_before", status=500, times=-1)
    assert order_status(order_id) == "placed"
    next_morning(market, on)
    assert order_status(order_id) == "paid"
    [payment] = payments(order_id)
    assert payment.source == "bill"
    assert total(AccountKind.WECHAT_CLEARING) == 199_900
    assert open_kinds(on) == []
    next_morning(market, on + timedelta(days=1))
    assert total(AccountKind.WECHAT_CLEARING) == 199_900
    assert_books_and_witness_agree(stage)


def test_a_comparison_writes_nothing_into_a_day_that_was_closed_meanwhile(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = today()
    market.buy()
    next_morning(market, on)
    missing = Finding(DifferenceClass.MISSING_THERE, "payment:PY1", None, 100, None)

    def close_and_find(_: Day) -> tuple[list[Finding], Sums]:
        with transaction():
            close_day(on=on, actor="staff:1", now=clock.now())
        return [missing], Sums()

    monkeypatch.setattr(comparing, "_findings", close_and_find)
    with transaction():
        start_day(on, key="again")
    market.work()
    assert differences(on) == []
    assert (day_row(on).status, day_row(on).runs) == ("closed", 1)


def test_a_day_without_trade_has_nothing_to_compare(market: Market) -> None:
    on = today()
    next_morning(market, on)
    assert day_row(on).status == "compared"
    assert day_row(on).sums["bill_payments"] == {"rows": 0, "fen": 0}


def test_nothing_is_asked_before_ten(market: Market) -> None:
    on = today()
    market.buy()
    assert next_morning(market, on, time(9, 50)) == 0
    to(market, on + timedelta(days=1), time(10, 5))
    assert morning_work(market) == 1


def test_a_bill_that_is_not_ready_is_asked_for_again(market: Market, stage: Stage) -> None:
    on = today()
    market.buy()
    stage.chaos("/v3/bill/tradebill", "fail_before", status=400, code="STATEMENT_CREATING")
    next_morning(market, on)
    assert day_row(on).status == "waiting"
    market.pass_time(minutes=16)
    market.work()
    assert day_row(on).status == "compared"


def test_every_planted_difference_is_found_under_its_name(market: Market) -> None:
    on = today()
    numbers = []
    for n in range(4):
        order_id = market.buy(key=f"submit-{n}")
        numbers += [payment.out_trade_no for payment in payments(order_id)]
    plant(
        market,
        {"action": "drop", "number": numbers[0]},
        {"action": "amount", "number": numbers[1], "fen": 1},
        {"action": "duplicate", "number": numbers[2]},
        {"action": "add", "number": f"PY{numbers[0][2:8]}0000000000000", "fen": 500},
        {"action": "add", "number": "OLDMALL20261121", "fen": 700, "transaction_id": "4200777"},
    )
    next_morning(market, on)
    found = {(row.kind, row.subject) for row in differences(on)}
    assert {
        ("missing_there", f"payment:{numbers[0]}"),
        ("amount_differs", f"payment:{numbers[1]}"),
        ("duplicate", f"payment:{numbers[2]}"),
        ("missing_here", f"payment:PY{numbers[0][2:8]}0000000000000"),
    } <= found
    assert not any("OLDMALL" in subject for kind, subject in found if kind != "fee_differs")
    assert day_row(on).sums["foreign"] == {"rows": 1, "fen": 700}


def test_a_refund_whose_end_was_never_told_is_settled_by_the_bill(
    market: Market, stage: Stage
) -> None:
    on = today()
    order_id = market.buy()
    stage.chaos("notice:REFUND.*", "never", times=-1)
    stage.chaos("/v3/refund/domestic/refunds/*", "fail_before", status=500, times=-1)
    agree_all(order_id)
    market.work()
    next_morning(market, on)
    assert [refund.status for refund in refunds()] == ["succeeded"]
    assert order_status(order_id) == "refunded"
    assert open_kinds(on) == []
    assert total(AccountKind.REFUND_CLEARING) == 0
    assert_books_and_witness_agree(stage)


def test_a_difference_that_is_gone_closes_by_itself(market: Market) -> None:
    """Billing had not answered; the next day it has."""
    on = today()
    market.stage.chaos("/billing/orders", "fail_before", status=500, times=-1)
    market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))
    next_morning(market, on)
    assert open_kinds(on) == ["not_acknowledged"]
    market.stage.control("DELETE", "/chaos")
    market.pass_time(hours=1)
    retried(lambda: chase_hand_overs(now=clock.now()))
    market.work()
    next_morning(market, on + timedelta(days=1))
    [difference] = differences(on)
    assert (difference.status, difference.ended_by) == ("closed", "system")
    assert day_row(on).runs == 2


def test_a_refund_of_the_last_minutes_may_stand_on_the_next_days_bill(
    market: Market, stage: Stage
) -> None:
    on = today() + timedelta(days=1)
    to(market, on, time(23, 30))
    order_id = market.buy()
    stage.chaos("/v3/refund/domestic/refunds", "fail_before", status=500, code="SYSTEM_ERROR")
    to(market, on, time(23, 59, 30))
    agree_all(order_id)
    market.work()
    market.pass_time(minutes=2)
    market.work()
    assert today() == on + timedelta(days=1)
    next_morning(market, on)
    assert open_kinds(on) == []
    next_morning(market, on + timedelta(days=1))
    assert open_kinds(on) == open_kinds(on + timedelta(days=1)) == []
    assert clearing_accounts(today())[0].left_fen == 0
    assert_books_and_witness_agree(stage)


def test_a_changed_file_is_no_proof_any_more(market: Market) -> None:
    on = today()
    market.buy()
    next_morning(market, on)
    sha256 = bills_of(on)[BillKind.TRADE].sha256
    assert sha256 is not None
    assert gzip.decompress(archive.raw(sha256)).startswith(b"\xef\xbb\xbf")
    folder = market.app.extensions["wx_config"].service.data_dir / "bills" / sha256[:2]
    (file,) = (each for each in folder.iterdir() if sha256[2:] in each.name)
    file.write_bytes(b"forged")
    with pytest.raises(Malformed):
        archive.raw(sha256)


def test_what_lies_at_wechat_is_explained_by_its_fund_flow(market: Market) -> None:
    on = today()
    order_id = market.buy(Item(market.wares.phone, 1), Item(market.wares.plan, 1))
    agree_all(order_id)
    market.work()
    market.buy(key="another")
    plant(market, {"action": "add", "number": "OLDMALL1", "fen": 700})
    next_morning(market, on)
    wechat = clearing_accounts(today())[0]
    assert wechat.balance_fen == 199_900
    assert wechat.left_fen == 700  # the planted row moved no money on the fund flow


def test_the_order_of_rows_within_one_second_explains_nothing_away(market: Market) -> None:
    """A payment and its fee are booked in one second: the file may have either first."""
    on = today()
    market.buy(key="first")
    market.buy(key="last")
    plant(market, {"action": "reverse", "bill": "flow"})
    next_morning(market, on)
    rows = db.session.scalars(select(FundLine).order_by(FundLine.line)).all()
    assert rows[0].amount_fen < 0 < rows[1].amount_fen
    assert rows[0].booked_at == rows[1].booked_at
    assert open_kinds(on) == []
    wechat = clearing_accounts(today())[0]
    assert wechat.left_fen == 0
    assert "首份资金账单之前的余额" not in {reason.what for reason in wechat.reasons}


def test_a_payment_the_bill_lacks_is_still_ours_on_the_clearing_account(market: Market) -> None:
    on = today()
    market.buy(key="billed")
    [payment] = payments(market.buy(key="dropped"))
    plant(market, {"action": "drop", "number": payment.out_trade_no})
    next_morning(market, on)
    assert open_kinds(on) == ["missing_there"]
    assert day_row(on).sums["other_moves"] == {"rows": 0, "fen": 0}
    assert clearing_accounts(today())[0].left_fen == 0
