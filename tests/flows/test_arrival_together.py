"""Pushes that arrive at the same time share one commit, and none fails for another.

About PostgreSQL whichever database the run is about; `test_arrival_store` compares what is stored.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from flows.arrival import lots
from flows.arrival.lots import LOT_MOST
from flows.arrival.plan import Arrival
from flows.arrival.postgres import Asking, Ready, storing
from flows.arrival.rows import BEFORE_COMMIT
from flows.arrival.store import CouldNotStore, Store
from tests.flows.test_arrival_store import WAIT, arrival, begun_to_store, stored
from tests.handlers.outages import silent_server
from tests.originals import EMPTY
from tests.postgres import PostgresServer
from tests.site import begun
from wx_backend import crash
from wx_backend.app import push_store
from wx_backend.db import db
from wx_backend.inbox import Push

NAME = "together"
SLOW = """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT count(*) FROM stored) >= TG_ARGV[0]::int THEN
    RAISE EXCEPTION 'too slow' USING ERRCODE = 'query_canceled';
  END IF;
  RETURN NULL;
END $$"""
SLOW_TRIGGER = """CREATE TRIGGER slow AFTER INSERT ON push REFERENCING NEW TABLE AS stored
FOR EACH STATEMENT"""


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh migrated database on the server."""
    with postgres.database(NAME, template=EMPTY) as url:
        yield url


@pytest.fixture
def store(app: Flask) -> Store:
    return push_store(app)


def stored_in_one_lot(
    store: Store,
    lot: list[Arrival],
    *,
    seconds: float = WAIT,
    before_it_begins: Callable[[list[Future[str]]], None] = lambda _: None,
) -> list[Future[str]]:
    """Store a first arrival and, while it is on its way, all of the lot; each has so many seconds."""
    on_the_way, gate = threading.Event(), threading.Event()

    def wait() -> None:
        crash.disarm()
        on_the_way.set()
        assert gate.wait(WAIT)

    crash.arm(BEFORE_COMMIT, wait)
    begun_to_store(store, arrival("SCAN", second=9, openid="first"))
    assert on_the_way.wait(WAIT)  # from now on the loop stands still
    futures = [begun(store.store(each, until=monotonic() + seconds)) for each in lot]
    before_it_begins(futures)
    gate.set()
    return futures


def pushes_by_transaction() -> list[int]:
    """How many pushes each transaction stored."""
    db.session.rollback()
    query = select(func.count()).select_from(Push).group_by(text("push.xmin::text"))
    return sorted(db.session.scalars(query))


def people(count: int, name: str = "bob") -> list[Arrival]:
    return [arrival("SCAN", second=0, openid=f"{name}{number}") for number in range(count)]


@contextmanager
def slow_from(count: int) -> Iterator[None]:
    """A database that takes too long for so many pushes at once, and says so as it does in time."""
    with db.engine.begin() as other:
        other.execute(text(SLOW))
        other.execute(text(f"{SLOW_TRIGGER} EXECUTE FUNCTION slow({count})"))
    yield
    db.session.rollback()  # what it read it would hold
    with db.engine.begin() as other:
        other.execute(text("DROP FUNCTION slow CASCADE"))


def test_whoever_waits_shares_a_commit(store: Store) -> None:
    futures = stored_in_one_lot(store, people(8))

    assert {future.result() for future in futures} == {"hello SCAN"}
    assert pushes_by_transaction() == [1, 8]


def test_a_push_the_database_refuses_fails_alone(store: Store) -> None:
    *good, bad = people(8)
    *futures, refused = stored_in_one_lot(store, [*good, replace(bad, kind="x" * 65)])

    assert {future.result() for future in futures} == {"hello SCAN"}
    with pytest.raises(CouldNotStore):
        refused.result()
    assert pushes_by_transaction() == [1] * 8
    assert stored(store, arrival("SCAN", second=1)) == "hello SCAN"


def test_text_with_a_nul_is_refused_not_cut(store: Store) -> None:
    with pytest.raises(CouldNotStore):
        stored(store, replace(arrival("SCAN", second=0), reply="one\0two"))


def test_one_persons_pushes_are_all_kept(store: Store) -> None:
    lot = [arrival("SCAN", second=second % 3) for second in range(6)]
    futures = stored_in_one_lot(store, lot)

    assert {future.result() for future in futures} == {"hello SCAN"}
    assert pushes_by_transaction() == [1, 1, 1, 1]  # three of Bob's seconds, one after another


def test_whoever_waits_behind_a_lot_that_is_refused_shares_the_next(store: Store) -> None:
    *good, bad = people(LOT_MOST)
    crowd = [*good, replace(bad, kind="x" * 65), *people(2 * LOT_MOST, "ben")]
    futures = stored_in_one_lot(store, crowd)

    refused = futures.pop(len(good))
    assert {future.result() for future in futures} == {"hello SCAN"}
    with pytest.raises(CouldNotStore):
        refused.result()
    assert pushes_by_transaction() == [1] * LOT_MOST + [LOT_MOST, LOT_MOST]


def test_a_lot_that_takes_too_long_comes_again_in_smaller_ones(store: Store) -> None:
    """Two hundred who wait at a database that is short of time ask it for no connection each."""
    with slow_from(17):
        futures = stored_in_one_lot(store, people(200))
        assert {future.result(WAIT) for future in futures} == {"hello SCAN"}
        sizes = pushes_by_transaction()
        assert sum(sizes) == 201
        assert max(sizes) <= 16
        assert len(sizes) < 40

    futures = stored_in_one_lot(store, people(6 * LOT_MOST, "ben"))
    assert {future.result(WAIT) for future in futures} == {"hello SCAN"}
    assert max(pushes_by_transaction()) == LOT_MOST


def test_who_alone_takes_too_long_for_a_lot_is_stored_alone(store: Store) -> None:
    assert stored(store, arrival("SCAN", second=0)) == "hello SCAN"
    with slow_from(1):
        refused = begun_to_store(store, arrival("SCAN", second=1))
        with pytest.raises(CouldNotStore, match="QueryCanceled"):
            refused.result(WAIT)  # alone, too
    assert stored(store, arrival("SCAN", second=1)) == "hello SCAN"


@pytest.mark.limits
def test_a_crowd_leaves_a_connection_that_says_nothing_together(store: Store) -> None:
    assert stored(store, arrival("SCAN", second=0)) == "hello SCAN"
    db.session.rollback()
    with silent_server():
        futures = [begun_to_store(store, each) for each in people(100)]
        assert {future.result(WAIT) for future in futures} == {"hello SCAN"}

    assert len(pushes_by_transaction()) < 50


@pytest.mark.limits
def test_who_holds_up_one_person_holds_up_nobody_else(store: Store) -> None:
    stored(store, arrival("SCAN", second=0, openid="bob0"))
    with db.engine.begin() as other:
        other.execute(text("SELECT FROM identity WHERE openid = 'bob0' FOR UPDATE"))
        held, *futures = stored_in_one_lot(
            store, [arrival("SCAN", second=1, openid=f"bob{number}") for number in range(4)]
        )
        assert {future.result() for future in futures} == {"hello SCAN"}
        with pytest.raises(CouldNotStore):
            held.result()

    assert stored(store, arrival("SCAN", second=1, openid="bob0")) == "hello SCAN"


def test_a_crowd_is_stored_in_lots_of_limited_size(store: Store) -> None:
    futures = stored_in_one_lot(store, people(3 * LOT_MOST))

    assert {future.result() for future in futures} == {"hello SCAN"}
    assert pushes_by_transaction() == [1, LOT_MOST, LOT_MOST, LOT_MOST]


def test_who_hangs_up_takes_nobody_with_him(store: Store) -> None:
    """He is gone before his lot begins; his place in it is told nothing, the others are."""
    lot = people(8)

    def hang_up(futures: list[Future[str]]) -> None:
        assert futures[0].cancel()

    gone, *futures = stored_in_one_lot(store, lot, before_it_begins=hang_up)
    assert {future.result() for future in futures} == {"hello SCAN"}
    assert gone.cancelled()
    assert stored(store, lot[0]) == "hello SCAN"


def test_a_fault_of_ours_leaves_nobody_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends a lot, each of it goes on alone, and the next lot is as ever."""
    faults = [RuntimeError("a fault")]

    def fails_once(lot: Sequence[Ready]) -> Asking:
        if len(lot) == 8 and faults:
            raise faults.pop()
        return storing(lot)

    monkeypatch.setattr(lots, "storing", fails_once)
    futures = stored_in_one_lot(store, people(8))
    assert {future.result(WAIT) for future in futures} == {"hello SCAN"}
    assert not faults
    futures = stored_in_one_lot(store, [replace(each, key=each.key[::-1]) for each in people(8)])
    assert {future.result(WAIT) for future in futures} == {"hello SCAN"}


def test_who_waits_longer_than_he_may_is_told_so(store: Store) -> None:
    """More come than the database takes: they are asked to come again, nobody waits for ever."""
    futures = stored_in_one_lot(store, people(2 * LOT_MOST), seconds=-1.0)
    for future in futures:
        with pytest.raises(CouldNotStore):
            future.result(WAIT)
    assert stored(store, arrival("SCAN", second=1)) == "hello SCAN"


def test_a_lost_connection_is_replaced(store: Store) -> None:
    assert stored(store, arrival("SCAN", second=0)) == "hello SCAN"
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with db.engine.begin() as other:
        other.execute(text(f"{ended} AND datname = current_database()"))

    futures = stored_in_one_lot(store, people(8))
    assert {future.result() for future in futures} == {"hello SCAN"}
    assert stored(store, arrival("SCAN", second=1)) == "hello SCAN"
