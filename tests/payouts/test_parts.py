"""Who earned more than one transfer takes is paid in parts: each by itself, together to the fen."""

import pytest

from flows.payout.batches import AFTER_RELEASE, chase_releases, release_batch
from flows.payout.calls import chase_transfers
from flows.payout.mine import confirm_sheet, my_payouts
from ledger.models import AccountKind, OwnerKind
from ledger.values import of_company, of_merchant
from settlement.payouts import release
from settlement.payouts.models import BatchStatus, Payout, PayoutStatus, Rail
from settlement.payouts.rules import (
    PARTS_MAX,
    Amounts,
    Limits,
    Terms,
    no_transfer,
    parted,
    transfers_for,
)
from settlement.statements.models import Movement
from settlement.statements.movements import lines_between
from tests.payouts.world import (
    PLAIN,
    World,
    approve,
    assert_books_balance,
    batch,
    free,
    give,
    on,
    payouts,
    propose,
    released,
    take,
    transit,
)
from tests.racing import race
from tests.simulator.stage import MCHID, SHOP, Stage
from wx_backend import clock, crash, outbox
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction
from wx_backend.outbox import defer

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
FUNDS = of_merchant(AccountKind.PAYOUT_FUNDS, MCHID)
LIMITS = Limits(single_fen=20_000, day_fen=200_000)
SENT, PAID, FAILED = PayoutStatus.SENT, PayoutStatus.PAID, PayoutStatus.FAILED
ALL = 1_205_001  # what Alice has: three parts, of which two are not equal to the third


@pytest.mark.parametrize("net_fen", [1, 20_000, 20_001, 39_999, 40_001, 199_999, 200_000])
@pytest.mark.parametrize(("tax_fen", "fee_fen"), [(0, 0), (7, 3), (12_345, 100)])
def test_parts_are_within_the_limit_and_come_to_the_whole(
    net_fen: int, tax_fen: int, fee_fen: int
) -> None:
    whole = Amounts(net_fen + tax_fen + fee_fen, tax_fen, fee_fen)
    parts = parted(whole, transfers_for(net_fen, LIMITS))

    assert sum(part.net_fen for part in parts) == net_fen
    assert sum(part.gross_fen for part in parts) == whole.gross_fen
    assert sum(part.tax_fen for part in parts) == tax_fen
    assert sum(part.fee_fen for part in parts) == fee_fen
    assert all(0 < part.net_fen <= LIMITS.single_fen for part in parts)
    assert max(part.net_fen for part in parts) - min(part.net_fen for part in parts) <= 1


@pytest.mark.parametrize(
    ("net_fen", "limits", "why"),
    [
        (9, LIMITS, "最低金额"),
        (10, LIMITS, ""),
        (200_000, LIMITS, ""),
        (200_001, LIMITS, "一天的限额"),
        (300_000, Limits(single_fen=500_000, day_fen=200_000), ""),
        (PARTS_MAX * 100, Limits(single_fen=100, day_fen=200_000), ""),
        (PARTS_MAX * 100 + 1, Limits(single_fen=100, day_fen=200_000), "单笔限额"),
    ],
)
def test_what_no_transfer_brings_is_said(net_fen: int, limits: Limits, why: str) -> None:
    said = no_transfer(net_fen, limits)
    assert why in said
    assert bool(said) == bool(why)


@pytest.fixture
def rich(paying: World, stage: Stage) -> World:
    """Alice has three times what one transfer takes, nearly; WeChat knows her name. It is noon."""
    paying.pass_to_noon()
    stage.control("PUT", "/people/Alice", real_name="爱丽丝")
    give(paying.alice, ALL - 5_000, "much")
    return paying


def parts() -> list[Payout]:
    """Alice's, of her newest batch."""
    mine = [each for each in payouts() if each.receiver_name == "爱丽丝"]
    return [each for each in mine if each.batch_id == mine[-1].batch_id]


def collect(world: World, stage: Stage, *numbers: str) -> None:
    for number in numbers:
        db.session.rollback()
        sheet = confirm_sheet(number=number, rep_id=world.alice, appid=SHOP)
        said = stage.act("Alice", "confirm_transfer", **sheet)
        assert said["err_msg"] == "requestMerchantTransfer:ok"


def on_statement(rep_id: int) -> list[tuple[str, int]]:
    """The lines of a rep's statement about what was paid out."""
    today = business_on(clock.now())
    db.session.rollback()
    moved = lines_between(OwnerKind.REP, [rep_id], today, today)[rep_id]
    return [(each.reference, each.free_fen) for each in moved if each.movement is Movement.PAID]


def amounts(stage: Stage) -> list[int]:
    return sorted(int(fact["amount_fen"]) for fact in stage.facts("transfer"))


def test_each_part_is_asked_for_and_arrives_by_itself(rich: World, stage: Stage) -> None:
    terms = Terms(minimum_fen=100, fee_fen=100, tax_bp=1_000)
    number = released(rich, rail=Rail.TRANSFER, terms=terms)
    rich.work()
    tax, fee = ALL // 10, 100
    assert [(each.part, each.parts, each.status) for each in parts()] == [
        (part, 3, SENT) for part in (1, 2, 3)
    ]
    assert len({each.number for each in parts()}) == 3
    assert sum(each.gross_fen for each in parts()) == ALL
    assert (sum(each.tax_fen for each in parts()), sum(each.fee_fen for each in parts())) == (
        tax,
        fee,
    )
    assert all(each.sealed_name for each in parts()), "together they are above 2,000 yuan"
    assert [(each.row.part, each.waits) for each in my_payouts(rich.alice)] == [
        (part, True) for part in (1, 2, 3)
    ]
    assert (free(rich.alice), transit(rich.alice)) == (0, ALL - tax - fee)
    assert on_statement(rich.alice) == [
        (f"payout.send:{each.number}", -each.gross_fen) for each in parts()
    ]

    collect(rich, stage, *(each.number for each in parts()))
    rich.work()
    assert {each.status for each in parts()} == {PAID}
    assert sum(amounts(stage)) == ALL - tax - fee
    assert on(FUNDS) == -(ALL - tax - fee)
    amys_tax, amys_fee = 200, 100
    assert on(of_company(AccountKind.TAX_WITHHELD)) == -(tax + amys_tax)
    assert on(of_company(AccountKind.PAYOUT_FEE)) == -(fee + amys_fee)
    assert batch(number).status == BatchStatus.RELEASED, "Amy has not tapped"
    assert_books_balance()


def test_a_part_that_is_refused_is_free_again_and_the_others_arrive(
    rich: World, stage: Stage
) -> None:
    """WeChat's own limit for a day is lower than the one we know of."""
    stage.control("PUT", f"/merchants/{MCHID}", transfer_day_limit_fen=1_000_000)
    released(rich, rail=Rail.TRANSFER)
    rich.work()
    refused = [each for each in parts() if each.status == FAILED]
    waiting = [each for each in parts() if each.status == SENT]
    assert (len(refused), len(waiting)) == (1, 2)
    assert "RULE_LIMIT" in refused[0].reason
    assert free(rich.alice) == refused[0].gross_fen
    collect(rich, stage, *(each.number for each in waiting))
    rich.work()
    assert sum(amounts(stage)) == ALL - refused[0].gross_fen
    assert (free(rich.alice), transit(rich.alice)) == (refused[0].gross_fen, 0)

    rich.pass_time(days=1)
    released(rich, rail=Rail.TRANSFER)
    rich.work()
    collect(rich, stage, *(each.number for each in parts()))
    rich.work()
    assert sum(amounts(stage)) == ALL
    assert (free(rich.alice), transit(rich.alice)) == (0, 0)
    assert_books_balance()


def test_a_part_nobody_answered_for_is_queried_and_the_others_go_on(
    rich: World, stage: Stage
) -> None:
    take(rich.amy, 2_000)  # nobody but Alice is paid
    stage.chaos(BILLS, "drop_after")
    released(rich, rail=Rail.TRANSFER)
    rich.work()
    assert sorted(each.status for each in parts()) == ["sent", "sent", "unknown"]
    rich.pass_time(minutes=2)
    rich.work()
    assert {each.status for each in parts()} == {SENT}
    collect(rich, stage, *(each.number for each in parts()))
    rich.work()
    assert len(amounts(stage)) == 3
    assert sum(amounts(stage)) == ALL
    assert_books_balance()


def test_what_is_not_taken_for_a_day_comes_back_part_by_part(rich: World, stage: Stage) -> None:
    released(rich, rail=Rail.TRANSFER)
    rich.work()
    taken, *left = parts()
    collect(rich, stage, taken.number)
    rich.pass_time(hours=25)
    rich.work()
    assert [each.status for each in parts()] == [PAID, FAILED, FAILED]
    assert free(rich.alice) == sum(each.gross_fen for each in left)
    assert amounts(stage) == [taken.net_fen]
    assert_books_balance()


def test_all_parts_leave_or_none(rich: World) -> None:
    """A refund took some of it back after it was proposed."""
    number = propose(rich, rail=Rail.TRANSFER)
    take(rich.alice, 1)
    approve(rich, number)
    rich.work()
    assert {(each.status, each.reason) for each in parts()} == {("left_out", "可发余额已不足")}
    assert (free(rich.alice), transit(rich.alice)) == (ALL - 1, 0)


def test_the_parts_of_one_wait_in_one_undecided_batch(rich: World) -> None:
    first = propose(rich, rail=Rail.TRANSFER)
    give(rich.dave, 1_000, "more")
    second = propose(rich, terms=PLAIN)
    reasons = {each.receiver_name: each.reason for each in payouts(second)}
    assert reasons["爱丽丝"] == f"已在批次 {first} 中"
    assert len([each for each in payouts(second) if each.receiver_name == "爱丽丝"]) == 1


def test_a_file_pays_any_amount_at_once(rich: World) -> None:
    released(rich)
    assert [(each.part, each.parts, each.net_fen) for each in parts()] == [(1, 1, ALL)]


@pytest.mark.parametrize(
    "point", [AFTER_RELEASE, outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE]
)
def test_a_death_between_the_parts_pays_each_once(rich: World, stage: Stage, point: str) -> None:
    number = propose(rich, rail=Rail.TRANSFER)
    approve(rich, number)
    for _ in range(4):  # more than once: at another part each time
        crash.arm(point, crash.raise_crashed)
        try:
            rich.work()
        except crash.Crashed:
            db.session.rollback()
        crash.disarm()
        rich.pass_time(minutes=11)
        retried(lambda: chase_releases(now=clock.now()))
    rich.pass_time(hours=2)
    retried(lambda: chase_transfers(now=clock.now()))
    rich.work()
    assert [each.status for each in parts()] == [SENT] * 3
    collect(rich, stage, *(each.number for each in parts()))
    rich.work()
    assert len(amounts(stage)) == 3
    assert sum(amounts(stage)) == ALL
    assert on(FUNDS) == -ALL
    assert_books_balance()


def test_two_runners_at_once_release_and_ask_once(rich: World, stage: Stage) -> None:
    number = propose(rich, rail=Rail.TRANSFER)
    approve(rich, number)
    batch_id = batch(number).id
    for _ in range(3):
        with transaction():
            defer(release_batch, batch_id=batch_id)

    def run(_: int) -> None:
        for queue in (outbox.WORK, outbox.CALL):
            for held in outbox.claim(queue, limit=4):
                outbox.run(held)

    db.session.rollback()
    race(rich.app, run, times=8, threads=4)
    rich.work()
    assert [each.status for each in parts()] == [SENT] * 3
    collect(rich, stage, *(each.number for each in parts()))
    rich.work()
    assert sum(amounts(stage)) == ALL
    assert (free(rich.alice), transit(rich.alice)) == (0, 0)
    assert_books_balance()


def test_a_receiver_whose_turn_comes_last_is_not_torn_apart(
    rich: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One receiver at a time: all the parts of each in one transaction."""
    monkeypatch.setattr(release, "AT_ONCE", 1)
    number = propose(rich, rail=Rail.TRANSFER)
    approve(rich, number)
    rich.work_here()
    assert batch(number).status == BatchStatus.RELEASED
    assert {each.status for each in parts()} == {SENT}
    assert transit(rich.alice) == ALL
