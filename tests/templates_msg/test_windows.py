"""When customer service may write to somebody, and how often."""

from datetime import timedelta

import pytest
from flask import Flask

from templates_msg.models import Trigger
from templates_msg.windows import open_window, reachable, use_window
from tests.racing import race
from tests.templates_msg.cast import NOON, bob
from wx_backend.db import retried, transaction

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def identity_id(app: Flask) -> int:
    assert app.testing
    return bob()


def opened(identity_id: int, trigger: Trigger, at_seconds: int = 0) -> None:
    with transaction():
        open_window(identity_id=identity_id, trigger=trigger, at=NOON + at_seconds * SECOND)


def used(identity_id: int, after: timedelta = SECOND) -> bool:
    return retried(lambda: use_window(identity_id=identity_id, now=NOON + after))


def test_a_message_opens_two_days_for_five_and_a_scan_a_minute_for_three(identity_id: int) -> None:
    assert not used(identity_id)
    opened(identity_id, Trigger.MESSAGE)
    opened(identity_id, Trigger.SCAN)

    assert [used(identity_id) for _ in range(9)] == [True] * 8 + [False]
    opened(identity_id, Trigger.MESSAGE, 10)
    assert used(identity_id, 48 * HOUR)
    assert not used(identity_id, 48 * HOUR + 11 * SECOND)


def test_the_window_that_closes_first_is_used_first(identity_id: int) -> None:
    opened(identity_id, Trigger.MESSAGE)
    opened(identity_id, Trigger.FOLLOW)
    assert [used(identity_id) for _ in range(3)] == [True] * 3

    assert reachable([identity_id], until=NOON + HOUR) == {identity_id: 5}
    assert reachable([identity_id], until=NOON + 48 * HOUR) == {}


def test_an_older_act_that_becomes_known_later_opens_nothing(identity_id: int) -> None:
    opened(identity_id, Trigger.MESSAGE, 60)
    assert [used(identity_id, 90 * SECOND) for _ in range(5)] == [True] * 5
    opened(identity_id, Trigger.MESSAGE, 0)

    assert not used(identity_id, 90 * SECOND)


def test_a_window_is_not_overdrawn_by_several_at_once(app: Flask, identity_id: int) -> None:
    opened(identity_id, Trigger.MESSAGE)

    assert sum(race(app, lambda _: used(identity_id), times=12)) == 5
