"""One clock leads; another takes over when it falls silent; one fault does not stop the rest."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.racing import race
from wx_backend import clock, outbox
from wx_backend.clock_process import LEASE_LENGTH, Aside, Clock, Periodic, chores, sweeps, upkeep
from wx_backend.db import transaction
from wx_backend.outbox import Steps, defer, job, remote_job
from wx_backend.worker import BATCH, Worker, drain_queue

SECOND = timedelta(seconds=1)
ran: list[str] = []
may_answer = threading.Event()


@job("test.tick")
def tick() -> None:
    ran.append("job")


@remote_job("test.hang")
def hang() -> Steps:
    """A platform that does not answer for as long as it likes."""
    yield lambda: may_answer.wait(10)
    ran.append("answered")


@pytest.fixture(autouse=True)
def _calm(app: Flask) -> None:
    assert app.testing
    ran.clear()
    may_answer.clear()


def noted(name: str, every: timedelta = SECOND) -> Periodic:
    return Periodic(name, every, lambda: ran.append(name))


def failing(name: str) -> Periodic:
    def fail() -> None:
        raise RuntimeError(name)

    return Periodic(name, SECOND, fail)


def test_of_two_clocks_one_leads(app: Flask) -> None:
    now = clock.now()
    first = Clock(app, [noted("a")], holder="first")
    second = Clock(app, [noted("b")], holder="second")

    for number in range(5):
        at = now + number * SECOND
        assert first.tick(at) == ["a"]
        assert second.tick(at) == []


def test_of_two_clocks_that_differ_the_one_ahead_leads(app: Flask) -> None:
    """By its time the other's lease is over; the other waits from then on, and nothing is done by both in turn."""
    now, apart = clock.now(), timedelta(minutes=10)
    behind = Clock(app, [noted("a")], holder="behind")
    ahead = Clock(app, [noted("b")], holder="ahead")
    assert behind.tick(now) == ["a"]

    for number in range(5):
        assert ahead.tick(now + apart + number * SECOND) == ["b"]
        assert behind.tick(now + (number + 1) * SECOND) == []


def test_a_silent_clock_is_succeeded_after_its_lease(app: Flask) -> None:
    now = clock.now()
    first = Clock(app, [noted("a")], holder="first")
    second = Clock(app, [noted("b")], holder="second")
    first.tick(now)

    assert second.tick(now + LEASE_LENGTH - SECOND) == []
    assert second.tick(now + LEASE_LENGTH + SECOND) == ["b"]
    assert first.tick(now + LEASE_LENGTH + 2 * SECOND) == []


def test_clocks_that_start_together_have_one_leader(app: Flask) -> None:
    now = clock.now()
    clocks = [Clock(app, [noted("a")], holder=f"c{number}") for number in range(8)]

    outcomes = race(app, lambda number: clocks[number].tick(now), times=8)

    assert sorted(map(len, outcomes)) == [0] * 7 + [1]


def test_a_fault_in_one_piece_of_work_does_not_stop_the_others(app: Flask) -> None:
    loop = Clock(app, [failing("x"), noted("a"), failing("y"), noted("b")])
    now = clock.now()

    loop.tick(now)
    loop.tick(now + 2 * SECOND)

    assert ran == ["a", "b"] * 2


def test_work_is_done_as_often_as_it_asks_for(app: Flask) -> None:
    loop = Clock(app, [noted("often", SECOND), noted("seldom", 10 * SECOND)])
    now = clock.now()
    for number in range(11):
        loop.tick(now + number * SECOND)

    assert (ran.count("often"), ran.count("seldom")) == (11, 2)


def test_without_a_bell_the_sweep_does_the_work(app: Flask) -> None:
    with transaction():
        defer(tick)

    Clock(app, sweeps(app)).tick(clock.now())

    assert ran == ["job"]
    assert drain_queue(app, outbox.WORK) == 0


def test_a_call_that_hangs_holds_up_no_chore(app: Flask) -> None:
    with transaction():
        defer(hang)
    loop = Clock(app, [*sweeps(app), noted("chore")])

    loop.tick(clock.now())

    assert ran == ["chore"]
    may_answer.set()
    loop.end_aside()
    assert ran == ["chore", "answered"]
    assert drain_queue(app, outbox.CALL) == 0


def test_much_to_sweep_lets_the_chores_have_their_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wx_backend.clock_process.SWEEP_SECONDS", 0.0)
    with transaction():
        for _ in range(BATCH[outbox.WORK] + 1):
            defer(tick)
    loop, now = Clock(app, [*sweeps(app), noted("chore")]), clock.now()

    loop.tick(now)
    assert ran == ["job"] * BATCH[outbox.WORK] + ["chore"]

    loop.tick(now + 3 * SECOND)
    assert ran[-2:] == ["job", "chore"]


def test_a_worker_told_to_stop_ends_with_the_batch_it_is_at(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = BATCH[outbox.WORK]
    with transaction():
        for _ in range(batch + 1):
            defer(tick)
    monkeypatch.setattr(Worker, "is_stopping", True)
    assert drain_queue(app, outbox.WORK) == batch
    monkeypatch.setattr(Worker, "is_stopping", False)

    assert drain_queue(app, outbox.WORK) == 1


def test_long_work_goes_on_aside_one_at_a_time_and_only_where_there_is_some() -> None:
    may_end, ends = threading.Event(), threading.Event()

    def last() -> None:
        ran.append("long")
        may_end.wait(10)
        ends.set()

    idle, busy = Aside("idle", last, lambda: False), Aside("busy", last, lambda: True)
    idle()
    busy()
    busy()
    may_end.set()

    assert ends.wait(10)
    assert ran == ["long"]


def test_a_fault_in_long_work_is_logged_and_the_next_begins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        ran.append("began")
        raise RuntimeError("no database")

    aside = Aside("sweep.call", fail, lambda: True)
    for _ in range(2):
        aside()
        aside.end(10)

    assert ran == ["began"] * 2
    assert [(each.message, each.__dict__["work"]) for each in caplog.records] == [
        ("periodic work failed", "sweep.call")
    ] * 2


def test_a_clock_that_is_stopped_gives_its_lease_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wx_backend.clock_process.TICK_SECONDS", 0.0)
    loop = Clock(app, [], holder="first")
    stop: Callable[[], object] = loop.stopped.set
    loop._work = [Periodic("stop", SECOND, stop)]
    loop.serve()

    assert Clock(app, [noted("b")], holder="second").tick(clock.now()) == ["b"]


def test_every_piece_of_periodic_work_bears_being_done_twice(app: Flask) -> None:
    for periodic in [*chores(), *upkeep()]:
        periodic.run()
        periodic.run()
    assert app.testing
