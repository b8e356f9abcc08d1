"""Commission from the paid line to the free balance."""

from datetime import date

import pytest
from sqlalchemy import func, select

from ledger.models import AccountKind, Posting
from settlement.accruals import NoVestingTerms, accrue, start_vesting, vest
from settlement.models import Accrual, Milestone, ShareRole
from settlement.queries import (
    accruals_of_rep,
    commissions_of_line,
    commissions_of_rep,
    due_accruals,
    income_of,
)
from settlement.rates import set_vesting
from settlement.rules import Scope, Share
from tests.settlement.world import (
    ALICE,
    CAROL,
    COMMISSION,
    DAY,
    NOON,
    World,
    assert_books_balance,
    company,
    free,
    held,
    pay_out,
    receive,
    refund,
    vest_all,
)
from wx_backend import clock, outbox
from wx_backend.db import db, transaction


def test_a_paid_line_is_shared_and_held_to_the_fen(world: World) -> None:
    world.rate()
    line = world.accrued()

    assert (held(world.alice), held(world.carol)) == (ALICE, CAROL)
    assert company(AccountKind.COMMISSION_EXPENSE) == COMMISSION
    assert free(world.alice) == 0
    assert [(part.role, part.amount_fen) for part in commissions_of_line(line.order_line_id)] == [
        (ShareRole.DEVELOPER, ALICE),
        (ShareRole.ACCEPTOR, CAROL),
    ]


def test_a_line_earns_once_however_often_it_is_told(world: World) -> None:
    world.rate()
    line = world.accrued()
    with transaction():
        assert not accrue(line=line, shares=world.both(), now=NOON)
        assert not accrue(line=line, shares=world.alone(), now=NOON)

    assert held(world.alice) + held(world.carol) == COMMISSION


def test_another_event_of_the_line_earns_by_itself(world: World) -> None:
    world.rate()
    line = world.accrued()
    with transaction():
        assert accrue(line=line, shares=world.alone(), now=NOON, event="first_top_up")

    assert held(world.alice) == ALICE + COMMISSION
    assert refund(line, line.paid_fen) == 2 * COMMISSION
    assert held(world.alice) == held(world.carol) == 0


def test_an_own_purchase_earns_nothing_and_a_refund_takes_nothing(world: World) -> None:
    world.rate()
    line = world.line()
    with transaction():
        assert not accrue(line=line, shares=[], now=NOON)

    assert refund(line, line.paid_fen) == 0
    assert db.session.scalar(select(func.count(Posting.id))) == 0


@pytest.mark.parametrize("rate_bp", [None, 0])
def test_a_line_without_a_rate_earns_nothing(world: World, rate_bp: int | None) -> None:
    if rate_bp is not None:
        world.rate(rate_bp)
    line = world.line()
    with transaction():
        assert not accrue(line=line, shares=world.both(), now=NOON)

    assert commissions_of_line(line.order_line_id) == []


def test_an_empty_share_is_no_share(world: World) -> None:
    world.rate()
    line = world.line()
    shares = [*world.alone(), Share(world.carol, ShareRole.ACCEPTOR, 0)]
    with transaction():
        assert accrue(line=line, shares=shares, now=NOON)

    assert held(world.alice) == COMMISSION


def test_one_rep_in_both_roles_gets_both_parts(world: World) -> None:
    world.rate()
    developer, acceptor = world.both()
    shares = [developer, Share(world.alice, acceptor.role, acceptor.share_bp)]
    with transaction():
        assert accrue(line=world.line(), shares=shares, now=NOON)

    assert held(world.alice) == COMMISSION


def test_the_narrowest_rate_is_kept_with_the_line(world: World) -> None:
    world.rate(100)
    own = world.rate(200, scope=Scope(category_id=world.category_id, channel_class="own_hall"))
    world.rate(300, scope=Scope(channel_class="franchise"))
    line = world.accrued(100_000)

    assert {part.rate_rule_id for part in commissions_of_line(line.order_line_id)} == {own}
    assert held(world.alice) + held(world.carol) == 2_000


def test_commission_is_free_seven_days_after_the_goods_arrived(world: World) -> None:
    world.rate()
    line = world.accrued()
    receive(line)

    early, due = NOON + 7 * DAY - DAY / 86_400, NOON + 7 * DAY
    assert due_accruals(now=early, limit=10) == []
    (accrual_id,) = due_accruals(now=due, limit=10)
    with transaction():
        assert not vest(accrual_id=accrual_id, now=early)
        assert vest(accrual_id=accrual_id, now=due)
        assert not vest(accrual_id=accrual_id, now=due)

    assert (held(world.alice), free(world.alice)) == (0, ALICE)
    assert due_accruals(now=due, limit=10) == []
    assert_books_balance()


@pytest.mark.parametrize(("days_ago", "freed"), [(6, 0), (8, ALICE)])
def test_a_job_waits_until_the_days_are_over(world: World, days_ago: int, freed: int) -> None:
    world.rate()
    line = world.accrued()
    with transaction():
        start_vesting(
            order_line_id=line.order_line_id,
            milestone=Milestone.RECEIVED,
            reached_at=clock.now() - days_ago * DAY,
        )

    assert all(outbox.run(claim) for claim in outbox.claim(outbox.WORK, limit=10))
    assert free(world.alice) == freed


def test_a_plan_waits_for_activation_not_for_the_parcel(world: World) -> None:
    world.rate()
    line = world.accrued(kind="plan")
    receive(line)
    assert due_accruals(now=NOON + 400 * DAY, limit=10) == []

    with transaction():
        first = start_vesting(
            order_line_id=line.order_line_id, milestone=Milestone.ACTIVATED, reached_at=NOON
        )
        again = start_vesting(
            order_line_id=line.order_line_id, milestone=Milestone.ACTIVATED, reached_at=NOON + DAY
        )
    assert (len(first), again) == (1, [])
    assert due_accruals(now=NOON + 30 * DAY, limit=10) == first


def test_terms_of_the_day_of_payment_hold_for_the_line(world: World) -> None:
    world.rate()
    with transaction():
        set_vesting(
            product_kind="goods",
            milestone=Milestone.RECEIVED,
            hold_days=15,
            valid_from=date(2026, 3, 2),
        )
        set_vesting(
            product_kind="goods",
            milestone=Milestone.RECEIVED,
            hold_days=0,
            valid_from=date(2026, 3, 3),
        )
    receive(world.accrued())

    assert due_accruals(now=NOON + 14 * DAY, limit=10) == []
    assert len(due_accruals(now=NOON + 15 * DAY, limit=10)) == 1


def test_a_kind_without_terms_is_refused_not_lost(world: World) -> None:
    world.rate()
    line = world.line(kind="sim")
    with transaction():
        assert accrue(line=line, shares=world.both(), now=NOON)
    unheard = world.line(kind="insurance")
    with pytest.raises(NoVestingTerms), transaction():
        accrue(line=unheard, shares=world.both(), now=NOON)


def test_income_shows_where_everything_earned_is(world: World) -> None:
    world.rate()
    first, second, third = world.accrued(), world.accrued(), world.accrued()
    vest_all(first)
    refund(second, second.paid_fen)
    pay_out(world.alice, 1_000)

    income = income_of(world.alice)
    assert income.earned_fen == 3 * ALICE
    assert income.taken_back_fen == ALICE
    assert income.held_fen == ALICE
    assert income.free_fen == ALICE - 1_000
    assert income.paid_fen == 1_000
    (newest,) = accruals_of_rep(world.alice, limit=1)
    older = accruals_of_rep(world.alice, limit=5, before_id=newest)
    his = commissions_of_rep(world.alice, [newest, *older])
    assert [part.order_line_id for (part,) in his.values()] == [
        line.order_line_id for line in (third, second, first)
    ]


def test_a_commission_too_small_to_share_goes_to_the_developer(world: World) -> None:
    world.rate()
    line = world.accrued(31)

    assert [part.amount_fen for part in commissions_of_line(line.order_line_id)] == [1, 0]
    assert refund(line, 31) == 1
    assert db.session.scalar(select(Accrual.refunded_fen)) == 31
