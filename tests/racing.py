"""Real threads, each with its own connection, let go at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from wx_backend.db import db

THREADS = 8
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


def _one(app: Flask, work: Callable[[int], Outcome], n: int) -> Outcome:
    with app.app_context():
        try:
            return work(n)
        finally:
            db.session.remove()
