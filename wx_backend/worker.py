"""The worker: sleeps until the bell rings, then drains its queue from the database."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from redis import Redis
from rq import SimpleWorker
from rq.worker import BaseWorker

from flows.arrival.work import work_off
from wx_backend import inbox, log, outbox, rq_queue
from wx_backend.app import create_app
from wx_backend.claims import Claim
from wx_backend.config import Config
from wx_backend.db import db

BATCH = 20
ROUNDS_MAX = 500  # a drain ends by itself; the sweeper or the next ring goes on
CALLS_AT_ONCE = 8

Run = Callable[[Claim], bool]
_app: Flask | None = None


def drain(queue: str) -> int:
    """Do everything that is due in a queue; how many rows were tried. The one function RQ may run."""
    if _app is None:
        raise RuntimeError("start workers with `wx worker`")
    return drain_queue(_app, queue)


def drain_queue(app: Flask, queue: str) -> int:
    """Claim and run due rows batch by batch until none is left."""
    tried = 0
    for _ in range(ROUNDS_MAX):
        done = _round(app, queue)
        if not done:
            break
        tried += done
    return tried


def _round(app: Flask, queue: str) -> int:
    with app.app_context():
        pushes = inbox.claim(limit=BATCH) if queue == outbox.WORK else []
        jobs = outbox.claim(queue, limit=BATCH)
    if queue == outbox.CALL:
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            list(pool.map(lambda held: _run_one(app, outbox.run, held), jobs))
    else:
        for held in pushes:
            _run_one(app, lambda held: inbox.run(held, work_off), held)
        for held in jobs:
            _run_one(app, outbox.run, held)
    return len(pushes) + len(jobs)


def _run_one(app: Flask, run: Run, held: Claim) -> None:
    with app.app_context(), log.context(claim=held.id, attempt=held.attempt):
        try:
            run(held)
        finally:
            db.session.remove()


class Worker(SimpleWorker):
    """Runs drains in its own process, so that caches (fonts, posters, connections) live on."""

    job_class = rq_queue.DrainOnly


def serve(config: Config, queue: str) -> None:
    """Wait for rings of one queue until told to stop (SIGTERM finishes the running drain).

    One queue per process: an RQ worker on several can lose a job when it dies.
    """
    global _app  # noqa: PLW0603 - RQ calls `drain` by name and passes no objects
    _app = create_app(config)
    if config.redis.url is None:
        raise SystemExit(
            "a worker needs [redis] url; without Redis the clock process does the work"
        )
    connection = Redis.from_url(config.redis.url)
    _worker(connection, queue).work(logging_level="WARNING")


def _worker(connection: "Redis", queue: str) -> BaseWorker:
    arguments: dict[str, Any] = {
        "queues": [rq_queue.open_queue(queue, connection)],
        "connection": connection,
        "serializer": "json",
        "name": f"{queue}-{os.getpid()}",
        "worker_ttl": 45,
        "maintenance_interval": 30,
    }
    logging.getLogger("rq").setLevel(logging.WARNING)
    return Worker(**arguments)
