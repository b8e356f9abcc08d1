"""One person is sent no more in a day than WeChat Pay allows, in however many batches: the rest goes on the next."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from flows.payout.batches import cancel_payout
from flows.payout.calls import chase_transfers
from flows.payout.mine import confirm_sheet, my_payouts
from settlement.payouts.days import WAITS
from settlement.payouts.models import Payout, PayoutStatus, Rail
from settlement.payouts.rules import Limits, is_for_another_day
from tests.jobs import run_jobs
from tests.payouts.world import (
    DAN,
    World,
    approve,
    assert_books_balance,
    give,
    payouts,
    propose,
    released,
    take,
    transit,
)
from tests.racing import race
from tests.simulator.stage import MCHID, SHOP, Stage
from wx_backend import clock, outbox
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import retried, transaction

DAY_FEN = 2_000_000
READY, SENT, PAID = PayoutStatus.READY, PayoutStatus.SENT, PayoutStatus.PAID


@pytest.mark.parametrize(
    ("net_fen", "sent_fen", "waits"),
    [(500, 1_500, False), (501, 1_500, True), (3_000, 0, False), (1, 2_000, True)],
)
def test_the_first_of_a_day_never_waits(net_fen: int, sent_fen: int, waits: bool) -> None:
    assert is_for_another_day(net_fen, sent_fen, Limits(1_000, 2_000)) is waits


@pytest.fixture
def day(paying: World, stage: Stage) -> World:
    """Noon. Alice has 15,000 yuan, which is three transfers; nobody else has any; WeChat refuses what is too much."""
    paying.pass_to_noon()
    stage.control("PUT", "/people/Alice", real_name="爱丽丝")
    stage.control("PUT", f"/merchants/{MCHID}", transfer_day_limit_fen=DAY_FEN)
    take(paying.amy, 2_000)
    give(paying.alice, 1_500_000 - 5_000, "much")
    return paying


def alices() -> list[Payout]:
    """All transfers to Alice, in turn."""
    return [each for each in payouts() if each.receiver_name == "爱丽丝"]


def stand() -> list[tuple[int, str]]:
    """How much leaves in each of them, and where it stands."""
    return [(each.net_fen, each.status) for each in alices()]


def collect(world: World, stage: Stage) -> None:
    """Alice taps on everything that waits for it."""
    for each in alices():
        if each.status == SENT:
            stage.act("Alice", "confirm_transfer", **_sheet(world, each.number))
    world.work()


def _sheet(world: World, number: str) -> dict[str, str]:
    return confirm_sheet(number=number, rep_id=world.alice, appid=SHOP)


def test_a_second_batch_of_a_day_waits_for_the_next_with_what_is_too_much(
    day: World, stage: Stage
) -> None:
    released(day, rail=Rail.TRANSFER)
    day.work()
    give(day.alice, 700_000, "more")
    released(day, rail=Rail.TRANSFER)
    day.work()
    assert stand() == [(500_000, SENT)] * 3 + [(350_000, SENT), (350_000, READY)]
    assert [each.reason for each in alices()[-2:]] == ["", WAITS]
    collect(day, stage)
    day.pass_time(hours=6)
    retried(lambda: chase_transfers(now=clock.now()))
    day.work()
    assert stand()[-1] == (350_000, READY), "paid counts as well as waiting for a tap"
    day.pass_time(hours=7)
    day.work()
    assert (stand()[-1], alices()[-1].reason) == ((350_000, SENT), "")
    collect(day, stage)
    assert {status for _, status in stand()} == {PAID}
    assert (sum(fact["amount_fen"] for fact in stage.facts("transfer")), transit(day.alice)) == (
        2_200_000,
        0,
    )
    assert_books_balance()


def test_what_was_asked_for_at_midnight_counts_for_the_new_day_as_well(day: World) -> None:
    """WeChat Pay took it a moment later, and refuses what is too much together with it."""
    released(day, rail=Rail.TRANSFER)
    day.work()
    day.pass_time(hours=13)
    day.work()  # WeChat Pay said when it took them
    local = clock.now().astimezone(SHANGHAI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction() as session:
        session.execute(update(Payout).values(asked_at=midnight - timedelta(seconds=1)))
    give(day.alice, 700_000, "more")
    released(day, rail=Rail.TRANSFER)
    day.work()
    assert stand() == [(500_000, SENT)] * 3 + [(350_000, SENT), (350_000, READY)]
    assert alices()[-1].reason == WAITS


def test_what_wechat_pay_took_on_the_next_day_only_counts_for_that_one(
    day: World, stage: Stage
) -> None:
    """Asked for in the evening, heard of by nobody; the clock finds it in the morning, and it is asked for again."""
    day.pass_time(hours=11)
    stage.chaos("/v3/fund-app/mch-transfer/transfer-bills", "fail_before", status=500, times=-1)
    released(day, rail=Rail.TRANSFER)
    day.work()
    assert {status for _, status in stand()} == {PayoutStatus.UNKNOWN}
    stage.control("DELETE", "/chaos")
    day.pass_time(hours=2)
    day.work()
    assert stand() == [(500_000, SENT)] * 3
    taken = {each.asked_at for each in alices() if each.asked_at is not None}
    assert {business_on(each) for each in taken} == {business_on(clock.now())}
    assert confirm_until(day) == {each + timedelta(hours=24) for each in taken}
    give(day.alice, 700_000, "more")
    released(day, rail=Rail.TRANSFER)
    day.work()
    assert stand()[3:] == [(350_000, SENT), (350_000, READY)]
    assert alices()[-1].reason == WAITS


def confirm_until(world: World) -> set[datetime]:
    """Until when Alice is told to tap."""
    return {each.until for each in my_payouts(world.alice) if each.until is not None}


def test_what_came_to_nothing_makes_room(day: World) -> None:
    first = released(day, rail=Rail.TRANSFER)
    day.work()
    give(day.alice, 700_000, "more")
    released(day, rail=Rail.TRANSFER)
    day.work()
    assert stand()[-1] == (350_000, READY)
    number, scope_id = alices()[0].number, day.tree.group
    retried(
        lambda: cancel_payout(
            number=first, payout_number=number, scope_id=scope_id, by=DAN, now=clock.now()
        )
    )
    for minutes in (0, 1, 61):
        day.pass_time(minutes=minutes)
        day.work()
    retried(lambda: chase_transfers(now=clock.now()))
    day.work()
    assert stand()[0] == (500_000, PayoutStatus.CANCELLED)
    assert stand()[-1] == (350_000, SENT)
    assert PayoutStatus.FAILED not in {status for _, status in stand()}


def test_two_batches_executed_at_once_stay_within_the_day(day: World, stage: Stage) -> None:
    for number in range(3):
        approve(day, propose(day, rail=Rail.TRANSFER))
        run_jobs(outbox.WORK)  # the money has left; nobody was asked for it
        give(day.alice, 1_000_000, f"after batch {number}")
    assert {status for _, status in stand()} == {READY}

    def run(_: int) -> None:
        for held in outbox.claim(outbox.CALL, limit=3):
            outbox.run(held)

    race(day.app, run, times=8, threads=4)
    day.work()
    sent = [fen for fen, status in stand() if status == SENT]
    assert sum(sent) == DAY_FEN == 4 * sent[0]
    assert {status for _, status in stand()} == {SENT, READY}
    assert stage.facts("transfer") == []
    assert_books_balance()
