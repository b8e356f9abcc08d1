"""Rows that are jobs: claimed once, fenced, given up after a while, brought back by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from wx_backend import claims, clock, crash, outbox
from wx_backend.claims import LostClaim, WorkStatus
from wx_backend.db import db, transaction
from wx_backend.errors import Conflict, PlatformError
from wx_backend.leases import Lease
from wx_backend.leases import take as take_lease
from wx_backend.outbox import Job, Steps, defer, job, remote_job

calls: list[str] = []
answers: list[object] = []


@job("test.note")
def note(*, text: str) -> None:
    """Leave a lease row behind as the visible effect."""
    db.session.add(Lease(name=text, holder="note", until=clock.now()))


@job("test.refuse")
def refuse() -> None:
    raise Conflict


@remote_job("test.call")
def ask(*, text: str) -> Steps:
    def remote() -> str:
        assert not db.session().in_transaction()
        calls.append(text)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    try:
        answer = yield remote
    except PlatformError as error:
        if not error.unknown:
            raise
        answer = "unknown"
    db.session.add(Lease(name=f"{text}:{answer}", holder="call", until=clock.now()))


@pytest.fixture(autouse=True)
def _fresh(app: Flask) -> Iterator[None]:
    assert app.testing
    calls.clear()
    answers.clear()
    yield
    crash.disarm()


def effects() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(Lease.name)))


def only_job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job)).one()


def defer_and_fail() -> None:
    with transaction():
        defer(note, text="never")
        raise Conflict


def put(work: outbox.Work, **arguments: Any) -> None:
    with transaction():
        defer(work, **arguments)


def test_work_and_its_completion_are_one_transaction() -> None:
    put(note, text="once")
    (held,) = outbox.claim(outbox.WORK, limit=5)

    assert outbox.run(held)

    assert effects() == ["once"]
    assert only_job().status == WorkStatus.DONE
    assert outbox.claim(outbox.WORK, limit=5) == []


@pytest.mark.usefixtures("app")
def test_work_deferred_in_a_transaction_that_rolls_back_never_exists() -> None:
    with pytest.raises(Conflict):
        defer_and_fail()

    assert outbox.claim(outbox.WORK, limit=5) == []


def test_the_same_key_makes_one_job() -> None:
    for _ in range(3):
        put(note, key="order-1", text="keyed")

    assert len(outbox.claim(outbox.WORK, limit=5)) == 1


@pytest.mark.parametrize("point", [outbox.BEFORE_DONE, outbox.AFTER_DONE])
def test_a_crash_around_the_commit_leaves_one_effect(point: str, later: "Later") -> None:
    put(note, text="once")
    crash.arm(point, crash.raise_crashed)
    (held,) = outbox.claim(outbox.WORK, limit=5)
    with pytest.raises(crash.Crashed):
        outbox.run(held)
    crash.disarm()

    later(claims.LEASE)
    for again in outbox.claim(outbox.WORK, limit=5):
        assert outbox.run(again)

    assert effects() == ["once"]


def test_a_worker_stopped_past_its_lease_changes_nothing(later: "Later") -> None:
    put(note, text="slow")
    (slow,) = outbox.claim(outbox.WORK, limit=5)
    later(claims.LEASE)
    (quick,) = outbox.claim(outbox.WORK, limit=5)
    assert outbox.run(quick)

    assert not outbox.run(slow)

    assert effects() == ["slow"]


def test_a_remote_call_is_made_with_no_transaction_open() -> None:
    answers.append("yes")
    put(ask, text="q")
    (held,) = outbox.claim(outbox.CALL, limit=5)

    assert outbox.run(held)

    assert calls == ["q"]
    assert effects() == ["q:yes"]


def test_a_stopped_caller_does_not_record_over_its_successor(later: "Later") -> None:
    answers.extend(["second"])
    put(ask, text="q")
    (slow,) = outbox.claim(outbox.CALL, limit=5)
    later(claims.LEASE)
    (quick,) = outbox.claim(outbox.CALL, limit=5)
    assert outbox.run(quick)

    assert not outbox.run(slow)

    assert effects() == ["q:second"]
    assert calls == ["q"]


def test_a_failing_call_is_tried_again_later_and_dies_at_last(later: "Later") -> None:
    put(ask, text="q")
    for attempt in range(1, claims.ATTEMPTS_MAX + 1):
        answers.append(PlatformError("api", "-1", permanent=False))
        (held,) = outbox.claim(outbox.CALL, limit=5)
        assert held.attempt == attempt
        assert not outbox.run(held)
        assert outbox.claim(outbox.CALL, limit=5) == []
        later(claims.backoff(attempt))

    assert only_job().status == WorkStatus.DEAD
    assert effects() == []


def test_a_permanent_refusal_is_not_repeated_until_somebody_replays_it() -> None:
    answers.extend([PlatformError("api", "40003", permanent=True), "fine"])
    put(ask, text="q")
    (held,) = outbox.claim(outbox.CALL, limit=5)
    assert not outbox.run(held)
    assert only_job().status == WorkStatus.DEAD

    with transaction():
        assert claims.replay(Job, held.id, now=clock.now())
    (again,) = outbox.claim(outbox.CALL, limit=5)

    assert outbox.run(again)
    assert effects() == ["q:fine"]


def test_work_may_take_an_unknown_outcome_as_an_answer() -> None:
    answers.append(PlatformError("api", "timeout", permanent=False, unknown=True))
    put(ask, text="q")
    (held,) = outbox.claim(outbox.CALL, limit=5)

    assert outbox.run(held)

    assert effects() == ["q:unknown"]


def test_a_refusal_of_ours_is_final() -> None:
    put(refuse)
    (held,) = outbox.claim(outbox.WORK, limit=5)

    assert not outbox.run(held)

    assert only_job().status == WorkStatus.DEAD


def test_work_that_ends_every_process_is_given_up(later: "Later") -> None:
    put(note, text="poison")
    for _ in range(claims.ATTEMPTS_MAX):
        assert len(outbox.claim(outbox.WORK, limit=5)) == 1
        later(claims.LEASE)

    assert outbox.claim(outbox.WORK, limit=5) == []
    row = only_job()
    assert (row.status, row.last_error) == (WorkStatus.DEAD, "no attempt came to an end")


def test_a_job_of_a_newer_version_waits_for_it(later: "Later") -> None:
    put(note, text="new")
    with transaction() as session:
        session.execute(update(Job).values(name="test.of_next_week"))
    (held,) = outbox.claim(outbox.WORK, limit=5)
    assert not outbox.run(held)
    assert only_job().status == WorkStatus.PENDING
    with transaction() as session:
        session.execute(update(Job).values(name="test.note"))
    later(claims.backoff(1))
    (again,) = outbox.claim(outbox.WORK, limit=5)

    assert outbox.run(again)
    assert effects() == ["new"]


def test_finishing_under_an_old_attempt_is_refused() -> None:
    put(note, text="x")
    (held,) = outbox.claim(outbox.WORK, limit=5)
    stale = claims.Claim(held.id, held.attempt - 1)

    with pytest.raises(LostClaim), transaction():
        claims.finish(Job, stale, now=clock.now())


def test_a_lease_has_one_holder_until_it_ends() -> None:
    now = clock.now()
    length = timedelta(seconds=10)
    with transaction():
        first = take_lease("leader", "a", now=now, length=length)
        assert take_lease("leader", "b", now=now, length=length) is None
        renewed = take_lease("leader", "a", now=now, length=length)
        taken = take_lease("leader", "b", now=now + 2 * length, length=length)

    assert first is not None
    assert renewed is not None
    assert taken is not None
    assert first < renewed < taken


class Later:
    """Moves the clock forward."""

    def __call__(self, span: timedelta) -> None: ...


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    start = clock.now
    ahead = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: start() + ahead[0])

    class Moved(Later):
        def __call__(self, span: timedelta) -> None:
            ahead[0] += span + timedelta(seconds=1)

    return Moved()
