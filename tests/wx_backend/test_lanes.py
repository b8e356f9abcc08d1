"""The queue of long sends: each lane goes on by itself, and ends when nothing is left."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from wx_backend.db import transaction
from wx_backend.outbox import BULK, Steps, defer, remote_job
from wx_backend.worker import drain_queue

PATIENCE = 20.0
done: list[str] = []
slow_may_end = threading.Event()


@remote_job("test.slow", queue=BULK)
def slow() -> Steps:
    """Ends only once the other lane has come three turns further."""
    in_time = yield lambda: slow_may_end.wait(PATIENCE)
    done.append("slow" if in_time else "too late")


@remote_job("test.turn", queue=BULK)
def turn(*, left: int) -> Steps:
    """One turn, which has the next follow."""
    yield lambda: None
    done.append(f"turn {left}")
    if left:
        defer(turn, left=left - 1)
    else:
        slow_may_end.set()


@pytest.fixture(autouse=True)
def nothing_done() -> Iterator[None]:
    done.clear()
    slow_may_end.clear()
    yield
    slow_may_end.set()


def test_a_lane_goes_on_while_the_other_is_at_something_long(app: Flask) -> None:
    with transaction():
        defer(slow)
        defer(turn, left=3)

    assert drain_queue(app, BULK) == 5
    assert done == ["turn 3", "turn 2", "turn 1", "turn 0", "slow"]


def test_a_lane_without_work_takes_what_the_other_leaves_behind(app: Flask) -> None:
    with transaction():
        defer(turn, left=2)

    assert drain_queue(app, BULK) == 3
    assert done == ["turn 2", "turn 1", "turn 0"]


def test_nothing_due_is_nothing_done(app: Flask) -> None:
    assert drain_queue(app, BULK) == 0
