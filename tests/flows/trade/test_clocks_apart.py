"""Our clock and the database's differ: only ours counts, and the database is asked for no time at all."""

import re
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, Final

import pytest
from sqlalchemy import event, text

from tests.flows.trade.market import Market
from tests.flows.trade.perils import STORIES
from tests.flows.trade.test_every_crash import assert_done_once, begin
from wx_backend import clock
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db

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


@pytest.mark.usefixtures("app")
def test_nothing_in_the_schema_looks_at_a_clock(database_kind: str) -> None:
    found = [str(row) for row in db.session.scalars(text(SCHEMA[database_kind]))]
    assert len(found) > 100
    assert [each for each in found if CLOCK.search(each)] == []
