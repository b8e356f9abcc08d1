"""Real threads, each with its own connection, let go at the same moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar

from flask import Flask
from sqlalchemy import text

from wx_backend.db import db, transaction

THREADS = 8
WAIT_SECONDS = 60
WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)
Outcome = TypeVar("Outcome")


def race(
    app: Flask, work: Callable[[int], Outcome], *, times: int, threads: int = THREADS
) -> list[Outcome]:
    """Run `work(0) .. work(times - 1)` on up to eight threads that start together."""
    threads = min(threads, times)
    start = threading.Barrier(threads)

    def run(thread: int) -> list[tuple[int, Outcome]]:
        start.wait(timeout=60)
        return [(n, _one(app, work, n)) for n in range(thread, times, threads)]

    with ThreadPoolExecutor(threads) as pool:
        outcomes = [pair for pairs in pool.map(run, range(threads)) for pair in pairs]
    return [outcome for _, outcome in sorted(outcomes, key=lambda pair: pair[0])]


@contextmanager
def kept_waiting(
    app: Flask, work: Callable[[], object], *, by: Callable[[], object]
) -> Iterator[None]:
    """`by` takes what `work` waits for then; the block goes on meanwhile, in the same transaction as `by`.

    On SQLite `work` waits for the whole file.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            by()
            waiting = pool.submit(_one, app, lambda _: work(), 0)
            if session.get_bind().dialect.name != "sqlite":
                _until_it_waits(waiting)
            yield
        waiting.result()


def _until_it_waits(work: Future[object]) -> None:
    end = monotonic() + WAIT_SECONDS
    is_waiting = 0
    while not is_waiting:
        assert not work.done(), "it waited for nothing"
        assert monotonic() < end
        sleep(0.01)
        with db.engine.connect() as looking:
            is_waiting = looking.scalar(WAITING)


def _one(app: Flask, work: Callable[[int], Outcome], n: int) -> Outcome:
    with app.app_context():
        try:
            return work(n)
        finally:
            db.session.remove()
