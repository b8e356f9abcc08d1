"""Whatever happens to paid lines in whatever order: reps have what a count from scratch gives."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_rep
from settlement.accruals import accrue, start_vesting, vest
from settlement.models import Milestone, ShareRole
from settlement.queries import due_accruals, income_of
from settlement.refunds import RefundExceedsLine, forfeit, take_back
from settlement.rules import LineFacts, Share
from tests.settlement.world import DAY, NOON, World, add_rep, assert_books_balance, free, held
from wx_backend.db import transaction

RATE_BP = 777
_names = count(1)


@dataclass
class Sold:
    """What the model remembers of a line."""

    line: LineFacts
    developer_bp: int
    refunds: list[int] = field(default_factory=list)
    is_accrued: bool = False
    is_forfeited: bool = False
    received_at: datetime | None = None

    def amounts(self) -> list[int]:
        """What the two reps earned, counted with fractions the long way round."""
        total = self.line.paid_fen * RATE_BP // 10_000
        acceptor = total * (10_000 - self.developer_bp) // 10_000
        developer = total * self.developer_bp // 10_000
        return [developer + (total - developer - acceptor), acceptor]

    def left(self) -> list[int]:
        """What refunds have left of it."""
        if not self.is_accrued or self.is_forfeited:
            return [0, 0]
        refunded, paid = sum(self.refunds), self.line.paid_fen
        return [amount - amount * refunded // paid for amount in self.amounts()]

    def is_free(self, now: datetime) -> bool:
        return self.received_at is not None and now >= self.received_at + 7 * DAY


class Sales(RuleBasedStateMachine):
    """Two reps of this run's own sell; days pass, money comes back, pay-outs leave."""

    world: World
    lines = Bundle("lines")

    @initialize()
    def hire(self) -> None:
        self.now = NOON
        self.paid_out = [0, 0]
        self.sold: list[Sold] = []
        with transaction():
            self.reps = [add_rep(f"R{next(_names)}", self.world.outlet_id) for _ in range(2)]

    @rule(target=lines, paid_fen=st.integers(1, 3_000), developer_bp=st.integers(1, 9_999))
    def sell(self, paid_fen: int, developer_bp: int) -> Sold:
        sold = Sold(self.world.line(paid_fen), developer_bp)
        self.sold.append(sold)
        return sold

    @rule(sold=lines)
    def pay(self, sold: Sold) -> None:
        shares = [
            Share(self.reps[0], ShareRole.DEVELOPER, sold.developer_bp),
            Share(self.reps[1], ShareRole.ACCEPTOR, 10_000 - sold.developer_bp),
        ]
        with transaction():
            is_new = accrue(line=sold.line, shares=shares, now=self.now)
        assert is_new == (not sold.is_accrued and sum(sold.amounts()) > 0)
        sold.is_accrued = sold.is_accrued or is_new

    @rule(sold=lines)
    def receive(self, sold: Sold) -> None:
        with transaction():
            start_vesting(
                order_line_id=sold.line.order_line_id,
                milestone=Milestone.RECEIVED,
                reached_at=self.now,
            )
        sold.received_at = sold.received_at or self.now

    @rule(sold=lines, part=st.integers(1, 1_500))
    def refund(self, sold: Sold, part: int) -> None:
        number = len(sold.refunds)
        if sum(sold.refunds) + part > sold.line.paid_fen and not sold.is_accrued:
            return  # the order itself refuses this; only with commission is it settlement's matter
        try:
            self.take_back(sold, part, number)
        except RefundExceedsLine:
            assert sum(sold.refunds) + part > sold.line.paid_fen
            return
        sold.refunds.append(part)
        assert self.take_back(sold, part, number) == 0

    def take_back(self, sold: Sold, part: int, number: int) -> int:
        with transaction():
            return take_back(
                order_line_id=sold.line.order_line_id,
                refunded_fen=part,
                refund_key=f"RF{number}",
                now=self.now,
            )

    @rule(sold=lines)
    def give_up(self, sold: Sold) -> None:
        left = sum(sold.left())
        with transaction():
            assert forfeit(order_line_id=sold.line.order_line_id, now=self.now) == left
        sold.is_forfeited = True

    @rule(days=st.integers(1, 8))
    def wait(self, days: int) -> None:
        self.now += days * DAY

    @rule(rep=st.integers(0, 1))
    def pay_out(self, rep: int) -> None:
        self.free_what_is_due()
        amount = free(self.reps[rep])
        if amount <= 0:
            return
        payable, transit = AccountKind.COMMISSION_PAYABLE, AccountKind.PAYOUT_TRANSIT
        legs = [debit(of_rep(payable, self.reps[rep]), amount)]
        legs.append(credit(of_rep(transit, self.reps[rep]), amount))
        with transaction():
            post(kind="payout", key=f"payout:{next(_names)}", legs=legs, now=self.now)
        self.paid_out[rep] += amount

    def free_what_is_due(self) -> None:
        with transaction():
            for accrual_id in due_accruals(now=self.now, limit=100):
                assert vest(accrual_id=accrual_id, now=self.now)

    @invariant()
    def reps_have_what_a_count_from_scratch_gives(self) -> None:
        if not hasattr(self, "reps"):
            return
        self.free_what_is_due()
        for rep, rep_id in enumerate(self.reps):
            waiting = [sold.left()[rep] for sold in self.sold if not sold.is_free(self.now)]
            freed = [sold.left()[rep] for sold in self.sold if sold.is_free(self.now)]
            assert held(rep_id) == sum(waiting)
            assert free(rep_id) == sum(freed) - self.paid_out[rep]
            assert income_of(rep_id).paid_fen == self.paid_out[rep]

    def teardown(self) -> None:
        assert_books_balance()


@pytest.mark.timeout(240)
def test_reps_always_have_what_a_count_from_scratch_gives(world: World) -> None:
    world.rate(RATE_BP)
    Sales.world = world
    run_state_machine_as_test(
        Sales,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
