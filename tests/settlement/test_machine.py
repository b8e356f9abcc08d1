"""Whatever happens to paid lines in whatever order: reps have what a count from scratch gives."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

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
from ledger.queries import balance
from ledger.values import credit, debit, of_node, of_rep
from org.models import OrgNode, Tier
from org.reps import disable_rep, enable_rep
from settlement.accruals import accrue, start_vesting, vest
from settlement.cascade import Above
from settlement.models import Milestone, Receiver, ShareRole
from settlement.queries import due_accruals, income_of
from settlement.refunds import RefundExceedsLine, forfeit, take_back
from settlement.rules import LineFacts, Scope, Share
from tests.conftest import MachineSize
from tests.settlement.world import DAY, NOON, World, add_rep, assert_books_balance, free, held
from wx_backend.db import db, transaction

RATE_BP, OUTLET_BP = 777, 901
OUTLET = 2  # who comes after the two reps in what the model counts
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
    freed: set[int] = field(default_factory=set)

    def amounts(self) -> list[int]:
        """What the two reps and the outlet earned, counted the long way round."""
        total = self.line.paid_fen * RATE_BP // 10_000
        acceptor = total * (10_000 - self.developer_bp) // 10_000
        developer = total * self.developer_bp // 10_000
        outlet = self.line.paid_fen * OUTLET_BP // 10_000 - total
        return [developer + (total - developer - acceptor), acceptor, outlet]

    def left(self) -> list[int]:
        """What refunds have left of it."""
        if not self.is_accrued or self.is_forfeited:
            return [0, 0, 0]
        refunded, paid = sum(self.refunds), self.line.paid_fen
        return [amount - amount * refunded // paid for amount in self.amounts()]

    def is_due(self, now: datetime) -> bool:
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
        self.disabled: set[int] = set()
        with transaction():
            outlet = OrgNode(tier=Tier.OUTLET, code=f"M{next(_names)}", name="模型厅")
            db.session.add(outlet)
            db.session.flush()
            self.outlet_id = outlet.id
            self.reps = [add_rep(f"R{next(_names)}", outlet.id) for _ in range(2)]

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
            above = Above(nodes={Receiver.OUTLET: self.outlet_id})
            is_new = accrue(line=sold.line, shares=shares, above=above, now=self.now)
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

    @rule(rep=st.integers(0, 1))
    def disable_or_enable(self, rep: int) -> None:
        self.free_what_is_due()
        is_disabled = rep in self.disabled
        with transaction():
            (enable_rep if is_disabled else disable_rep)(rep_id=self.reps[rep])
        self.disabled ^= {rep}

    def free_what_is_due(self) -> None:
        with transaction():
            for accrual_id in due_accruals(now=self.now, limit=100):
                assert vest(accrual_id=accrual_id, now=self.now)
        for sold in self.sold:
            if sold.is_accrued and sold.is_due(self.now):
                sold.freed |= {0, 1, OUTLET} - self.disabled

    @invariant()
    def everybody_has_what_a_count_from_scratch_gives(self) -> None:
        if not hasattr(self, "reps"):
            return
        self.free_what_is_due()
        for rep, rep_id in enumerate(self.reps):
            waiting, freed = self.counted(rep)
            assert held(rep_id) == waiting
            assert free(rep_id) == freed - self.paid_out[rep]
            assert income_of(rep_id).paid_fen == self.paid_out[rep]
        held_by_outlet = of_node(AccountKind.COMMISSION_HELD, self.outlet_id)
        free_at_outlet = of_node(AccountKind.COMMISSION_PAYABLE, self.outlet_id)
        assert (-balance(held_by_outlet), -balance(free_at_outlet)) == self.counted(OUTLET)

    def counted(self, receiver: int) -> tuple[int, int]:
        """What should be held for and free to somebody."""
        waiting = [each.left()[receiver] for each in self.sold if receiver not in each.freed]
        freed = [each.left()[receiver] for each in self.sold if receiver in each.freed]
        return sum(waiting), sum(freed)

    def teardown(self) -> None:
        assert_books_balance()


def test_reps_always_have_what_a_count_from_scratch_gives(
    world: World, machine_size: MachineSize
) -> None:
    world.rate(RATE_BP)
    world.rate(OUTLET_BP, scope=Scope(receiver=Receiver.OUTLET))
    Sales.world = world
    run_state_machine_as_test(Sales, settings=machine_size(12, 15))
