"""Merchant transfers against the pretend WeChat Pay: one there for one here, whatever gets lost."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from flows.payout.batches import cancel_payout, resume_batch
from flows.payout.calls import chase_transfers
from flows.payout.mine import NothingToConfirm, confirm_sheet, my_payouts
from flows.payout.settle import settle_transfer
from ledger.models import AccountKind
from ledger.values import of_merchant
from org.reps import disable_rep
from settlement.payouts.ending import AFTER_BOOKS
from settlement.payouts.models import BatchStatus, Payout, PayoutStatus, Rail
from settlement.payouts.proposals import NobodyToPay
from settlement.payouts.queries import batch_by_id
from settlement.payouts.transfers import Applied, record_accepted, record_unknown
from tests.payouts.world import (
    DAN,
    World,
    approve,
    assert_books_balance,
    batch,
    events,
    free,
    give,
    on,
    open_kinds,
    payout_to,
    payouts,
    propose,
    released,
    statuses,
    transit,
)
from tests.simulator.stage import MCHID, SHOP, Stage
from wechat.pay.facts import Transfer
from wx_backend import clock, crash, outbox
from wx_backend.claims import WorkStatus
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotFound
from wx_backend.outbox import Job

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
NOTICES = "notice:MCHTRANSFER.*"
FUNDS = of_merchant(AccountKind.PAYOUT_FUNDS, MCHID)
SENT, PAID, FAILED = PayoutStatus.SENT, PayoutStatus.PAID, PayoutStatus.FAILED
CANCELLED, READY = PayoutStatus.CANCELLED, PayoutStatus.READY


def sheet(world: World) -> dict[str, str]:
    """What Alice's page gets."""
    db.session.rollback()
    return confirm_sheet(number=payout_to("爱丽丝").number, rep_id=world.alice, appid=SHOP)


def collect(world: World, stage: Stage) -> None:
    """Alice taps."""
    told = stage.act("Alice", "confirm_transfer", **sheet(world))
    assert told["err_msg"] == "requestMerchantTransfer:ok"


def said(state: str, **changes: object) -> Transfer:
    """What WeChat Pay might say about Alice's transfer."""
    payout = payout_to("爱丽丝")
    words = {
        "mchid": MCHID,
        "out_bill_no": payout.number,
        "transfer_bill_no": "133",
        "state": state,
        "transfer_fen": payout.net_fen,
        **changes,
    }
    return Transfer(**words)  # type: ignore[arg-type]  # mixed on purpose


def settle(fact: Transfer) -> Applied:
    return retried(lambda: settle_transfer(fact, now=clock.now()))


def test_a_transfer_waits_for_the_tap_and_arrives(paying: World, stage: Stage) -> None:
    number = released(paying, rail=Rail.TRANSFER)
    paying.work()
    alice = payout_to("爱丽丝")
    assert (alice.status, alice.platform_state) == (SENT, "WAIT_USER_CONFIRM")
    (mine,) = my_payouts(paying.alice)
    assert mine.waits
    collect(paying, stage)
    paying.work()
    assert payout_to("爱丽丝").status == PAID
    assert payout_to("爱丽丝").package_info is None
    assert (free(paying.alice), transit(paying.alice)) == (0, 0)
    assert on(FUNDS) == -5_000
    assert [fact["amount_fen"] for fact in stage.facts("transfer")] == [5_000]
    assert batch(number).status == BatchStatus.RELEASED
    stage.act("Amy", "confirm_transfer", **_amys_sheet(paying))
    paying.work()
    assert batch(number).status == BatchStatus.DONE
    assert_books_balance()


def _amys_sheet(world: World) -> dict[str, str]:
    return confirm_sheet(number=payout_to("艾米").number, rep_id=world.amy, appid=SHOP)


def test_the_sheet_is_for_its_receiver_in_its_account_only(paying: World) -> None:
    released(paying, rail=Rail.TRANSFER)
    number = payout_to("爱丽丝").number
    with pytest.raises(NotFound):
        confirm_sheet(number=number, rep_id=paying.amy, appid=SHOP)
    with pytest.raises(NothingToConfirm):
        confirm_sheet(number=number, rep_id=paying.alice, appid="wxother")


def test_who_does_not_tap_for_a_day_has_it_back_free(paying: World, stage: Stage) -> None:
    released(paying, rail=Rail.TRANSFER)
    paying.work()
    paying.pass_time(hours=25)
    paying.work()
    assert (payout_to("爱丽丝").status, payout_to("爱丽丝").reason) == (FAILED, "OVERDUE_CLOSE")
    assert (free(paying.alice), transit(paying.alice)) == (5_000, 0)
    assert stage.facts("transfer") == []
    assert_books_balance()


def test_a_late_close_is_waited_for_with_no_second_number(paying: World) -> None:
    """After 25 hours WeChat still says that it waits: the money stays on its way."""
    released(paying, rail=Rail.TRANSFER)
    paying.work()
    assert settle(said("WAIT_USER_CONFIRM")) is Applied.MOVED
    assert transit(paying.alice) == 5_000
    with pytest.raises(Exception, match="没有可发放"):
        propose(paying, rail=Rail.TRANSFER)
    assert settle(said("FAIL", fail_reason="OVERDUE_CLOSE")) is Applied.ENDED
    assert free(paying.alice) == 5_000


def test_a_lost_answer_is_queried_not_repeated(paying: World, stage: Stage) -> None:
    stage.chaos(BILLS, "drop_after")
    number = propose(paying, rail=Rail.TRANSFER, node_id=paying.tree.hall)
    approve(paying, number)
    paying.work()
    assert sorted(statuses(number).values()).count("unknown") == 1
    paying.pass_time(minutes=2)
    paying.work()
    assert set(statuses(number).values()) == {SENT}
    assert transit(paying.alice) == 5_000


def test_nothing_else_is_paid_while_an_outcome_is_unknown(paying: World, stage: Stage) -> None:
    """Nobody answers for an hour, and neither another batch nor another worker pays again."""
    stage.chaos(BILLS, "drop_after", times=-1)
    stage.chaos(f"{BILLS}/*", "fail_before", status=500, code="SYSTEM_ERROR", times=-1)
    released(paying, rail=Rail.TRANSFER)
    assert set(statuses().values()) == {"unknown", "left_out"}
    numbers = {each.number for each in payouts()}
    for _ in range(2):
        with pytest.raises(NobodyToPay):
            propose(paying, rail=Rail.TRANSFER)
        paying.pass_time(minutes=61)
        retried(lambda: chase_transfers(now=clock.now()))
        paying.work()
    assert transit(paying.alice) == 5_000

    stage.control("DELETE", "/chaos")
    paying.pass_time(hours=2)
    retried(lambda: chase_transfers(now=clock.now()))
    paying.work()
    assert set(statuses().values()) == {SENT, "left_out"}
    assert {each.number for each in payouts()} == numbers
    collect(paying, stage)
    paying.work()
    assert [fact["amount_fen"] for fact in stage.facts("transfer")] == [5_000]


def test_a_lost_request_is_sent_again_word_for_word(paying: World, stage: Stage) -> None:
    stage.chaos(BILLS, "fail_before", status=500, code="SYSTEM_ERROR")
    released(paying, rail=Rail.TRANSFER)
    with transaction() as session:  # somebody changes the batch's words meanwhile
        session.connection().exec_driver_sql("UPDATE payout_batch SET note = '别的说明'")
    paying.pass_time(minutes=2)
    paying.work()
    assert set(statuses().values()) == {SENT, "left_out"}
    assert payout_to("爱丽丝").remark == "三月佣金"
    collect(paying, stage)
    paying.work()
    assert len(stage.facts("transfer")) == 1


def test_the_notice_may_come_before_the_answer(paying: World, stage: Stage) -> None:
    """SUCCESS is known while the call's answer is still on its way: it stays the last word."""
    stage.chaos(BILLS, "drop_after")
    released(paying, rail=Rail.TRANSFER)
    for name in ("爱丽丝", "艾米"):
        if payout_to(name).status == "unknown":
            fact = Transfer(
                MCHID, payout_to(name).number, "133", "SUCCESS", payout_to(name).net_fen
            )
            assert settle(fact) is Applied.ENDED
            early = payout_to(name)
    payout_id = early.id
    with transaction():
        record_accepted(payout_id=payout_id, state="WAIT_USER_CONFIRM", bill_no="1", package="p")
        record_unknown(payout_id=payout_id)
    assert payout_to(early.receiver_name).status == PAID
    assert payout_to(early.receiver_name).package_info is None


def test_repeated_facts_change_nothing(paying: World, stage: Stage) -> None:
    stage.chaos(NOTICES, "duplicate", n=3, times=-1)
    released(paying, rail=Rail.TRANSFER)
    collect(paying, stage)
    paying.work()
    paying.work()
    assert settle(said("SUCCESS")) is Applied.NOTHING_NEW
    assert settle(said("WAIT_USER_CONFIRM")) is Applied.NOTHING_NEW
    assert on(FUNDS) == -5_000
    assert [what for what, _ in events()].count("paid") == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"transfer_fen": 4_999},
        {"mchid": "1900000999"},
        {"appid": "wxmallory"},
        {"openid": "oMallory"},
    ],
)
def test_a_fact_that_does_not_fit_changes_nothing(paying: World, lie: dict[str, object]) -> None:
    released(paying, rail=Rail.TRANSFER)
    assert settle(said("SUCCESS", **lie)) is Applied.MISMATCH
    assert payout_to("爱丽丝").status == SENT
    assert transit(paying.alice) == 5_000
    assert open_kinds() == ["payout_mismatch"]


def test_a_number_nobody_asked_for_is_put_before_a_person(paying: World) -> None:
    released(paying, rail=Rail.TRANSFER)
    fact = said("SUCCESS", out_bill_no="PO000")
    assert settle(fact) is Applied.UNKNOWN_NUMBER
    assert settle(fact) is Applied.UNKNOWN_NUMBER
    assert open_kinds() == ["payout_unknown"]


def test_a_contradiction_is_put_before_a_person(paying: World) -> None:
    released(paying, rail=Rail.TRANSFER)
    settle(said("FAIL"))
    assert settle(said("SUCCESS")) is Applied.CONTRADICTION
    assert payout_to("爱丽丝").status == FAILED
    assert open_kinds() == ["payout_mismatch"]


def test_a_forged_notice_is_refused(paying: World, stage: Stage) -> None:
    stage.chaos(NOTICES, "bad_signature")
    released(paying, rail=Rail.TRANSFER)
    collect(paying, stage)
    paying.work()
    assert payout_to("爱丽丝").status == SENT
    paying.pass_time(seconds=20)
    paying.work()
    assert payout_to("爱丽丝").status == PAID


def test_without_money_the_batch_waits_for_a_person(paying: World, stage: Stage) -> None:
    stage.control("PUT", f"/merchants/{MCHID}", operation_fen=100)
    number = released(paying, rail=Rail.TRANSFER)
    assert batch(number).status == BatchStatus.PAUSED
    assert set(statuses(number).values()) == {READY, "left_out"}
    assert open_kinds() == ["payout_funds"]
    paying.pass_time(hours=3)
    assert retried(lambda: chase_transfers(now=clock.now())) == 0
    stage.control("PUT", f"/merchants/{MCHID}", operation_fen=100_000)
    retried(
        lambda: resume_batch(number=number, scope_id=paying.tree.group, by=DAN, now=clock.now())
    )
    paying.work()
    assert set(statuses(number).values()) == {SENT, "left_out"}
    assert open_kinds() == []
    assert len({each for each in events() if each[0] == "paused"}) == 1


def test_a_throttled_transfer_keeps_its_number(paying: World, stage: Stage) -> None:
    stage.chaos(BILLS, "fail_before", status=429, code="FREQUENCY_LIMITED")
    released(paying, rail=Rail.TRANSFER)
    paying.pass_time(minutes=1)
    paying.work()
    assert set(statuses().values()) == {SENT, "left_out"}


def test_a_refused_transfer_is_free_again_under_a_new_number(paying: World, stage: Stage) -> None:
    """The name does not fit; once it is put right, another batch pays under another number."""
    give(paying.alice, 295_000, "much")
    stage.control("PUT", "/people/Alice", real_name="爱丽丝本人")
    released(paying, rail=Rail.TRANSFER)
    first = payout_to("爱丽丝")
    assert (first.status, first.gross_fen) == (FAILED, 300_000)
    assert "INVALID_REQUEST" in first.reason
    assert free(paying.alice) == 300_000
    stage.control("PUT", "/people/Alice", real_name="爱丽丝")
    released(paying, rail=Rail.TRANSFER)
    second = payout_to("爱丽丝")
    assert (second.status, second.number == first.number) == (SENT, False)
    assert second.sealed_name
    collect(paying, stage)
    paying.work()
    assert [fact["amount_fen"] for fact in stage.facts("transfer")] == [300_000]


def cancel(world: World, name: str = "爱丽丝") -> None:
    payout = payout_to(name)
    number, payout_number = batch_number(payout), payout.number
    retried(
        lambda: cancel_payout(
            number=number,
            payout_number=payout_number,
            scope_id=world.tree.group,
            by=DAN,
            now=clock.now(),
        )
    )


def batch_number(payout: Payout) -> str:
    return batch_by_id(payout.batch_id).number


def test_staff_call_a_transfer_off(paying: World) -> None:
    released(paying, rail=Rail.TRANSFER)
    cancel(paying)
    paying.work_here()
    paying.pass_time(seconds=10)
    paying.work()
    assert payout_to("爱丽丝").status == CANCELLED
    assert (free(paying.alice), transit(paying.alice)) == (5_000, 0)
    assert ("cancelling", DAN) in events()
    assert payout_to("艾米").status == SENT


def test_a_cancelled_transfer_that_was_taken_is_paid(paying: World, stage: Stage) -> None:
    released(paying, rail=Rail.TRANSFER)
    collect(paying, stage)
    cancel(paying)
    paying.work()
    paying.pass_time(seconds=10)
    paying.work()
    assert payout_to("爱丽丝").status == PAID
    assert on(FUNDS) == -5_000


def test_a_transfer_nobody_asked_for_yet_is_called_off_at_once(paying: World, stage: Stage) -> None:
    stage.control("PUT", f"/merchants/{MCHID}", operation_fen=0)
    released(paying, rail=Rail.TRANSFER)
    cancel(paying)
    assert payout_to("爱丽丝").status == CANCELLED
    assert free(paying.alice) == 5_000


@pytest.mark.parametrize("point", [outbox.AFTER_CALL, outbox.BEFORE_DONE, AFTER_BOOKS])
def test_a_death_at_any_step_pays_once(paying: World, stage: Stage, point: str) -> None:
    number = propose(paying, rail=Rail.TRANSFER)
    approve(paying, number)
    crash.arm(point, crash.raise_crashed)
    work_until_dead(paying)
    crash.disarm()
    paying.pass_time(minutes=3)
    paying.work()
    if point == AFTER_BOOKS:
        stage.chaos(NOTICES, "never", times=-1)
    collect(paying, stage)
    crash.arm(point, crash.raise_crashed)
    work_until_dead(paying)
    crash.disarm()
    for _ in range(3):
        paying.pass_time(minutes=40)
        paying.work()
    assert payout_to("爱丽丝").status == PAID
    assert on(FUNDS) == -5_000
    assert len(stage.facts("transfer")) == 1
    assert_books_balance()


def work_until_dead(world: World) -> None:
    try:
        world.work()
    except crash.Crashed:
        db.session.rollback()


def test_the_clock_finds_transfers_whose_jobs_died(paying: World, stage: Stage) -> None:
    stage.chaos(NOTICES, "never", times=-1)
    released(paying, rail=Rail.TRANSFER)
    collect(paying, stage)
    with transaction():
        db.session.execute(update(Job).values(status=WorkStatus.DEAD))
    paying.pass_time(hours=2)
    assert retried(lambda: chase_transfers(now=clock.now())) == 2
    paying.work()
    assert payout_to("爱丽丝").status == PAID


def test_who_is_not_bound_is_left_out(paying: World) -> None:
    give(paying.dave, 10_000, "more")
    released(paying, rail=Rail.TRANSFER)
    assert payout_to("戴夫").reason == "未绑定微信"
    assert free(paying.dave) == 10_050


def test_above_the_limit_of_a_day_nobody_is_asked(paying: World) -> None:
    give(paying.alice, 2_000_000, "too much")
    number = propose(paying, rail=Rail.TRANSFER)
    assert payout_to("爱丽丝").reason == "超过微信转账对一人一天的限额"
    assert statuses(number)["艾米"] == "proposed"


def test_a_disabled_rep_keeps_what_waits_for_him(paying: World) -> None:
    number = propose(paying, rail=Rail.TRANSFER)
    with transaction():
        disable_rep(rep_id=paying.amy)
    approve(paying, number)
    paying.work()
    assert statuses(number)["艾米"] == "left_out"
    assert free(paying.amy) == 2_000


def test_a_day_has_passed_is_said_on_the_page(paying: World) -> None:
    released(paying, rail=Rail.TRANSFER)
    (mine,) = my_payouts(paying.alice)
    assert mine.until is not None
    assert mine.row.asked_at is not None
    assert mine.until - mine.row.asked_at == timedelta(hours=24)


def tapped(stage: Stage, method: str, person: str, values: dict[str, str]) -> str:
    """The phone's own sheet for browsers without WeChat's bridge."""
    headers = {"Cookie": f"sim_person={person}"}
    if method == "GET":
        answer = stage.raw("GET", f"/phone/collect?{urlencode(values)}", headers=headers)
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = stage.raw("POST", "/phone/collect", body=urlencode(values), headers=headers)
    assert answer.status == 200
    return answer.data.decode()


def test_the_phones_sheet_takes_a_transfer_once_and_for_its_receiver_only(
    paying: World, stage: Stage
) -> None:
    released(paying, rail=Rail.TRANSFER)
    values = sheet(paying)
    assert "无法收款" in tapped(stage, "GET", "Bob", values)
    assert "无法收款" in tapped(stage, "POST", "Bob", values)
    shown = tapped(stage, "GET", "Alice", values)
    assert "50.00" in shown
    assert "三月佣金" in shown
    assert stage.facts("transfer") == []
    assert "已收款" in tapped(stage, "POST", "Alice", values)
    assert "无法收款" in tapped(stage, "POST", "Alice", values)
    paying.work()
    assert payout_to("爱丽丝").status == PAID
    assert len(stage.facts("transfer")) == 1
