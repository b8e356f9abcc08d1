"""Orders paid, closed and refunded in any order, told by notice, query and bill in any order.

A small model knows what truly happened at WeChat Pay and what we were told of it; after every
step our rows must say what the model says.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import ClassVar

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from catalog.stock_by_hand import receive_stock
from flows.payment.settle import settle
from flows.refund.agree import LinesBack, refund_order_lines
from flows.refund.settle import settle_refund
from ledger.queries import amounts_of, posting_id, trial_balance, unbalanced_postings
from orders.models import OrderLine, SalesOrder
from orders.operations import close_order
from payments.attempts import Demand, close_attempt, open_attempt, start_prepay
from payments.models import Payment, Refund, RefundStatus
from payments.operations import Outcome, Source
from payments.refunds import RefundOutcome
from payments.rules import PaymentFact, RefundFact
from tests.catalog.shelf import assert_stock_conserved
from tests.conftest import MachineSize
from tests.console.world import APPID, MCHID, World, make_world, order
from tests.jobs import run_jobs
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError

_names = count(1)


@dataclass
class Given:
    """A refund: what it is for, how it went there, and what we heard."""

    number: str
    amount_fen: int
    states: list[RefundStatus] = field(default_factory=list)
    ended: RefundStatus | None = None


@dataclass
class Try:
    """An attempt to pay: whether it was paid there, and whether we heard of it."""

    payment_id: int
    number: str
    amount_fen: int
    is_paid: bool = False
    is_ended: bool = False
    is_known: bool = False


@dataclass
class Ordered:
    """An order as the model knows it."""

    id: int
    line_id: int
    fen: int
    tries: list[Try] = field(default_factory=list)
    winner: Try | None = None
    is_closed: bool = False
    refunds: list[Given] = field(default_factory=list)
    last_asked: datetime | None = None

    @property
    def reserved(self) -> int:
        return sum(r.amount_fen for r in self.refunds if r.ended is not RefundStatus.CLOSED)

    @property
    def refunded(self) -> int:
        return sum(r.amount_fen for r in self.refunds if r.ended is RefundStatus.SUCCEEDED)

    @property
    def status(self) -> str:
        if self.winner is None:
            return "closed" if self.is_closed else "placed"
        if not self.refunded:
            return "paid"
        return "refunded" if self.refunded == self.fen else "part_refunded"


class Trade(RuleBasedStateMachine):
    """People order, pay twice, change their minds; messages are lost, doubled and late."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[Ordered] = []
        self.now = clock.now()

    def _any(self, n: int) -> Ordered:
        return self.orders[n % len(self.orders)]

    @precondition(lambda self: len(self.orders) < 3)
    @rule()
    def place(self) -> None:
        name = next(_names)
        order_id = order(self.world.bob, self.world.wares, self.world.tree.hall, f"order-{name}")
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
        self.orders.append(Ordered(order_id, line.id, line.paid_fen))
        db.session.rollback()

    @precondition(lambda self: self.orders)
    @rule(n=st.integers(0, 9))
    def try_to_pay(self, n: int) -> None:
        """The page opens the sheet; the open attempt is used again."""
        ordered = self._any(n)
        if ordered.is_closed or ordered.winner or len(ordered.tries) > 3:
            return
        with transaction():
            row = db.session.get_one(SalesOrder, ordered.id)
            demand = Demand(
                row.id, row.identity_id, MCHID, APPID, row.payable_fen, "手机", row.expires_at
            )
            attempt = open_attempt(demand=demand, now=self.now)
            start_prepay(payment_id=attempt.id)
            made = Try(attempt.id, attempt.out_trade_no, attempt.amount_fen)
        if made.number not in [each.number for each in ordered.tries]:
            ordered.tries.append(made)

    @precondition(lambda self: any(o.tries for o in self.orders))
    @rule(n=st.integers(0, 9))
    def believe_an_attempt_over(self, n: int) -> None:
        """Our side closes it and the platform was not told: it may still be paid."""
        for each in self._any(n).tries[-1:]:
            with transaction():
                close_attempt(payment_id=each.payment_id, now=self.now)

    @precondition(lambda self: any(o.tries for o in self.orders))
    @rule(n=st.integers(0, 9), k=st.integers(0, 3))
    def pay_there(self, n: int, k: int) -> None:
        tries = self._any(n).tries
        if tries and not tries[k % len(tries)].is_ended:
            tries[k % len(tries)].is_paid = True

    @precondition(lambda self: any(o.tries for o in self.orders))
    @rule(n=st.integers(0, 9), k=st.integers(0, 3), source=st.sampled_from(Source))
    def hear(self, n: int, k: int, source: Source) -> None:
        """A notice, a query's answer or a row of the bill comes, for the first time or again."""
        ordered = self._any(n)
        if ordered.tries:
            self._hear(ordered, ordered.tries[k % len(ordered.tries)], source)

    def _hear(self, ordered: Ordered, each: Try, source: Source) -> None:
        expected = self._expected(ordered, each)
        outcome = retried(lambda: settle(self._fact(each), source=source, now=self.now)).outcome
        assert outcome is expected
        each.is_known = each.is_paid
        if outcome is Outcome.SETTLED:
            ordered.winner = each
        run_jobs()

    def _expected(self, ordered: Ordered, each: Try) -> Outcome:
        if not each.is_paid:
            return Outcome.NOT_PAID
        if each.is_known:
            return Outcome.REPEAT
        if ordered.winner is not None:
            return Outcome.DOUBLE_PAYMENT
        return Outcome.PAID_AFTER_CLOSE if ordered.is_closed else Outcome.SETTLED

    def _fact(self, each: Try) -> PaymentFact:
        if not each.is_paid:
            return PaymentFact(MCHID, "", each.number, "NOTPAY")
        return PaymentFact(
            mchid=MCHID,
            appid=APPID,
            out_trade_no=each.number,
            trade_state="SUCCESS",
            transaction_id=f"4200{each.payment_id:012d}",
            amount_fen=each.amount_fen,
            currency="CNY",
            success_at=self.now,
        )

    @precondition(lambda self: self.orders)
    @rule(n=st.integers(0, 9))
    def close(self, n: int) -> None:
        """Its time is over: every attempt is asked about and ended there; money that came wins."""
        ordered = self._any(n)
        if ordered.winner or ordered.is_closed:
            return
        for each in ordered.tries[-1:]:
            self._hear(ordered, each, Source.QUERY)
            each.is_ended = not each.is_paid
        if ordered.winner is None:
            with transaction():
                for each in ordered.tries:
                    close_attempt(payment_id=each.payment_id, now=self.now)
                close_order(order_id=ordered.id, actor="system", cause="expired", now=self.now)
            ordered.is_closed = True

    @rule(seconds=st.sampled_from([1, 59, 61, 600]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: any(o.winner for o in self.orders))
    @rule(
        n=st.integers(0, 9), fen=st.sampled_from([0, 1, 50_000, 100_000, 199_899, 199_900, 199_901])
    )
    def give_back(self, n: int, fen: int) -> None:
        ordered = self._any(n)
        name = f"wish-{next(_names)}"
        back = LinesBack(ordered.id, {ordered.line_id: fen}, "不想要了", "staff:1", name)
        is_soon = ordered.last_asked and self.now < ordered.last_asked + timedelta(minutes=1)
        may = ordered.winner and 0 < fen <= ordered.fen - ordered.reserved and not is_soon
        try:
            refund_id = retried(lambda: refund_order_lines(back, now=self.now))
        except AppError:
            assert not may
            return
        assert may
        number = db.session.get_one(Refund, refund_id).out_refund_no
        db.session.rollback()
        ordered.refunds.append(Given(number, fen))
        ordered.last_asked = self.now

    @precondition(lambda self: any(o.refunds for o in self.orders))
    @rule(
        n=st.integers(0, 9),
        k=st.integers(0, 9),
        way=st.sampled_from([(), (RefundStatus.ABNORMAL,)]),
        is_good=st.booleans(),
    )
    def refund_there(self, n: int, k: int, way: tuple[RefundStatus, ...], is_good: bool) -> None:
        """The platform works on a refund; how it ends there is decided once."""
        refunds = self._any(n).refunds
        if refunds and not refunds[k % len(refunds)].states:
            end = RefundStatus.SUCCEEDED if is_good else RefundStatus.CLOSED
            refunds[k % len(refunds)].states = [RefundStatus.PROCESSING, *way, end]

    @precondition(lambda self: any(r.states for o in self.orders for r in o.refunds))
    @rule(n=st.integers(0, 9), k=st.integers(0, 9), which=st.integers(0, 9))
    def hear_of_refund(self, n: int, k: int, which: int) -> None:
        """Any state the refund went through is told, in any order, any number of times."""
        ordered = self._any(n)
        if ordered.refunds and ordered.refunds[k % len(ordered.refunds)].states:
            given = ordered.refunds[k % len(ordered.refunds)]
            self._tell_refund(ordered, given, given.states[which % len(given.states)])

    def _tell_refund(self, ordered: Ordered, given: Given, state: RefundStatus) -> None:
        assert ordered.winner
        fact = RefundFact(
            given.number, ordered.winner.number, f"503{given.number[2:]}", state, given.amount_fen
        )
        outcome = retried(lambda: settle_refund(fact, now=self.now)).outcome
        ends = {
            RefundStatus.SUCCEEDED: RefundOutcome.SUCCEEDED,
            RefundStatus.CLOSED: RefundOutcome.FAILED,
        }
        if state in ends and given.ended is None:
            assert outcome is ends[state]
            given.ended = state
        else:
            assert outcome in (RefundOutcome.NOTED, RefundOutcome.REPEAT)
        run_jobs()

    @invariant()
    def our_rows_say_what_the_model_says(self) -> None:
        db.session.rollback()
        for ordered in self.orders:
            assert db.session.get_one(SalesOrder, ordered.id).status == ordered.status
            line = db.session.get_one(OrderLine, ordered.line_id)
            assert (line.refund_reserved_fen, line.refunded_fen) == (
                ordered.reserved,
                ordered.refunded,
            )
            for each in ordered.tries:
                self._check_attempt(ordered, each)
        db.session.rollback()

    def _check_attempt(self, ordered: Ordered, each: Try) -> None:
        payment = db.session.get_one(Payment, each.payment_id)
        assert (payment.status == "succeeded") == each.is_known
        assert payment.is_winner == (each is ordered.winner)
        booked = posting_id(f"payment:{each.number}")
        assert (booked is not None) == each.is_known
        if booked is not None:
            assert sorted(amounts_of(booked).values()) == [-each.amount_fen, each.amount_fen]
        goes_back = db.session.scalars(select(Refund).where(Refund.key == f"back:{each.number}"))
        assert [refund.amount_fen for refund in goes_back] == (
            [each.amount_fen] if each.is_known and each is not ordered.winner else []
        )

    def teardown(self) -> None:
        """The bill tells the rest: no money there is unassigned here."""
        for ordered in self.orders:
            for each in ordered.tries:
                if each.is_paid:
                    self._hear(ordered, each, Source.BILL)
        self.our_rows_say_what_the_model_says()
        assert unbalanced_postings() == []
        assert sum(line.balance_fen for line in trial_balance()) == 0
        assert_stock_conserved()
        db.session.rollback()


@pytest.mark.timeout(0)
def test_whatever_happens_our_books_say_what_happened(
    app: Flask, machine_size: MachineSize
) -> None:
    assert app.testing
    Trade.world = make_world()
    with transaction():
        receive_stock(
            sku_id=Trade.world.wares.phone_id, quantity=100_000, actor="staff:1", now=clock.now()
        )
    run_state_machine_as_test(Trade, settings=machine_size(12, 25))
