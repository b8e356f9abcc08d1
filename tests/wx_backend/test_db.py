"""Instants, locks, retries and upserts mean the same on both databases."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from tests.racing import race
from wx_backend.db import (
    RETRIES,
    db,
    inserted,
    instant,
    locked,
    microseconds,
    retried,
    transaction,
    upsert,
)
from wx_backend.leases import Lease

NOON = datetime(2026, 11, 21, 4, 0, 0, 123456, tzinfo=UTC)
aware = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-11))]),
)


@pytest.fixture(autouse=True)
def _in_app(app: Flask) -> None:
    assert app.testing


def put(name: str, *, fence: int = 0, until: datetime = NOON) -> None:
    with transaction() as session:
        session.add(Lease(name=name, holder="me", fence=fence, until=until))


def fence_of(name: str) -> int:
    db.session.rollback()
    return db.session.get_one(Lease, name).fence


@settings(deadline=None)
@given(aware)
def test_an_instant_keeps_its_microsecond(at: datetime) -> None:
    assert instant(microseconds(at)) == at
    assert instant(microseconds(at)).tzinfo is UTC


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(aware)
def test_an_instant_comes_back_from_the_database_as_it_went_in(at: datetime) -> None:
    with transaction() as session:
        session.merge(Lease(name="at", holder="me", until=at))
    db.session.expire_all()

    found = db.session.scalars(select(Lease.until)).one()
    assert found == at
    assert found.tzinfo is UTC


def test_instants_are_ordered_in_the_database_as_in_life() -> None:
    times = [NOON + timedelta(microseconds=n) for n in (-(10**15), -1, 0, 1, 10**12)]
    for number, at in enumerate(reversed(times)):
        put(f"l{number}", until=at)

    assert db.session.scalars(select(Lease.until).order_by(Lease.until)).all() == times


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(StatementError, match="time zone"):
        put("naive", until=NOON.replace(tzinfo=None))


def test_locked_reads_what_others_have_written_meanwhile(app: Flask) -> None:
    put("row", fence=1)

    def grow() -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(Lease).values(fence=Lease.fence + 1))

    stale = db.session.get_one(Lease, "row")
    assert stale.fence == 1
    thread = threading.Thread(target=grow)
    thread.start()
    thread.join()

    with transaction():
        fresh = locked(select(Lease).where(Lease.name == "row"))
        assert fresh is not None
        assert fresh.fence == 2
        assert locked(select(Lease).where(Lease.name == "nobody")) is None


def test_locked_is_fresh_even_for_a_row_this_transaction_has_read() -> None:
    put("row", fence=1)

    with transaction() as session:
        seen = session.get_one(Lease, "row")
        session.connection().execute(update(Lease).values(fence=2))
        assert seen.fence == 1, "a plain object does not know"
        assert locked(select(Lease).where(Lease.name == "row")) is seen
        assert seen.fence == 2


def test_counting_under_a_lock_loses_nothing(app: Flask) -> None:
    put("row")

    def count() -> None:
        row = locked(select(Lease).where(Lease.name == "row"))
        assert row is not None
        row.fence += 1

    race(app, lambda _: retried(count), times=40)

    assert fence_of("row") == 40


def test_a_deadlock_or_a_busy_file_is_tried_again(app: Flask) -> None:
    """Two transactions lock two rows in opposite order, again and again."""
    put("a")
    put("b")

    def both(number: int) -> None:
        names = ("a", "b") if number % 2 else ("b", "a")

        def work() -> None:
            for name in names:
                row = locked(select(Lease).where(Lease.name == name))
                assert row is not None
                row.fence += 1
                db.session.flush()

        retried(work)

    race(app, both, times=6, threads=2)

    assert fence_of("a") == fence_of("b") == 6


def test_retries_end() -> None:
    tries = []

    def busy() -> None:
        tries.append(1)
        error = Exception()
        error.sqlstate = "40P01"  # type: ignore[attr-defined]  # as psycopg's errors have
        raise OperationalError("statement", {}, error)

    with pytest.raises(OperationalError):
        retried(busy)
    assert len(tries) == RETRIES + 1


def test_other_faults_are_not_tried_again() -> None:
    tries = []

    def wrong() -> None:
        tries.append(1)
        db.session.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError):
        retried(wrong)
    assert len(tries) == 1


def test_a_transaction_keeps_all_or_nothing() -> None:
    def half() -> None:
        with transaction() as session:
            session.add(Lease(name="half", holder="me", until=NOON))
            session.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()

    assert db.session.scalars(select(Lease)).all() == []
    put("whole")
    assert fence_of("whole") == 0


def test_of_many_upserts_of_one_key_one_inserts(app: Flask) -> None:
    row = {"name": "one", "holder": "me", "fence": 0, "until": NOON}

    outcomes = race(app, lambda _: retried(lambda: upsert(Lease, row, key=("name",))), times=16)

    assert outcomes.count(True) == 1


def test_who_inserts_first_gets_the_row_and_nobody_after_him() -> None:
    row = {"name": "one", "holder": "me", "fence": 0, "until": NOON}
    with transaction():
        made = inserted(Lease, row, key=("name",))
        assert made is not None
        assert (made.holder, made.until) == ("me", NOON)
    with transaction():
        assert inserted(Lease, {**row, "holder": "you"}, key=("name",)) is None
        assert inserted(Lease, {**row, "holder": "you"}, key=()) is None

    assert db.session.get_one(Lease, "one").holder == "me"


def test_an_upsert_may_change_named_columns_only() -> None:
    put("one", fence=1)
    row = {"name": "one", "holder": "you", "fence": 9, "until": NOON}
    with transaction():
        assert upsert(Lease, row, key=("name",), update=("holder",))

    found = db.session.get_one(Lease, "one")
    assert (found.holder, found.fence) == ("you", 1)
