"""Pay-outs of one place stopped: only its people wait, others are paid, and what waited goes out once."""

import threading

import pytest
from click.testing import CliRunner
from flask import Flask

from flows.payout.batches import chase_releases
from flows.payout.calls import chase_transfers
from flows.payout.mine import confirm_sheet
from flows.payout.pay_file import FileHeld, pay_file
from flows.payout.places import lift_place, stop_place, stopped_of
from flows.payout.receivers import STOPPED
from org.reps import move_rep
from settlement.payouts.models import BatchStatus, PayoutStatus, Rail
from settlement.payouts.proposals import NobodyToPay
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
    payout_to,
    propose,
    released,
    statuses,
    transit,
)
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock, outbox
from wx_backend.cli import main
from wx_backend.config import Config
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput
from wx_backend.stops import AlreadyStopped, Line, NotStopped, lift, stop, stopped_places, stops
from wx_backend.worker import drain_queue

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
READY, SENT, LEFT_OUT = PayoutStatus.READY, PayoutStatus.SENT, PayoutStatus.LEFT_OUT
PROPOSED, UNKNOWN = PayoutStatus.PROPOSED, PayoutStatus.UNKNOWN
PEOPLE = {"爱丽丝": "Alice", "艾米": "Amy", "戴夫": "Dave"}


@pytest.fixture
def everybody(paying: World) -> World:
    """Alice and Amy of Canton, Dave of Shenzhen: all have money and are bound."""
    give(paying.dave, 3_000, "more")
    assert paying.stage is not None
    paying.stage.control("PUT", "/people/Dave", real_name="Dave")
    paying.bind("Dave", paying.dave)
    return paying


def hold(world: World, node_id: int) -> None:
    """Stop the pay-outs of a place."""
    now, top = clock.now(), world.tree.group
    retried(lambda: stop_place(node_id=node_id, scope_id=top, reason="核查", by=CAROL, now=now))


def let_go(node_id: int) -> None:
    """Lift it."""
    now = clock.now()
    retried(lambda: lift_place(node_id=node_id, by=DAN, now=now))


def download(world: World, number: str) -> int:
    """Dan downloads the pay file; how many are paid by it."""
    scope_id = world.tree.group
    return len(
        retried(lambda: pay_file(number=number, scope_id=scope_id, by=DAN, now=clock.now())).rows
    )


def chase(world: World) -> None:
    """An hour on, what was forgotten is taken up again."""
    world.pass_time(minutes=61)
    retried(lambda: chase_releases(now=clock.now()))
    retried(lambda: chase_transfers(now=clock.now()))
    world.work()


def collect_all(world: World, stage: Stage) -> list[int]:
    """Everybody who can taps; what arrived, in fen."""
    reps = {"爱丽丝": world.alice, "艾米": world.amy, "戴夫": world.dave}
    for name, rep_id in reps.items():
        if statuses().get(name) == SENT:
            payout = payout_to(name)
            sheet = confirm_sheet(number=payout.number, rep_id=rep_id, appid=SHOP)
            stage.act(PEOPLE[name], "confirm_transfer", **sheet)
    world.work()
    return sorted(fact["amount_fen"] for fact in stage.facts("transfer"))


@pytest.mark.parametrize("place", ["canton", "south"])
def test_transfers_of_a_stopped_place_wait_and_go_once(
    everybody: World, stage: Stage, place: str
) -> None:
    """What was agreed to before is held before WeChat Pay is asked, and goes by itself afterwards."""
    node_id = getattr(everybody.tree, place)
    number = propose(everybody, rail=Rail.TRANSFER)
    approve(everybody, number)
    hold(everybody, node_id)
    everybody.work()
    chase(everybody)

    waits = {"爱丽丝": READY, "艾米": READY}
    others = {"戴夫": SENT if place == "canton" else READY}
    assert statuses(number) == waits | others
    assert collect_all(everybody, stage) == ([3_050] if place == "canton" else [])

    let_go(node_id)
    with pytest.raises(NotStopped):
        let_go(node_id)
    everybody.work()
    chase(everybody)
    assert collect_all(everybody, stage) == [2_000, 3_050, 5_000]
    assert batch(number).status == BatchStatus.DONE
    assert_books_balance()


def test_a_batch_of_the_place_alone_waits_whole(everybody: World, stage: Stage) -> None:
    number = propose(everybody, rail=Rail.TRANSFER, node_id=everybody.tree.canton)
    approve(everybody, number)
    hold(everybody, everybody.tree.canton)
    everybody.work()
    chase(everybody)
    assert batch(number).status == BatchStatus.APPROVED
    assert free(everybody.alice) == 5_000

    let_go(everybody.tree.canton)
    everybody.work()
    assert collect_all(everybody, stage) == [2_000, 5_000]


def test_a_pay_file_leaves_them_out_and_the_next_one_has_them(world: World) -> None:
    """A file in finance's hands cannot be called back."""
    give(world.dave, 3_000, "more")
    number = propose(world)
    approve(world, number)
    hold(world, world.tree.canton)
    world.work_here()
    assert statuses(number) == {"爱丽丝": LEFT_OUT, "艾米": LEFT_OUT, "戴夫": READY}
    assert payout_to("爱丽丝").reason == STOPPED
    assert (free(world.alice), transit(world.alice)) == (5_000, 0)

    with pytest.raises(NobodyToPay):
        propose(world, node_id=world.tree.canton)
    let_go(world.tree.canton)
    again = released(world)
    assert statuses(again) == {"爱丽丝": READY, "艾米": READY}
    assert_books_balance()


@pytest.mark.parametrize("place", ["canton", "south"])
def test_a_pay_file_nobody_has_downloaded_waits(world: World, place: str) -> None:
    """Released is not gone: until finance has it nobody of a stopped place is paid by it."""
    node_id = getattr(world.tree, place)
    number = released(world)
    hold(world, world.tree.north)
    hold(world, node_id)
    with pytest.raises(FileHeld) as refused:
        download(world, number)
    names = refused.value.details["places"]
    assert names == stopped_of(world.tree.hall)
    assert names[0] in refused.value.message
    assert "downloaded" not in {what for what, _ in events()}

    let_go(node_id)
    assert download(world, number) == 2
    hold(world, node_id)
    assert download(world, number) == 2, "finance has it already"
    assert_books_balance()


def test_a_pay_file_waits_for_where_its_people_are_now(world: World) -> None:
    number = released(world, node_id=world.tree.canton)
    with transaction():
        move_rep(rep_id=world.alice, outlet_id=world.tree.bay)
    hold(world, world.tree.shenzhen)
    with pytest.raises(FileHeld):
        download(world, number)
    let_go(world.tree.shenzhen)
    hold(world, world.tree.north)
    assert download(world, number) == 2, "nobody of it is held"


@pytest.mark.parametrize("line", [Line.PAYOUTS, Line.EVERYTHING])
def test_a_pay_file_waits_while_the_line_is_stopped(world: World, line: Line) -> None:
    number = released(world)
    with transaction():
        stop(line=line, reason="全部", by=CAROL, now=clock.now())
    with pytest.raises(FileHeld):
        download(world, number)
    with transaction():
        lift(line=line, by=DAN, now=clock.now())
    assert download(world, number) == 2


def test_one_without_an_answer_is_asked_about_and_not_for(everybody: World, stage: Stage) -> None:
    """It may have been taken: while its place is stopped nobody asks for it again."""
    stage.chaos(BILLS, "fail_before", status=500, code="SYSTEM_ERROR", times=-1)
    number = released(everybody, rail=Rail.TRANSFER)
    stage.control("DELETE", "/chaos")
    assert set(statuses(number).values()) == {UNKNOWN}

    hold(everybody, everybody.tree.canton)
    everybody.pass_time(minutes=2)
    everybody.work()
    chase(everybody)
    assert statuses(number) == {"爱丽丝": UNKNOWN, "艾米": UNKNOWN, "戴夫": SENT}

    let_go(everybody.tree.canton)
    everybody.work()
    assert collect_all(everybody, stage) == [2_000, 3_050, 5_000]


def test_whose_rep_somebody_is_now_decides(everybody: World) -> None:
    hold(everybody, everybody.tree.canton)
    with transaction():
        move_rep(rep_id=everybody.alice, outlet_id=everybody.tree.bay)
    number = released(everybody, rail=Rail.TRANSFER)
    assert statuses(number) == {"爱丽丝": SENT, "艾米": LEFT_OUT, "戴夫": SENT}


def test_a_stop_of_the_line_and_one_of_the_place_are_lifted_each_by_itself(
    everybody: World,
) -> None:
    number = propose(everybody, rail=Rail.TRANSFER)
    approve(everybody, number)
    hold(everybody, everybody.tree.canton)
    with transaction():
        stop(line=Line.PAYOUTS, reason="全部", by=CAROL, now=clock.now())
    let_go(everybody.tree.canton)
    everybody.work()
    assert batch(number).status == BatchStatus.APPROVED

    with transaction():
        lift(line=Line.PAYOUTS, by=DAN, now=clock.now())
    hold(everybody, everybody.tree.canton)
    everybody.work()
    assert statuses(number) == {"爱丽丝": READY, "艾米": READY, "戴夫": SENT}


def test_a_stop_in_the_middle_of_a_batch_lets_each_go_once(
    app: Flask, everybody: World, stage: Stage
) -> None:
    """Stopped and lifted again and again while two workers send: in the end everybody was paid once."""
    number = propose(everybody, rail=Rail.TRANSFER)
    approve(everybody, number)
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            for queue in (outbox.WORK, outbox.CALL):
                drain_queue(app, queue)

    workers = [threading.Thread(target=send) for _ in range(2)]
    for each in workers:
        each.start()
    for _ in range(8):
        hold(everybody, everybody.tree.canton)
        let_go(everybody.tree.canton)
    over.set()
    for each in workers:
        each.join()
    db.session.rollback()
    everybody.work()
    chase(everybody)

    assert collect_all(everybody, stage) == [2_000, 3_050, 5_000]
    assert batch(number).status == BatchStatus.DONE
    assert_books_balance()


def test_who_stopped_a_place_and_why_is_kept(world: World) -> None:
    hold(world, world.tree.canton)
    with pytest.raises(AlreadyStopped):
        hold(world, world.tree.canton)
    with pytest.raises(BadInput):  # an outlet's reps are few: stop its city
        hold(world, world.tree.hall)
    hold(world, world.tree.south)
    let_go(world.tree.canton)
    db.session.rollback()
    told = [(row.node_id, row.reason, row.stopped_by, row.lifted_by) for row in stops(limit=9)]
    assert told == [
        (world.tree.south, "核查", CAROL, None),
        (world.tree.canton, "核查", CAROL, DAN),
    ]
    assert len(stopped_of(world.tree.shenzhen)) == 1
    assert stopped_of(world.tree.north) == []


def test_a_command_stops_a_place_by_its_code(
    world: World, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wx_backend.cli._config", lambda: config)
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)  # a thread may log meanwhile

    def told(*command: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, [*command])
        return done.exit_code, done.output

    code = "SC"
    reason = ("--reason", "核查")
    assert told("stop", "payouts", "--place", code, *reason) == (0, f"payouts of {code}: stopped\n")
    assert told("stop", "payouts", "--place", code, *reason)[0] == 1
    assert told("stop", "payouts", "--place", "nowhere", *reason)[0] == 1
    assert told("stop", "refunds", "--place", code, *reason)[0] == 2
    db.session.rollback()
    assert [*stopped_places()] == [world.tree.canton]
    assert told("resume", "payouts", "--place", code) == (0, f"payouts of {code}: goes on\n")
    assert told("resume", "payouts", "--place", code)[0] == 1
