"""Our clock and the database's differ: only ours counts, and the database is asked for no time at all."""

import re
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, Final

import pytest
from sqlalchemy import event, text

from flows.payment.prepay import PaymentUncertain
from flows.refund.agree import refund_whole_order
from orders.values import Item
from tests.flows.trade.market import Market, assert_books_and_witness_agree, payments, refunds
from tests.flows.trade.perils import STORIES
from tests.flows.trade.test_every_crash import assert_done_once, begin
from wx_backend import backlog, clock
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, retried
from wx_backend.outbox import Job

AHEAD: Final = 600.0
BEHIND: Final = 3_000.0
CLOCK: Final = re.compile(
    r"\bnow\(|\bcurrent_(?:timestamp|time|date)\b|\b(?:clock|statement|transaction)_timestamp\b"
    r"|\blocaltime|\b(?:strftime|julianday|unixepoch|timeofday)\(|'now'",
    re.IGNORECASE,
)
SCHEMA: Final = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    "postgresql": """
        SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
        UNION ALL SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
                  WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'""",
}


def behind() -> float:
    """As far back as the day goes that the market was opened on."""
    midnight = datetime.combine(business_on(clock.now()), time(), SHANGHAI)
    return -min(BEHIND, (clock.now() - midnight).total_seconds())


@pytest.fixture
def asked(market: Market) -> Iterator[list[str]]:
    """Every statement that is sent to the database by its ordinary way."""
    assert market
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("story", ["follow", "paid", "refund"])
@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_database_on_another_clock_changes_nothing(
    market: Market, asked: list[str], story: str, *, is_ahead: bool
) -> None:
    """The movable clock is ours and WeChat's; the database stays on the machine's."""
    market.pass_time(seconds=AHEAD if is_ahead else behind())
    told = begin(market, story)
    STORIES[story].act(market, told)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)
    assert len(asked) > 10
    assert [statement for statement in asked if CLOCK.search(statement)] == []


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_refund_by_a_host_whose_clock_is_off_is_made_once_it_is_right(
    market: Market, seconds: int
) -> None:
    """WeChat Pay takes no signature that is more than five minutes old, or young."""
    order_id = market.buy(Item(market.wares.phone, 1))
    market.pass_time(minutes=20)
    set_apart(market, seconds)
    retried(
        lambda: refund_whole_order(
            order_id=order_id, reason="不想要了", actor="staff:1", key="all", now=clock.now()
        )
    )
    market.work_here()

    said = backlog.refused_with("SIGN_ERROR")
    assert said.count == 1
    way = "ahead" if seconds > 0 else "behind"
    assert re.search(rf"our clock is (5[5-9]|6[0-4])\d s {way}", said.said)
    assert [refund.status for refund in refunds()] == ["requested"]
    assert market.stage.facts("refund") == []

    set_apart(market, 0)
    market.pass_time(minutes=15)
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == ["succeeded"]
    assert backlog.refused_with("SIGN_ERROR").count == 0
    assert backlog.backlog_of(Job, clock.now()).dead == 0
    assert len(market.stage.facts("refund")) == 1
    assert_books_and_witness_agree(market.stage)


def test_a_payment_asked_for_by_such_a_host_is_paid_later_by_the_same_number(
    market: Market,
) -> None:
    order_id = market.order(Item(market.wares.phone, 1))
    set_apart(market, 600)
    with pytest.raises(PaymentUncertain):
        market.sheet(order_id)
    set_apart(market, 0)
    assert market.pay(market.sheet(order_id)).endswith(":ok")
    market.work()
    assert [payment.status for payment in payments(order_id)] == ["succeeded"]


def set_apart(market: Market, seconds: float) -> None:
    """Our clock is by so much ahead of WeChat's."""
    file = market.app.extensions["wx_config"].service.data_dir / "clock-offset"
    file.write_text(str(market.offset + seconds))
    clock.follow(file)


@pytest.mark.usefixtures("app")
def test_nothing_in_the_schema_looks_at_a_clock(database_kind: str) -> None:
    found = [str(row) for row in db.session.scalars(text(SCHEMA[database_kind]))]
    assert len(found) > 100
    assert [each for each in found if CLOCK.search(each)] == []
