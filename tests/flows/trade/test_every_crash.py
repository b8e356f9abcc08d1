"""At every crash point there is a process may end, be stopped or hang; the business is done once."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.exc import DBAPIError

from settlement.queries import Income
from tests.dying import Fate, meet
from tests.flows.trade.dying import deed_of
from tests.flows.trade.market import Market, assert_books_and_witness_agree
from tests.flows.trade.perils import STORIES, Result, Told
from tests.rows import rows
from wx_backend import claims, crash, worker
from wx_backend.db import db
from wx_backend.errors import AppError

MEANWHILE_SECONDS: Final = 0.5
ROOT: Final = Path(__file__).parents[3]
# Which stories pass through a point.
PASSES: Final[Mapping[str, Sequence[str]]] = {
    "arrival.before_commit": ["follow"],
    "arrival.after_commit": ["follow"],
    "inbox.before_done": ["follow"],
    "inbox.after_done": ["follow"],
    "checkout.after_order": ["submit"],
    "prepay.after_call": ["sheet"],
    "notice.before_done": ["paid"],
    "notice.after_done": ["paid"],
    "settle.after_payment": ["paid"],
    "settle.after_ledger": ["paid"],
    "fulfil.after_order": ["paid"],
    "messages.before_mark": ["paid"],
    "refund.after_state": ["refund"],
    "outbox.before_done": ["paid", "refund"],
    "outbox.after_done": ["paid", "refund"],
    "outbox.after_remote_call": ["paid", "refund"],
}
# Points of what finance and campaigns do, whose stories need a world of their own: told there, with every fate.
ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = {
    "figures.before_commit": ("tests/insights/test_deaths.py", "BEFORE_COMMIT"),
    "payout.after_release": ("tests/payouts/test_deaths.py", "AFTER_RELEASE"),
    "payout.after_books": ("tests/payouts/test_deaths.py", "AFTER_BOOKS"),
    "period.after_freezing": ("tests/periods/test_deaths.py", "AFTER_FREEZING"),
    "period.after_seal": ("tests/periods/test_deaths.py", "AFTER_SEAL"),
    "campaign.before_send": ("tests/campaigns/test_deaths.py", "BEFORE_SEND"),
    "campaign.after_send": ("tests/campaigns/test_deaths.py", "AFTER_SEND"),
    "campaign.mass.before_send": ("tests/campaigns/test_deaths.py", "MASS_BEFORE"),
    "campaign.mass.after_send": ("tests/campaigns/test_deaths.py", "MASS_AFTER"),
    "campaign.before_mark": ("tests/campaigns/test_deaths.py", "BEFORE_MARK"),
}
CASES: Final = [(point, story) for point, stories in PASSES.items() for story in stories]
# Where nothing is locked, so that somebody else can take over from a process that hangs.
OPEN: Final = [
    ("outbox.after_remote_call", "paid"),
    ("outbox.after_remote_call", "refund"),
    ("prepay.after_call", "sheet"),
]
PLACED: Final[Result] = {
    "orders": {"placed": 1},
    "lines": 2,
    "payments": {},
    "refunds": {},
    "there": [0, 0, 0],
    "books": {},
    "income": Income(earned_fen=0, taken_back_fen=0, held_fen=0, free_fen=0),
    "stock": (20, 1),
    "messages": {},
    "heard": [0, 0],
    "attributions": (2, 2),
    "touches": {"link_opened": 1},
    "open": [],
    "unfinished": 0,
}
PAID: Final[Result] = PLACED | {
    "orders": {"paid": 1},
    "payments": {"succeeded": 1},
    "there": [1, 0, 1],
    "books": {
        "wechat_clearing": 209_900,
        "revenue": -199_900,
        "collected_for_billing": -10_000,
        "commission_expense": 10_495,
        "commission_held": -10_495,
    },
    "income": Income(earned_fen=10_495, taken_back_fen=0, held_fen=10_495, free_fen=0),
    "stock": (19, 0),
    "touches": {"link_opened": 1, "paid": 2},
}
RESULTS: Final[Mapping[str, Result]] = {
    "follow": {
        "identities": 2,
        "pushes": {"done": 1},
        "follows": 1,
        "touches": ["subscribe"],
        "unfinished": 0,
    },
    "submit": PLACED,
    "sheet": PAID,
    "paid": PAID | {"messages": {"sent": 2}, "heard": [1, 1]},
    "refund": PAID
    | {
        "orders": {"refunded": 1},
        "refunds": {"succeeded": 1},
        "there": [1, 1, 1],
        "books": {},
        "income": Income(earned_fen=10_495, taken_back_fen=10_495, held_fen=0, free_fen=0),
        "stock": (20, 0),
        "open": ["activated_refunded"],  # billing has to be told by a person, once
    },
}


def begin(market: Market, story: str) -> Told:
    key = market.app.extensions["wx_config"].billing.shared_key
    market.stage.control("PUT", "/settings", billing_key=key)
    market.pass_time(seconds=0)
    return STORIES[story].prepare(market)


def restart(market: Market) -> None:
    """Everything armed is forgotten, and leases have run out."""
    crash.disarm()
    db.session.rollback()
    market.pass_time(seconds=claims.LEASE.total_seconds() + 60)


def assert_done_once(market: Market, story: str, told: Told) -> None:
    assert STORIES[story].result(market, told) == RESULTS[story]
    assert_books_and_witness_agree(market.stage)


def test_every_point_has_a_story() -> None:
    assert worker.SOURCES  # all that works is imported
    assert crash.known() == {*PASSES, *ELSEWHERE}
    for file, name in ELSEWHERE.values():
        text = (ROOT / file).read_text("utf-8")
        assert 'parametrize("fate", Fate)' in text
        assert name in text
    assert set(STORIES) == {story for stories in PASSES.values() for story in stories}


@pytest.mark.parametrize("story", STORIES)
def test_undisturbed(market: Market, story: str) -> None:
    told = begin(market, story)
    STORIES[story].act(market, told)
    restart(market)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)


@pytest.mark.parametrize(("point", "story"), CASES)
def test_an_exception_at_the_point(market: Market, point: str, story: str) -> None:
    told = begin(market, story)
    crash.arm(point, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        STORIES[story].act(market, told)
    restart(market)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)


@pytest.mark.processes
@pytest.mark.parametrize(("point", "story"), CASES)
def test_a_kill_at_the_point(market: Market, point: str, story: str) -> None:
    told = begin(market, story)
    db.session.rollback()
    meet(deed_of(market, story, told, point), Fate.KILL)
    restart(market)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)


@pytest.mark.processes
@pytest.mark.parametrize(("point", "story"), CASES)
def test_who_hangs_past_the_lease_while_somebody_takes_over_does_nothing_twice(
    market: Market, point: str, story: str
) -> None:
    """What he has locked, others wait for: they come while he hangs, and have to come again."""
    told = begin(market, story)
    db.session.rollback()
    others: list[threading.Thread] = []

    def take_over() -> None:
        restart(market)
        others.append(threading.Thread(target=_resume, args=(market, story, told)))
        others[0].start()
        time.sleep(MEANWHILE_SECONDS)

    meet(deed_of(market, story, told, point), Fate.HANG, take_over)
    others[0].join()
    restart(market)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)


def _resume(market: Market, story: str, told: Told) -> None:
    with market.app.app_context(), suppress(AppError, DBAPIError):
        try:
            STORIES[story].resume(market, told)
        finally:
            db.session.remove()


@pytest.mark.processes
@pytest.mark.parametrize(("point", "story"), OPEN)
def test_who_hangs_past_the_lease_changes_nothing_any_more(
    market: Market, point: str, story: str
) -> None:
    """He does one thing at a time: a second call under way would renew its lease, and go on rightly."""
    told = begin(market, story)
    db.session.rollback()
    before: dict[str, list[object]] = {}

    def done_meanwhile() -> None:
        restart(market)
        STORIES[story].resume(market, told)
        assert_done_once(market, story, told)
        before.update(rows())

    deed = deed_of(market, story, told, point, one_by_one=True)
    meet(deed, Fate.HANG, done_meanwhile)
    assert rows() == before


@pytest.mark.parametrize(
    "point", ["outbox.before_done", "outbox.after_done", "outbox.after_remote_call"]
)
def test_an_exception_at_every_second_passage(market: Market, point: str) -> None:
    """Not the first piece of work alone: whatever follows in the story crashes too."""
    told, story = begin(market, "paid"), "paid"
    passages = count()

    def every_second() -> None:
        if next(passages) % 2 == 0:
            raise crash.Crashed

    crashes = 0
    for _ in range(20):
        crash.arm(point, every_second)
        try:
            STORIES[story].act(market, told)
            market.stage.settle()
            STORIES[story].act(market, told)
        except crash.Crashed:
            crashes += 1
            restart(market)
        else:
            break
    assert crashes
    restart(market)
    STORIES[story].resume(market, told)
    assert_done_once(market, story, told)
