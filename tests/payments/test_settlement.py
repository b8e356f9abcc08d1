"""Settling: one fact once, whatever its source; what does not fit is shown, never settled."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from catalog.stock_by_hand import receive_stock
from orders.operations import close_order
from payments.attempts import (
    Demand,
    close_attempt,
    open_attempt,
    record_prepay,
    record_prepay_unknown,
    start_prepay,
)
from payments.desk import exceptions_within
from payments.errors import AlreadyPaid
from payments.exceptions import close_exception
from payments.facts import payment_fact
from payments.models import ExceptionKind, Payment
from payments.operations import AFTER_PAYMENT, Outcome, Source, settle_payment
from payments.queries import attempts_of, order_of_payment, winner_of
from payments.rules import PaymentFact
from tests.catalog.shelf import NOON, Wares
from tests.orders.buyers import Buyer
from tests.payments.till import (
    LATER,
    Attempt,
    attempt_for,
    exception_kinds,
    order_of,
    paid,
    payment_row,
    settle,
)
from tests.racing import race
from wechat.pay.facts import Paid, Transaction
from wx_backend import crash
from wx_backend.db import db, transaction


def close(order_id: int) -> None:
    with transaction():
        close_order(order_id=order_id, actor="system", cause="expired", now=LATER)


def test_notice_query_and_bill_settle_one_payment_once(attempt: Attempt) -> None:
    outcomes = [
        settle(paid(attempt), order_id=attempt.order_id, source=source).outcome
        for source in (Source.QUERY, Source.NOTICE, Source.BILL)
    ]
    assert outcomes == [Outcome.SETTLED, Outcome.REPEAT, Outcome.REPEAT]
    payment = payment_row(attempt.id)
    assert (payment.status, payment.is_winner, payment.source) == ("succeeded", True, "query")
    assert (payment.success_at, payment.settled_at) == (LATER, LATER)
    assert exception_kinds() == []


def test_fifty_copies_of_one_fact_settle_once(app: Flask, attempt: Attempt) -> None:
    outcomes = race(
        app, lambda _: settle(paid(attempt), order_id=attempt.order_id).outcome, times=50
    )
    assert outcomes.count(Outcome.SETTLED) == 1
    assert outcomes.count(Outcome.REPEAT) == 49


def test_notice_and_query_meet_forty_times_and_settle_once_each(
    app: Flask, wares: Wares, bob: Buyer
) -> None:
    with transaction():
        receive_stock(sku_id=wares.phone_id, quantity=40, actor="staff:1", now=NOON)
    attempts = [attempt_for(order_of(bob, wares, f"submit-{n}")) for n in range(40)]
    sources = (Source.NOTICE, Source.QUERY)

    def tell(n: int) -> Outcome:
        each = attempts[n // 2]
        return settle(paid(each), order_id=each.order_id, source=sources[n % 2]).outcome

    told = race(app, tell, times=80)

    assert [sorted(told[n : n + 2]) for n in range(0, 80, 2)] == [["repeat", "settled"]] * 40
    assert exception_kinds() == []


@pytest.mark.parametrize(
    "forged",
    [
        {"amount_fen": 1},
        {"amount_fen": 9_901},
        {"amount_fen": 2**53 + 1},
        {"amount_fen": None},
        {"currency": "USD"},
        {"currency": None},
        {"mchid": "1900000110"},
        {"appid": "wx0000000000000000"},
        {"transaction_id": None},
        {"success_at": None},
    ],
)
def test_a_fact_that_differs_settles_nothing_and_is_shown_once(
    attempt: Attempt, forged: dict[str, Any]
) -> None:
    for _ in range(3):
        settlement = settle(paid(attempt, **forged), order_id=attempt.order_id)
        assert settlement.outcome is Outcome.MISMATCH
    assert payment_row(attempt.id).status == "prepaying"
    assert exception_kinds() == ["mismatch"]
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.SETTLED


@pytest.mark.parametrize("fen", [2**53, 2**53 + 1])
def test_a_person_sees_the_very_amount_that_did_not_fit(attempt: Attempt, fen: int) -> None:
    """Even where a float could not tell it from the next one."""
    settle(paid(attempt, amount_fen=fen), order_id=attempt.order_id)
    db.session.rollback()
    [item] = exceptions_within(None, limit=9)
    assert item.details == {"differences": {"amount_fen": [9_900, fen]}}


def test_a_coupon_of_the_platform_does_not_make_a_mismatch(attempt: Attempt) -> None:
    fact = paid(attempt, payer_total_fen=8_900)
    assert settle(fact, order_id=attempt.order_id).outcome is Outcome.SETTLED
    assert payment_row(attempt.id).payer_total_fen == 8_900


def test_another_orders_number_cannot_carry_this_orders_money(
    attempt: Attempt, wares: Wares, bob: Buyer
) -> None:
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.SETTLED
    other = attempt_for(order_of(bob, wares, "second"))
    stolen = paid(other, transaction_id=paid(attempt).transaction_id)
    assert settle(stolen, order_id=other.order_id).outcome is Outcome.MISMATCH
    assert winner_of(other.order_id) is None


def test_a_second_transaction_under_a_settled_number_is_shown(attempt: Attempt) -> None:
    settle(paid(attempt), order_id=attempt.order_id)
    fact = paid(attempt, transaction_id="4200099")
    assert settle(fact, order_id=attempt.order_id).outcome is Outcome.MISMATCH
    assert exception_kinds() == ["mismatch"]


def test_money_under_a_number_nobody_asked_for_is_shown(attempt: Attempt) -> None:
    fact = paid(attempt, out_trade_no="PY000000UNKNOWN")
    assert order_of_payment(fact.out_trade_no) is None
    with transaction():
        settlement = settle_payment(fact=fact, takes_payment=False, source=Source.BILL, now=LATER)
    assert settlement.outcome is Outcome.UNKNOWN_ORDER
    assert exception_kinds() == ["unknown_order"]


def test_an_unpaid_fact_settles_nothing(attempt: Attempt) -> None:
    for state in ("NOTPAY", "USERPAYING", "PAYERROR"):
        fact = paid(attempt, trade_state=state, amount_fen=None, transaction_id=None)
        assert settle(fact, order_id=attempt.order_id).outcome is Outcome.NOT_PAID
    assert payment_row(attempt.id).status == "prepaying"


def test_a_closed_fact_ends_the_attempt_but_never_a_paid_one(attempt: Attempt) -> None:
    closed = paid(attempt, trade_state="CLOSED", amount_fen=None, transaction_id=None)
    settle(closed, order_id=attempt.order_id)
    assert payment_row(attempt.id).status == "closed"
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.SETTLED
    settle(closed, order_id=attempt.order_id)
    assert payment_row(attempt.id).status == "succeeded"


def test_a_pay_notice_after_a_refund_is_a_repeat(attempt: Attempt) -> None:
    settle(paid(attempt), order_id=attempt.order_id)
    fact = paid(attempt, trade_state="REFUND")
    assert settle(fact, order_id=attempt.order_id).outcome is Outcome.REPEAT


def test_a_refunded_state_seen_first_still_says_paid(attempt: Attempt) -> None:
    fact = paid(attempt, trade_state="REFUND")
    assert settle(fact, order_id=attempt.order_id).outcome is Outcome.SETTLED


def test_two_attempts_paid_at_once_have_one_winner(app: Flask, attempt: Attempt) -> None:
    second = attempt_for(attempt.order_id, description="第二次")
    both = (attempt, second)

    settlements = race(
        app, lambda n: settle(paid(both[n % 2]), order_id=attempt.order_id), times=16
    )

    outcomes = [settlement.outcome for settlement in settlements]
    assert outcomes.count(Outcome.SETTLED) == 1
    assert outcomes.count(Outcome.DOUBLE_PAYMENT) == 1
    assert outcomes.count(Outcome.REPEAT) == 14
    assert exception_kinds() == ["double_payment"]


def test_the_database_itself_refuses_a_second_winner(attempt: Attempt) -> None:
    second = attempt_for(attempt.order_id, description="第二次")
    for each in (attempt, second):
        settle(paid(each), order_id=attempt.order_id)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            text("UPDATE payment SET is_winner = true WHERE id = :id"), {"id": second.id}
        )


def test_money_for_a_closed_order_is_recorded_and_goes_back(attempt: Attempt) -> None:
    close(attempt.order_id)
    settlement = settle(paid(attempt), order_id=attempt.order_id)
    assert settlement.outcome is Outcome.PAID_AFTER_CLOSE
    payment = payment_row(attempt.id)
    assert (payment.status, payment.is_winner) == ("succeeded", False)
    assert exception_kinds() == ["paid_after_close"]
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.REPEAT


def test_an_exception_item_is_closed_once(attempt: Attempt) -> None:
    close(attempt.order_id)
    settle(paid(attempt), order_id=attempt.order_id)
    for expected in (True, False):
        with transaction():
            assert expected is close_exception(
                kind=ExceptionKind.PAID_AFTER_CLOSE,
                key=attempt.out_trade_no,
                by="staff:1",
                resolution="已退款",
                now=LATER,
            )
    assert exceptions_within(None, limit=9) == []


def test_a_crash_while_settling_settles_once_on_the_next_run(attempt: Attempt) -> None:
    crash.arm(AFTER_PAYMENT, crash.raise_crashed)
    try:
        with pytest.raises(crash.Crashed):
            settle(paid(attempt), order_id=attempt.order_id)
    finally:
        crash.disarm()
    assert payment_row(attempt.id).status == "prepaying"
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.SETTLED
    assert settle(paid(attempt), order_id=attempt.order_id).outcome is Outcome.REPEAT


def test_paying_again_keeps_the_number(attempt: Attempt) -> None:
    with transaction():
        record_prepay_unknown(payment_id=attempt.id)
    assert attempt_for(attempt.order_id).id == attempt.id
    with transaction():
        record_prepay(payment_id=attempt.id, prepay_id="wx1", now=LATER)
    assert attempt_for(attempt.order_id).id == attempt.id
    with transaction():
        close_attempt(payment_id=attempt.id, now=LATER)
    assert attempt_for(attempt.order_id).id != attempt.id
    assert len(attempts_of(attempt.order_id)) == 2


def test_a_paid_order_opens_no_further_attempt(attempt: Attempt) -> None:
    settle(paid(attempt), order_id=attempt.order_id)
    with pytest.raises(AlreadyPaid):
        attempt_for(attempt.order_id, description="第二次")


def test_a_late_prepay_answer_does_not_undo_a_payment(attempt: Attempt) -> None:
    settle(paid(attempt), order_id=attempt.order_id)
    with transaction():
        assert not record_prepay(payment_id=attempt.id, prepay_id="wx1", now=LATER)
        assert not start_prepay(payment_id=attempt.id)
        assert not close_attempt(payment_id=attempt.id, now=LATER)
    assert payment_row(attempt.id).status == "succeeded"


def test_an_attempt_needs_an_amount(attempt: Attempt) -> None:
    row = payment_row(attempt.id)
    demand = Demand(row.order_id, row.identity_id, row.mchid, row.appid, 0, "无", row.expires_at)
    with pytest.raises(IntegrityError), transaction():
        open_attempt(demand=demand, now=NOON)
    db.session.rollback()
    assert db.session.query(Payment).count() == 1


def test_a_queried_payment_is_the_same_fact_as_its_notice() -> None:
    paid_there = Paid(
        appid="wx1",
        mchid="1",
        out_trade_no="PY1",
        transaction_id="42",
        trade_state="SUCCESS",
        success_at=LATER,
        openid="oBob",
        total_fen=9_900,
        currency="CNY",
        payer_total_fen=8_900,
    )
    transaction = Transaction("1", "PY1", "SUCCESS", paid=paid_there)
    assert payment_fact(transaction) == payment_fact(paid_there)
    assert payment_fact(paid_there) == PaymentFact(
        mchid="1",
        appid="wx1",
        out_trade_no="PY1",
        trade_state="SUCCESS",
        transaction_id="42",
        amount_fen=9_900,
        payer_total_fen=8_900,
        currency="CNY",
        success_at=LATER,
    )


def test_an_unpaid_transaction_has_no_amount() -> None:
    fact = payment_fact(Transaction("1", "PY1", "NOTPAY"))
    assert not fact.is_paid
    assert fact.amount_fen is None
