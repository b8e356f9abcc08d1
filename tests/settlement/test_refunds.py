"""A refund takes commission back in proportion, to the fen, wherever it is by then."""

import pytest

from ledger.models import AccountKind
from settlement.accruals import accrue
from settlement.queries import commissions_of_line, income_of
from settlement.refunds import DifferentRefund, RefundExceedsLine, forfeit
from settlement.rules import Scope
from tests.settlement.world import (
    ALICE,
    CAROL,
    COMMISSION,
    NOON,
    World,
    assert_books_balance,
    company,
    free,
    held,
    pay_out,
    refund,
    vest_all,
)
from wx_backend.db import transaction


@pytest.mark.parametrize(
    "pieces",
    [[199_900], [1, 199_899], [66_633, 66_633, 66_634], [1] * 10 + [199_890], [99_950] * 2],
)
def test_refunds_in_pieces_leave_what_one_refund_leaves(world: World, pieces: list[int]) -> None:
    world.rate()
    line = world.accrued()

    taken = [refund(line, fen, f"RF{number}") for number, fen in enumerate(pieces)]

    assert sum(taken) == COMMISSION
    assert held(world.alice) == held(world.carol) == 0
    assert company(AccountKind.COMMISSION_EXPENSE) == 0
    assert_books_balance()


def test_half_a_refund_takes_half_from_each(world: World) -> None:
    world.rate()
    line = world.accrued()

    assert refund(line, 99_950) == 2_330 + 998
    assert (held(world.alice), held(world.carol)) == (ALICE - 2_330, CAROL - 998)


def test_only_what_a_refund_left_becomes_free(world: World) -> None:
    world.rate()
    line = world.accrued()
    refund(line, 99_950)
    vest_all(line)

    assert (held(world.alice), free(world.alice)) == (0, ALICE - 2_330)


def test_a_fully_refunded_line_frees_nothing(world: World) -> None:
    world.rate()
    line = world.accrued()
    refund(line, line.paid_fen)
    vest_all(line)

    assert held(world.alice) == free(world.alice) == 0
    assert_books_balance()


def test_a_refund_after_the_pay_out_leaves_the_rep_owing_until_he_earns_again(
    world: World,
) -> None:
    world.rate()
    first = world.accrued()
    vest_all(first)
    pay_out(world.alice, ALICE)

    assert refund(first, first.paid_fen) == COMMISSION
    assert free(world.alice) == -ALICE
    assert company(AccountKind.CLAWBACK) == -COMMISSION
    assert income_of(world.alice).paid_fen == ALICE

    vest_all(world.accrued())
    assert free(world.alice) == 0
    assert_books_balance()


def test_what_one_line_lost_is_not_taken_from_what_another_still_holds(world: World) -> None:
    world.rate()
    first, second = world.accrued(), world.accrued()
    vest_all(first)
    refund(first, first.paid_fen)

    assert free(world.alice) == 0
    assert held(world.alice) == ALICE
    assert [part.net_fen for part in commissions_of_line(second.order_line_id)] == [ALICE, CAROL]


def test_a_repeated_refund_takes_nothing(world: World) -> None:
    world.rate()
    line = world.accrued()

    assert refund(line, 99_950) > 0
    assert refund(line, 99_950) == 0
    with pytest.raises(DifferentRefund):
        refund(line, 99_951)


def test_no_more_is_refunded_than_was_paid(world: World) -> None:
    world.rate()
    line = world.accrued()
    refund(line, 199_000, "RF1")
    with pytest.raises(RefundExceedsLine):
        refund(line, 901, "RF2")


def test_the_original_rate_counts_whatever_the_rate_is_now(world: World) -> None:
    rule_id = world.rate()
    line = world.accrued()
    world.rate(5_000, scope=Scope(product_id=world.product_id))

    assert refund(line, line.paid_fen) == COMMISSION
    assert commissions_of_line(line.order_line_id)[0].rate_rule_id == rule_id


def test_a_refund_before_the_accrual_is_not_forgotten(world: World) -> None:
    world.rate()
    line = world.line()
    assert refund(line, 99_950) == 0

    with transaction():
        assert accrue(line=line, shares=world.both(), now=NOON)
    assert held(world.alice) == ALICE - 2_330
    assert refund(line, 99_950, "RF2") == COMMISSION - 2_330 - 998


def test_a_plan_that_was_never_activated_forfeits_what_is_left(world: World) -> None:
    world.rate()
    line = world.accrued(kind="plan")
    refund(line, 99_950)
    with transaction():
        assert forfeit(order_line_id=line.order_line_id, now=NOON) == COMMISSION - 2_330 - 998
        assert forfeit(order_line_id=line.order_line_id, now=NOON) == 0

    assert refund(line, 99_950, "RF2") == 0
    assert held(world.alice) == held(world.carol) == 0
    assert_books_balance()
