"""The bell rings after a commit, seldom, and never hurts whoever pulls it."""

import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import pytest
from flask import Flask

from tests.limits import within
from wx_backend import bell, outbox, rq_queue
from wx_backend.db import db, transaction
from wx_backend.errors import Conflict
from wx_backend.outbox import defer, job

Rings = list[tuple[str, float]]
rings: Rings = []


@job("test.ring")
def nothing() -> None:
    """Something to be woken for."""


@pytest.fixture
def rope(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Iterator[Rings]:
    """Where rings arrive, instead of Redis."""
    assert app.testing
    mine: Rings = []  # what the thread of an earlier test's bell has still to ring goes to that one's
    monkeypatch.setattr(sys.modules[__name__], "rings", mine)
    monkeypatch.setattr(rq_queue, "connect", lambda _url: mine)
    monkeypatch.setattr(
        rq_queue, "enqueue_drain", lambda name, whose: whose.append((name, time.monotonic()))
    )
    bell.install("redis://rope")
    yield mine
    bell.install(None)


def rung(count: int = 1, within: float = 30.0) -> list[str]:
    """The queues rung, once there are so many rings (or the time is over)."""
    end = time.monotonic() + within
    while len(rings) < count and time.monotonic() < end:
        time.sleep(0.005)
    return [name for name, _ in rings]


def test_deferred_work_rings_after_the_commit(rope: Rings) -> None:
    with transaction():
        defer(nothing)
        db.session.flush()
        time.sleep(0.05)
        assert rope == []

    assert rung() == [outbox.WORK]


def test_a_rollback_rings_for_nothing(rope: Rings) -> None:
    def fail() -> None:
        with transaction():
            defer(nothing)
            raise Conflict

    with pytest.raises(Conflict):
        fail()
    with transaction():
        pass

    assert rung(within=0.1) == []
    assert rope == []


def test_a_savepoint_that_ends_well_is_no_commit(rope: Rings) -> None:
    with transaction() as session:
        with session.begin_nested():
            defer(nothing)
        time.sleep(0.05)
        assert rope == []

    assert rung() == [outbox.WORK]


@pytest.mark.usefixtures("rope")
def test_many_rings_are_few() -> None:
    start = time.monotonic()
    while time.monotonic() < start + 0.5 or len(rings) < 2:
        bell.ring("work")
        time.sleep(0.001)
    rung(count=99, within=0.2)

    times = [at for _, at in rings]
    assert len(times) <= (time.monotonic() - start) / bell.SPACING_SECONDS + 1
    assert min(b - a for a, b in pairwise(times)) >= bell.SPACING_SECONDS * 0.9


@pytest.mark.usefixtures("rope")
def test_a_broken_rope_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def tear(_name: str, whose: Rings) -> None:
        whose.append(("torn", time.monotonic()))
        raise ConnectionError

    monkeypatch.setattr(rq_queue, "enqueue_drain", tear)
    monkeypatch.setattr(bell, "PAUSE_AFTER_FAILURE_SECONDS", 0.05)
    for _ in range(2):
        with transaction():
            defer(nothing)
        rung(count=len(rings) + 1)

    assert set(rung()) == {"torn"}
    with transaction() as session:
        assert session.get(outbox.Job, 2) is not None


def test_without_a_url_there_is_no_bell() -> None:
    bell.install(None)
    bell.ring("work")
    assert not any(thread.name == "bell" and thread.is_alive() for thread in new_threads())


def new_threads() -> list[threading.Thread]:
    before = set(threading.enumerate())
    bell.ring("work")
    return [thread for thread in threading.enumerate() if thread not in before]


def ring_often() -> None:
    for _ in range(100):
        bell.ring("work")


def test_pulling_costs_nothing_when_redis_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "silent.sock"
    with socket(AF_UNIX, SOCK_STREAM) as silent:
        silent.bind(str(path))
        silent.listen(4)
        bell.install(f"unix://{path}")
        within(0.1, ring_often)
        bell.install(None)
