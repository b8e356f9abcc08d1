"""The night's files: what was sold goes out whole, what billing says counts once, lies are shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from billing.client import signature
from flows.billing import chase_hand_overs
from flows.billing_desk import NothingToRepeat, desk_of, go_again
from flows.billing_files import exchange_files, write_file
from orders import hand_overs
from orders.billing_files import latest_files
from orders.hand_overs import hand_over_of
from orders.models import BillingFile
from payments.models import ExceptionItem
from tests.flows.trade.market import Market, lines, open_kinds, order_row
from tests.flows.trade.test_billing import ORDERS, buy_plan, handed, there
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.db import db, retried, transaction
from wx_backend.outbox import defer

KEY = "shared-with-billing"


@pytest.fixture
def exchange(market: Market, stage: Stage, tmp_path: Path) -> Path:
    """The folder both sides see; billing answers nothing over HTTP."""
    folder = tmp_path / "exchange"
    stage.control("PUT", "/settings", billing_key=KEY, billing_exchange=str(folder))
    stage.chaos(ORDERS, "fail_before", times=-1, status=503)
    assert market.app.extensions["wx_config"].billing.exchange_dir == folder
    return folder


def to_the_next_night(market: Market) -> None:
    """Move the clocks to two o'clock in the morning of the next day in Shanghai."""
    here = clock.now().astimezone(SHANGHAI)
    night = (here + timedelta(days=1)).replace(hour=2, minute=0, second=0)
    market.pass_time(seconds=(night - here).total_seconds())


def exchange_now(market: Market) -> None:
    db.session.rollback()
    retried(lambda: exchange_files(now=clock.now()))
    market.work_here()


def billing_works_at_night(market: Market, stage: Stage) -> None:
    """Our file goes out, billing answers, we read what it says."""
    to_the_next_night(market)
    exchange_now(market)
    stage.control("POST", "/billing/night")
    market.pass_time(minutes=10)
    exchange_now(market)


def file_row() -> BillingFile:
    db.session.rollback()
    [file] = latest_files(limit=5)
    return file


def open_items() -> list[ExceptionItem]:
    db.session.rollback()
    query = db.select(ExceptionItem).where(ExceptionItem.closed_at.is_(None))
    return list(db.session.scalars(query))


def test_what_billing_did_not_hear_of_by_day_it_hears_by_night(
    market: Market, stage: Stage, exchange: Path
) -> None:
    order_id = buy_plan(market)
    assert handed(order_id)[0] == "unknown"
    billing_works_at_night(market, stage)
    [taken] = there(stage)
    [line] = taken["order"]["lines"]
    assert (line["developer_code"], line["staff_number"]) == ("D-Alice", "S-Alice")
    assert handed(order_id) == ("accepted", taken["receipt_no"])
    assert lines(order_id)[1].fulfilment == "activated"
    file = file_row()
    assert (len(file.order_ids), file.accepted, file.refused) == (1, 1, 0)
    assert file.written_at is not None
    assert file.acknowledged_at is not None
    assert [path.name for path in (exchange / "done").iterdir()] == [f"{file.name}.ack"]


def test_an_acknowledgement_sent_twice_counts_once(
    market: Market, stage: Stage, exchange: Path
) -> None:
    stage.control("PUT", "/settings", billing_mode="twice")
    order_id = buy_plan(market)
    billing_works_at_night(market, stage)
    assert handed(order_id)[0] == "accepted"
    assert file_row().accepted == 1
    assert len(list((exchange / "done").iterdir())) == 2
    assert not open_kinds()


def test_a_file_written_again_after_a_crash_says_the_same(market: Market, exchange: Path) -> None:
    buy_plan(market)
    to_the_next_night(market)
    exchange_now(market)
    [written] = (exchange / "to_billing").iterdir()
    first = written.read_bytes()
    written.unlink()
    day = file_row().day.isoformat()
    with transaction():
        defer(write_file, day=day)
    market.work_here()
    assert written.read_bytes() == first


def test_nobody_else_on_the_machine_reads_what_is_exchanged(market: Market, exchange: Path) -> None:
    buy_plan(market)
    to_the_next_night(market)
    exchange_now(market)
    places = [exchange, *exchange.rglob("*")]
    assert len(places) >= 4
    assert [path.name for path in places if path.stat().st_mode & 0o007] == []


@pytest.mark.usefixtures("exchange")
def test_a_refusal_is_shown_with_its_reason_and_can_be_repeated(
    market: Market, stage: Stage
) -> None:
    stage.control("PUT", "/settings", billing_refuses=market.wares.plan)
    order_id = buy_plan(market)
    billing_works_at_night(market, stage)
    assert handed(order_id)[0] == "refused"
    [item] = open_items()
    assert item.kind == "billing_refused"
    assert market.wares.plan in item.details["reason"]
    assert file_row().refused == 1

    stage.control("PUT", "/settings", billing_refuses="")
    stage.control("DELETE", "/chaos")
    number = order_row(order_id).number
    outlet = outlet_of(order_id)
    retried(lambda: go_again(number=number, node_id=outlet, by="staff:1", now=clock.now()))
    market.work_here()
    assert handed(order_id)[0] == "accepted"
    assert not open_kinds()
    with pytest.raises(NothingToRepeat), transaction():
        go_again(number=number, node_id=outlet, by="staff:1", now=clock.now())


def outlet_of(order_id: int) -> int:
    """The outlet the order's plan counts for: its people see it at their desk."""
    found = lines(order_id)[1].outlet_id
    assert found is not None
    return found


@pytest.mark.usefixtures("exchange")
def test_a_decision_about_an_order_nobody_handed_over_is_shown(
    market: Market, stage: Stage
) -> None:
    stage.control("PUT", "/settings", billing_mode="wrong")
    order_id = buy_plan(market)
    billing_works_at_night(market, stage)
    assert handed(order_id)[0] == "unknown"
    assert [item.kind for item in open_items()] == ["billing_file"]


@pytest.mark.parametrize(
    "content",
    [
        "order_number,result,receipt_no,reason,decided_at\nX,accepted,BR1,,2026-03-08T01:00:00Z\n#,1,0,{forged}\n",
        "order_number,result,receipt_no,reason,decided_at\n#,3,0,{right}\n",
        "something else\n#,0,0,{right}\n",
    ],
    ids=["forged", "cut off", "no acknowledgement"],
)
def test_a_file_that_cannot_be_believed_changes_nothing(
    market: Market, exchange: Path, content: str
) -> None:
    order_id = buy_plan(market)
    body = content.partition("{")[0]
    raw = content.format(forged="0" * 64, right=signature(KEY, body.encode()))
    (exchange / "from_billing").mkdir(parents=True)
    (exchange / "from_billing" / "WX20260308.csv.ack").write_text(raw)
    exchange_now(market)
    assert handed(order_id)[0] == "unknown"
    assert [item.kind for item in open_items()] == ["billing_file"]
    assert [path.name for path in (exchange / "refused").iterdir()] == ["WX20260308.csv.ack"]
    assert not list((exchange / "from_billing").iterdir())


def test_billing_that_takes_back_its_word_is_shown(
    market: Market, stage: Stage, exchange: Path
) -> None:
    stage.control("DELETE", "/chaos")
    order_id = buy_plan(market)
    number, receipt = order_row(order_id).number, handed(order_id)[1]
    acknowledge(exchange, f"{number},refused,,changed our mind,2026-03-08T01:00:00+08:00")
    exchange_now(market)
    assert handed(order_id) == ("accepted", receipt)
    assert open_kinds() == ["billing_contradicts"]


def acknowledge(exchange: Path, line: str) -> None:
    """Leave a signed acknowledgement of one line, as billing would."""
    body = f"order_number,result,receipt_no,reason,decided_at\n{line}\n#,1,0,"
    folder = exchange / "from_billing"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "WX20260308.csv.ack").write_text(f"{body}{signature(KEY, body.encode())}\n")


@pytest.mark.usefixtures("exchange")
def test_silence_is_asked_ever_more_rarely_and_given_to_a_person_at_last(
    market: Market, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = buy_plan(market)
    asked = []
    for _ in range(6):
        row = hand_over_of(order_id)
        assert row is not None
        asked.append(row.tries)
        market.pass_time(minutes=2 ** (row.tries + 1))
        market.work_here()
    assert asked == sorted(set(asked)), "one more try each time the pause was over"

    monkeypatch.setattr(hand_overs, "TRIES_MAX", tries_of(order_id) + 1)
    market.pass_time(hours=7)
    market.work_here()
    assert handed(order_id)[0] == "dead"
    assert open_kinds() == ["billing_silent"]
    number, outlet = order_row(order_id).number, outlet_of(order_id)
    stage.control("DELETE", "/chaos")
    retried(lambda: go_again(number=number, node_id=outlet, by="staff:1", now=clock.now()))
    market.work_here()
    assert handed(order_id)[0] == "accepted"
    assert not open_kinds()


@pytest.mark.usefixtures("exchange")
def test_chasing_silence_makes_nobody_ask_twice_from_then_on(market: Market) -> None:
    order_id = buy_plan(market)
    market.pass_time(minutes=11)
    assert retried(lambda: chase_hand_overs(now=clock.now())) == 1
    market.work_here()
    before = tries_of(order_id)
    market.pass_time(hours=7)
    market.work_here()
    assert tries_of(order_id) == before + 1


def tries_of(order_id: int) -> int:
    db.session.rollback()
    row = hand_over_of(order_id)
    assert row is not None
    return row.tries


@pytest.mark.usefixtures("exchange")
def test_the_desk_counts_what_waits_by_age(market: Market) -> None:
    order_id = buy_plan(market)
    market.pass_time(hours=2)
    db.session.rollback()
    desk = desk_of(outlet_of(order_id), now=clock.now())
    assert list(desk.ages.values()) == [1, 1, 1, 0]
    [waiting] = desk.waiting
    assert waiting.order_number == order_row(order_id).number
    assert not waiting.may_go_again
