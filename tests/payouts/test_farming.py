"""A rep who is looked into is paid nothing meanwhile, nobody else waits, and afterwards he is paid once."""

from sqlalchemy import select

from flows.payout.calls import chase_transfers
from flows.payout.mine import confirm_sheet
from flows.payout.receivers import LOOKED_INTO
from referral.farming.models import FarmingFlag, FarmingKind, FarmingVerdict, Source
from referral.farming.operations import Decision, decide_flag, raise_flag
from referral.farming.rules import Seen
from settlement.payouts.models import PayoutStatus, Rail
from tests.jobs import run_jobs
from tests.payouts.world import (
    World,
    approve,
    assert_books_balance,
    free,
    payout_to,
    propose,
    released,
    statuses,
)
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock, outbox
from wx_backend.db import retried, transaction

READY, SENT, LEFT_OUT = PayoutStatus.READY, PayoutStatus.SENT, PayoutStatus.LEFT_OUT


def decided(rep_id: int, verdict: FarmingVerdict) -> None:
    """Somebody decides on the flag of a rep, which is raised if there is none."""
    now = clock.now()
    with transaction() as session:
        seen = Seen(Source.SCAN, 1, 1, now)
        raise_flag(rep_id=rep_id, kind=FarmingKind.NEWCOMERS, rows=[seen], now=now)
        flag = session.scalars(select(FarmingFlag).where(FarmingFlag.rep_id == rep_id)).one()
        was = FarmingVerdict(flag.verdict) if flag.verdict else None
        decision = Decision(was, verdict, "核查", rows=1)
        decide_flag(flag_id=flag.id, decision=decision, actor="staff:3", now=now)


def test_he_is_in_no_new_batch_until_it_is_decided_otherwise(world: World) -> None:
    decided(world.alice, FarmingVerdict.HELD)
    number = released(world)
    assert (statuses(number)["爱丽丝"], statuses(number)["艾米"]) == (LEFT_OUT, READY)
    assert payout_to("爱丽丝").reason == LOOKED_INTO
    assert free(world.alice) == 5_000, "it is still his"
    decided(world.alice, FarmingVerdict.LOOKED_INTO)
    assert statuses(released(world))["爱丽丝"] == READY
    assert free(world.alice) == 0
    assert_books_balance()


def test_he_is_left_out_when_a_batch_of_before_is_released(world: World) -> None:
    number = propose(world)
    decided(world.alice, FarmingVerdict.HELD)
    approve(world, number)
    world.work_here()
    assert (statuses(number)["爱丽丝"], statuses(number)["艾米"]) == (LEFT_OUT, READY)
    assert payout_to("爱丽丝").reason == LOOKED_INTO
    assert free(world.alice) == 5_000
    assert_books_balance()


def test_a_transfer_that_was_released_waits_and_goes_once(paying: World, stage: Stage) -> None:
    number = propose(paying, rail=Rail.TRANSFER)
    approve(paying, number)
    run_jobs(outbox.WORK)
    assert statuses(number)["爱丽丝"] == READY
    decided(paying.alice, FarmingVerdict.HELD)
    paying.work()
    _an_hour_on(paying)
    assert (statuses(number)["爱丽丝"], statuses(number)["艾米"]) == (READY, SENT)
    decided(paying.alice, FarmingVerdict.HARMLESS)
    _an_hour_on(paying)
    assert statuses(number)["爱丽丝"] == SENT
    for name, person, rep_id in (("爱丽丝", "Alice", paying.alice), ("艾米", "Amy", paying.amy)):
        sheet = confirm_sheet(number=payout_to(name).number, rep_id=rep_id, appid=SHOP)
        stage.act(person, "confirm_transfer", **sheet)
    paying.work()
    assert sorted(fact["amount_fen"] for fact in stage.facts("transfer")) == [2_000, 5_000]
    assert_books_balance()


def _an_hour_on(world: World) -> None:
    """What was forgotten is taken up again."""
    world.pass_time(minutes=61)
    retried(lambda: chase_transfers(now=clock.now()))
    world.work()
