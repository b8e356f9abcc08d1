"""What replies need to know is read once in a while, however many ask."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from flows.arrival.known import RELOADING, REMEMBERED, RULES_HOLD, Known, Remembered
from menus.book import RuleBook
from menus.operations import set_rule
from menus.rules import ReplyKind, Rule, Trigger
from wx_backend.db import transaction

NOON = datetime(2026, 11, 21, 4, 0, 0, tzinfo=UTC)
LATER = NOON + REMEMBERED


class Source:
    """Gives 1, 2, 3 ...; something may happen while it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, _key: str) -> int:
        self.asked += 1
        asked = self.asked
        self.meanwhile()
        return asked


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def known(source: Source) -> Remembered[str, int]:
    return Remembered(source)


def test_what_is_known_is_read_again_after_a_while(known: Remembered[str, int]) -> None:
    assert [known.of("a", NOON), known.of("a", LATER - timedelta(seconds=1))] == [1, 1]
    assert [known.of("a", LATER), known.of("a", LATER)] == [2, 2]


def test_a_crowd_goes_on_with_the_old_while_one_reads(
    known: Remembered[str, int], source: Source
) -> None:
    known.of("a", NOON)
    told: list[int] = []
    source.meanwhile = lambda: told.append(known.of("a", LATER))

    assert known.of("a", LATER) == 2
    assert told == [1]


def test_a_failed_read_is_repeated_soon(known: Remembered[str, int], source: Source) -> None:
    known.of("a", NOON)

    def fail() -> None:
        raise OSError

    source.meanwhile = fail
    with pytest.raises(OSError):  # noqa: PT011 - nothing else is in the block
        known.of("a", LATER)
    source.meanwhile = lambda: None

    assert known.of("a", LATER) == 1
    assert known.of("a", LATER + RELOADING) == 3


def rules_of(known: Known, appid: str, now: datetime) -> RuleBook:
    return known.words(appid, None, None, now).rules


def test_changed_rules_are_in_force_within_seconds_and_read_only_then(app: Flask) -> None:
    known, appid = Known(app.app_context), "wx5ad0c1ee0a2b3f4d"
    before = rules_of(known, appid, NOON)
    assert rules_of(known, appid, NOON + RULES_HOLD) is before
    with transaction():
        set_rule(appid=appid, rule=Rule(Trigger.DEFAULT, "", ReplyKind.SILENCE, {}))

    assert rules_of(known, appid, NOON + RULES_HOLD) is before
    after = rules_of(known, appid, NOON + 2 * RULES_HOLD)
    assert after is not before
    with transaction():
        set_rule(appid=appid, rule=Rule(Trigger.DEFAULT, "", ReplyKind.TRANSFER, {}))
    assert rules_of(known, appid, NOON + 3 * RULES_HOLD) is not after


def test_what_is_at_hand_asks_the_database_nothing(app: Flask) -> None:
    known, appid = Known(app.app_context), "wx5ad0c1ee0a2b3f4d"
    assert known.at_hand(appid, None, None, NOON) is None
    words = known.words(appid, "alice", 7, NOON)
    for scene in (None, "alice"):
        share = 7 if scene else None
        assert known.at_hand(appid, scene, share, NOON) == words._replace(scanned=None)
    assert known.at_hand(appid, "bob", 7, NOON) is None
    assert known.at_hand(appid, "alice", 7, NOON + 2 * RULES_HOLD) is None
