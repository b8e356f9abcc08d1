"""Batches: proposed by one, agreed to by another; no yuan is paid twice whoever races."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from flows.payout.batches import (
    AFTER_RELEASE,
    chase_releases,
    reject_batch,
    release_batch,
    resume_batch,
    withdraw_batch,
)
from flows.payout.desk import draft
from ledger.models import AccountKind
from ledger.values import of_company
from org.reps import disable_rep
from settlement.payouts.ending import end_by_file
from settlement.payouts.models import BatchStatus, PayoutStatus, Rail
from settlement.payouts.proposals import AlreadyDecided, NobodyToPay, ProposedMeanwhile
from settlement.payouts.rules import Terms
from settlement.periods import SamePerson
from tests.payouts.world import (
    CAROL,
    DAN,
    World,
    approve,
    assert_books_balance,
    batch,
    events,
    free,
    give,
    on,
    payout_to,
    payouts,
    propose,
    released,
    statuses,
    take,
    transit,
)
from tests.racing import race
from wx_backend import clock, crash
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, BadInput, NotFound, NotTheAsker

READY, LEFT_OUT = PayoutStatus.READY, PayoutStatus.LEFT_OUT


def test_an_approved_batch_moves_free_money_on_its_way(world: World) -> None:
    number = propose(world)
    assert (free(world.alice), transit(world.alice)) == (5_000, 0)
    approve(world, number)
    world.work()
    assert statuses() == {"爱丽丝": READY, "艾米": READY, "戴夫": LEFT_OUT}
    assert (free(world.alice), transit(world.alice)) == (0, 5_000)
    assert free(world.dave) == 50
    assert batch(number).status == BatchStatus.RELEASED
    assert events() == [("proposed", CAROL), ("approved", DAN)]
    assert_books_balance()


def test_tax_and_fee_are_kept_back_to_the_fen(world: World) -> None:
    released(world, terms=Terms(minimum_fen=100, fee_fen=30, tax_bp=333))
    alice = payout_to("爱丽丝")
    assert (alice.gross_fen, alice.tax_fen, alice.fee_fen, alice.net_fen) == (5_000, 166, 30, 4_804)
    assert transit(world.alice) == 4_804
    assert on(of_company(AccountKind.TAX_WITHHELD)) == -(166 + 66)
    assert on(of_company(AccountKind.PAYOUT_FEE)) == -60
    assert_books_balance()


def test_a_batch_pays_the_chosen_place_only(world: World) -> None:
    propose(world, node_id=world.tree.shenzhen, terms=Terms(minimum_fen=1))
    assert set(statuses()) == {"戴夫"}


def test_who_is_left_out_is_told_why(world: World) -> None:
    with transaction():
        disable_rep(rep_id=world.alice)
    shown = draft(
        node_id=world.tree.group, scope_id=world.tree.group, rail=Rail.FILE, terms=Terms(100)
    )
    assert [(each.name, each.reason) for each in shown.left_out] == [
        ("爱丽丝", "员工已停用，款项暂扣"),
        ("戴夫", "低于起付金额"),
    ]
    propose(world)
    assert payout_to("爱丽丝").reason == "员工已停用，款项暂扣"
    assert free(world.alice) == 5_000


def test_nobody_to_pay_is_no_batch(world: World) -> None:
    with pytest.raises(NobodyToPay):
        propose(world, terms=Terms(minimum_fen=1_000_000))
    assert not payouts()


def test_a_foreign_place_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        draft(node_id=world.tree.north, scope_id=world.tree.south, rail=Rail.FILE, terms=Terms(1))


def test_the_proposer_cannot_agree(world: World) -> None:
    number = propose(world)
    with pytest.raises(SamePerson):
        approve(world, number, by=CAROL)
    with pytest.raises(DBAPIError), transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE payout_batch SET status = 'approved', decided_by = proposed_by"
        )
    assert batch(number).status == BatchStatus.PROPOSED


def test_two_approvers_at_once_approve_once(app: Flask, world: World) -> None:
    number = propose(world)
    db.session.rollback()

    def attempt(n: int) -> bool:
        try:
            approve(world, number, by=f"staff:{n + 2}")
        except AppError:
            return False
        return True

    assert race(app, attempt, times=4).count(True) == 1
    world.work()
    assert transit(world.alice) == 5_000
    assert_books_balance()


def test_two_batches_at_once_cannot_hold_the_same_person(app: Flask, world: World) -> None:
    db.session.rollback()

    def attempt(_: int) -> str | None:
        try:
            return propose(world)
        except (ProposedMeanwhile, NobodyToPay):
            return None

    numbers = [each for each in race(app, attempt, times=6) if each]
    assert len(numbers) == 1
    assert [each.status for each in payouts()].count("proposed") == 2


def test_two_batches_one_after_the_other_pay_once(world: World) -> None:
    released(world)
    with pytest.raises(NobodyToPay):
        propose(world)
    give(world.alice, 700, "more")
    released(world)
    assert payout_to("爱丽丝").gross_fen == 700
    assert (free(world.alice), transit(world.alice)) == (0, 5_700)


def test_money_taken_back_meanwhile_is_not_paid(world: World) -> None:
    number = propose(world)
    take(world.alice, 1)
    approve(world, number)
    world.work()
    assert (payout_to("爱丽丝").status, payout_to("爱丽丝").reason) == (
        LEFT_OUT,
        "可发余额已不足",
    )
    assert (free(world.alice), transit(world.alice)) == (4_999, 0)


def test_who_is_disabled_between_proposal_and_release_is_not_paid(world: World) -> None:
    number = propose(world)
    with transaction():
        disable_rep(rep_id=world.alice)
    approve(world, number)
    world.work()
    assert payout_to("爱丽丝").status == LEFT_OUT
    assert free(world.alice) == 5_000


def test_a_release_told_many_times_at_once_releases_once(app: Flask, world: World) -> None:
    number = propose(world)
    approve(world, number)
    batch_id = batch(number).id
    db.session.rollback()
    race(app, lambda _: retried(lambda: release_batch(batch_id=batch_id)), times=6)
    world.work()
    assert (free(world.alice), transit(world.alice)) == (0, 5_000)
    assert_books_balance()


def test_a_death_while_releasing_changes_nothing_in_the_end(world: World) -> None:
    number = propose(world)
    approve(world, number)
    crash.arm(AFTER_RELEASE, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        world.work()
    crash.disarm()
    db.session.rollback()
    assert transit(world.alice) == 0
    world.pass_time(minutes=11)
    assert retried(lambda: chase_releases(now=clock.now())) == 1
    world.work()
    assert (free(world.alice), transit(world.alice)) == (0, 5_000)
    assert retried(lambda: chase_releases(now=clock.now())) == 0


def test_a_rejected_batch_frees_its_people(world: World) -> None:
    number = propose(world)
    scope_id = world.tree.group
    with pytest.raises(BadInput):
        retried(
            lambda: reject_batch(
                number=number, scope_id=scope_id, by=DAN, reason="", now=clock.now()
            )
        )
    with pytest.raises(SamePerson):
        retried(
            lambda: reject_batch(
                number=number, scope_id=scope_id, by=CAROL, reason="金额有误", now=clock.now()
            )
        )
    retried(
        lambda: reject_batch(
            number=number, scope_id=scope_id, by=DAN, reason="金额有误", now=clock.now()
        )
    )
    with pytest.raises(AlreadyDecided):
        approve(world, number)
    again = propose(world)
    assert statuses(again)["爱丽丝"] == PayoutStatus.PROPOSED


def take_back(world: World, number: str, by: str = CAROL) -> None:
    scope_id = world.tree.group
    retried(lambda: withdraw_batch(number=number, scope_id=scope_id, by=by, now=clock.now()))


def test_a_batch_taken_back_by_its_proposer_frees_its_people(world: World) -> None:
    number = propose(world)
    with pytest.raises(NotTheAsker):
        take_back(world, number, by=DAN)
    assert batch(number).status == BatchStatus.PROPOSED
    take_back(world, number)
    for late in (take_back, approve):
        with pytest.raises(AlreadyDecided):
            late(world, number)
    world.work()
    assert (batch(number).status, batch(number).decided_by) == (BatchStatus.WITHDRAWN, CAROL)
    assert statuses(number) == {
        "爱丽丝": PayoutStatus.WITHDRAWN,
        "艾米": PayoutStatus.WITHDRAWN,
        "戴夫": LEFT_OUT,
    }
    assert transit(world.alice) == 0
    assert events() == [("proposed", CAROL), ("withdrawn", CAROL)]
    released(world)
    assert transit(world.alice) == 5_000


def test_approving_and_taking_back_at_once_pays_or_never_does(app: Flask, world: World) -> None:
    number = propose(world)
    db.session.rollback()

    def attempt(n: int) -> str | None:
        try:
            take_back(world, number) if n % 2 else approve(world, number, by=f"staff:{n + 2}")
        except AlreadyDecided:
            return None
        return "withdrawn" if n % 2 else "approved"

    [ended] = [each for each in race(app, attempt, times=6) if each]
    world.work()
    assert transit(world.alice) == (5_000 if ended == "approved" else 0)
    assert batch(number).status == ("released" if ended == "approved" else "withdrawn")
    assert_books_balance()


def test_what_runs_cannot_be_resumed(world: World) -> None:
    number = released(world)
    with pytest.raises(AlreadyDecided):
        retried(
            lambda: resume_batch(number=number, scope_id=world.tree.group, by=DAN, now=clock.now())
        )


def test_a_batch_is_done_when_its_last_two_payouts_end_together(app: Flask, world: World) -> None:
    give(world.dave, 5_000, "more")
    number = released(world)
    alice, amy, dave = (payout_to(name).id for name in ("爱丽丝", "艾米", "戴夫"))

    def ends(payout_id: int) -> bool:
        return end_by_file(
            payout_id=payout_id, status=PayoutStatus.PAID, reason="", actor=CAROL, now=clock.now()
        )

    def meanwhile() -> bool:
        with app.app_context():
            return retried(lambda: ends(amy))

    assert retried(lambda: ends(dave))  # the accounts are there: nobody waits for their creation
    with ThreadPoolExecutor(1) as pool:
        with transaction():
            assert ends(alice)
            other = pool.submit(meanwhile)
            wait([other], timeout=0.5)
        assert other.result(timeout=10)
    assert batch(number).status == BatchStatus.DONE
    assert_books_balance()
