"""Refunds: never more than came in, fifty at most, states that only move forward."""

from datetime import timedelta
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from orders.moves import locked_order
from payments.errors import (
    NotPaid,
    RefundExceedsPayment,
    RefundTooLate,
    RefundTooSoon,
    TooManyRefunds,
)
from payments.facts import refund_fact
from payments.models import Refund, RefundStatus
from payments.queries import order_of_refund, refund_lines, refunds_of_order
from payments.refunds import (
    RefundOutcome,
    RefundWish,
    apply_refund_fact,
    record_refund_unknown,
    refunds_to_chase,
    request_refund,
)
from payments.rules import RefundFact
from tests.orders.buyers import line_rows
from tests.payments.till import LATER, Attempt, exception_kinds, paid, payment_row, settle
from tests.racing import race
from wechat.pay.facts import Refund as Said
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError
from wx_backend.strict import Malformed

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def payment(attempt: Attempt) -> Attempt:
    """9,900 fen, settled."""
    settle(paid(attempt), order_id=attempt.order_id)
    return attempt


def ask(payment: Attempt, amount_fen: int, *, key: str = "r1", minutes: int = 0) -> str:
    """Ask for a refund as a flow does; its out_refund_no."""

    def work() -> str:
        locked_order(payment.order_id)
        wish = RefundWish(payment.id, amount_fen, "不想要了", "staff:1", key)
        return request_refund(wish=wish, now=LATER + minutes * MINUTE).out_refund_no

    return retried(work)


def stated(payment: Attempt, number: str, status: RefundStatus, amount_fen: int) -> RefundFact:
    return RefundFact(number, payment.out_trade_no, "50000", status, amount_fen, LATER)


def apply(payment: Attempt, fact: RefundFact) -> RefundOutcome:
    def work() -> RefundOutcome:
        locked_order(payment.order_id)
        return apply_refund_fact(fact=fact, now=LATER).outcome

    return retried(work)


def sums(payment: Attempt) -> tuple[int, int]:
    """(set aside, refunded) of the payment as committed."""
    row = payment_row(payment.id)
    return row.refund_reserved_fen, row.refunded_fen


def test_a_refund_names_its_lines_and_is_asked_for_once(payment: Attempt) -> None:
    line_id = line_rows(payment.order_id)[0].id
    wish = RefundWish(payment.id, 900, "质量问题", "staff:1", "wish-1", {line_id: 900})
    numbers = set()
    for _ in range(3):
        with transaction():
            refund = request_refund(wish=wish, now=LATER)
            numbers.add((refund.id, refund.out_refund_no))
    [(refund_id, number)] = numbers
    assert refund_lines(refund_id) == {line_id: 900}
    assert order_of_refund(number) == payment.order_id
    assert sums(payment) == (900, 0)


def test_the_lines_of_a_refund_add_up(payment: Attempt) -> None:
    line_id = line_rows(payment.order_id)[0].id
    wish = RefundWish(payment.id, 900, "质量问题", "staff:1", "wish-1", {line_id: 899})
    with pytest.raises(ValueError, match="add up"), transaction():
        request_refund(wish=wish, now=LATER)
    assert sums(payment) == (0, 0)


@pytest.mark.parametrize("amount_fen", [9_901, 0, -1])
def test_no_more_goes_back_than_came_in(payment: Attempt, amount_fen: int) -> None:
    with pytest.raises(RefundExceedsPayment):
        ask(payment, amount_fen)


def test_refunds_under_way_count(payment: Attempt) -> None:
    ask(payment, 9_000)
    with pytest.raises(RefundExceedsPayment):
        ask(payment, 901, key="r2", minutes=1)
    ask(payment, 900, key="r2", minutes=1)
    assert sums(payment) == (9_900, 0)


def test_two_refunds_keep_a_minute_apart(payment: Attempt) -> None:
    ask(payment, 100)
    with pytest.raises(RefundTooSoon):
        ask(payment, 100, key="r2")
    ask(payment, 100, key="r2", minutes=1)


def test_the_fifty_first_partial_refund_is_refused(payment: Attempt) -> None:
    for n in range(50):
        ask(payment, 1, key=f"r{n}", minutes=n)
    with pytest.raises(TooManyRefunds):
        ask(payment, 1, key="r51", minutes=51)


def test_money_is_refunded_for_a_year(payment: Attempt) -> None:
    wish = RefundWish(payment.id, 1, "太晚", "staff:1", "late")
    with pytest.raises(RefundTooLate), transaction():
        request_refund(wish=wish, now=LATER + 366 * DAY)


def test_an_unpaid_attempt_is_not_refunded(attempt: Attempt) -> None:
    with pytest.raises(NotPaid):
        ask(attempt, 1)


def test_two_people_refunding_at_once_cannot_exceed_the_payment(
    app: Flask, payment: Attempt
) -> None:
    def one(n: int) -> str | None:
        try:
            return ask(payment, 6_000, key=f"r{n}", minutes=n)
        except AppError:
            return None

    outcomes = race(app, one, times=8)
    assert len([number for number in outcomes if number]) == 1
    assert sums(payment) == (6_000, 0)


def test_the_database_itself_refuses_a_refund_beyond_the_payment(payment: Attempt) -> None:
    for column in ("refund_reserved_fen", "refunded_fen"):
        with pytest.raises(DatabaseError, match="refund"), transaction():
            db.session.execute(
                text(f"UPDATE payment SET {column} = 9901 WHERE id = :id"),  # noqa: S608 - two names above
                {"id": payment.id},
            )


def test_a_refund_succeeds_once(app: Flask, payment: Attempt) -> None:
    number = ask(payment, 900)
    fact = stated(payment, number, RefundStatus.SUCCEEDED, 900)
    outcomes = race(app, lambda _: apply(payment, fact), times=16)
    assert outcomes.count(RefundOutcome.SUCCEEDED) == 1
    assert outcomes.count(RefundOutcome.REPEAT) == 15
    assert sums(payment) == (900, 900)


STATES = (RefundStatus.PROCESSING, RefundStatus.ABNORMAL, RefundStatus.SUCCEEDED)


@pytest.mark.parametrize("order", list(permutations(STATES)))
def test_the_order_of_arrival_does_not_matter(
    payment: Attempt, order: tuple[RefundStatus, ...]
) -> None:
    number = ask(payment, 900)
    outcomes = [apply(payment, stated(payment, number, status, 900)) for status in order]
    assert outcomes.count(RefundOutcome.SUCCEEDED) == 1
    assert refunds_of_order(payment.order_id)[0].status == "succeeded"
    assert sums(payment) == (900, 900)


def test_a_notice_may_come_before_the_answer_of_the_call(payment: Attempt) -> None:
    number = ask(payment, 900)
    fact = stated(payment, number, RefundStatus.SUCCEEDED, 900)
    assert apply(payment, fact) is RefundOutcome.SUCCEEDED
    with transaction():
        record_refund_unknown(refund_id=refunds_of_order(payment.order_id)[0].id)
    assert refunds_of_order(payment.order_id)[0].status == "succeeded"


def test_a_failed_refund_frees_its_money_for_a_new_number(payment: Attempt) -> None:
    number = ask(payment, 9_900)
    closed = stated(payment, number, RefundStatus.CLOSED, 9_900)
    assert apply(payment, closed) is RefundOutcome.FAILED
    assert apply(payment, closed) is RefundOutcome.REPEAT
    assert sums(payment) == (0, 0)
    assert exception_kinds() == ["refund_closed"]
    assert ask(payment, 9_900, key="r2", minutes=1) != number


def test_success_after_failure_is_shown_and_books_nothing(payment: Attempt) -> None:
    number = ask(payment, 900)
    apply(payment, stated(payment, number, RefundStatus.CLOSED, 900))
    success = stated(payment, number, RefundStatus.SUCCEEDED, 900)
    assert apply(payment, success) is RefundOutcome.REPEAT
    assert exception_kinds() == ["refund_closed", "refund_mismatch"]


def test_an_abnormal_refund_is_shown_and_stays_under_way(payment: Attempt) -> None:
    number = ask(payment, 900)
    assert (
        apply(payment, stated(payment, number, RefundStatus.ABNORMAL, 900)) is RefundOutcome.NOTED
    )
    assert exception_kinds() == ["refund_abnormal"]
    assert sums(payment) == (900, 0)
    with transaction():
        assert len(refunds_to_chase(asked_before=LATER, now=LATER + MINUTE)) == 1
        assert refunds_to_chase(asked_before=LATER, now=LATER + MINUTE) == []


def test_a_refund_of_another_amount_is_shown(payment: Attempt) -> None:
    number = ask(payment, 900)
    fact = stated(payment, number, RefundStatus.SUCCEEDED, 901)
    assert apply(payment, fact) is RefundOutcome.MISMATCH
    assert exception_kinds() == ["refund_mismatch"]
    assert sums(payment) == (900, 0)


def test_a_refund_nobody_asked_us_for_is_shown(payment: Attempt) -> None:
    fact = stated(payment, "RF-by-hand", RefundStatus.SUCCEEDED, 900)
    assert apply(payment, fact) is RefundOutcome.UNKNOWN
    assert exception_kinds() == ["unknown_refund"]
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 0


def test_the_platforms_words_are_ours() -> None:
    for word, status in (
        ("PROCESSING", RefundStatus.PROCESSING),
        ("SUCCESS", RefundStatus.SUCCEEDED),
        ("CLOSED", RefundStatus.CLOSED),
        ("ABNORMAL", RefundStatus.ABNORMAL),
    ):
        said = Said("PY1", "42", "RF1", "50", word, 900, 9_900, success_at=LATER)
        assert refund_fact(said) == RefundFact("RF1", "PY1", "50", status, 900, LATER)
    with pytest.raises(Malformed):
        refund_fact(Said("PY1", "42", "RF1", "50", "MAYBE", 900, 9_900))
