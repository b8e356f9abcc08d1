"""The worker: sleeps until the bell rings, then drains its queue from the database."""

import logging
import math
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested

import flows
from flows.arrival import outcomes
from flows.arrival import work as arrival
from flows.payment import notices as payment
from payments import notices
from wx_backend import inbox, log, outbox, rq_queue
from wx_backend.app import create_app
from wx_backend.claims import Claim
from wx_backend.config import Config
from wx_backend.db import db

BATCH = {outbox.WORK: 20, outbox.CALL: 20}
ROUNDS_MAX = 500  # a drain ends by itself; the sweeper or the next ring goes on
AT_ONCE = {outbox.WORK: 1, outbox.CALL: 8, outbox.BULK: 2}
SWITCH_SECONDS = 0.0005
LISTEN_AGAIN_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.1

logger = logging.getLogger(__name__)

Run = Callable[[Claim], bool]
_app: Flask | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that are jobs: how up to so many are claimed, and how one of them is done.

    `together` does what can be done of many at once; what is left comes back.
    """

    claim: Callable[[int], list[Claim]]
    run: Run
    together: Callable[[Sequence[Claim]], Sequence[Claim]] = lambda held: held


# Money first: a flood of pushes does not hold up the orders that were paid.
SOURCES: Final[Mapping[str, Sequence[Source]]] = {
    outbox.WORK: (
        Source(
            lambda limit: notices.claim(limit=limit),
            lambda held: notices.run(held, payment.work_off),
        ),
        Source(
            lambda limit: inbox.claim(limit=limit),
            lambda held: inbox.run(held, arrival.work_off),
            outcomes.work_off_together,
        ),
        Source(lambda limit: outbox.claim(outbox.WORK, limit=limit), outbox.run),
    ),
    outbox.CALL: (Source(lambda limit: outbox.claim(outbox.CALL, limit=limit), outbox.run),),
}


def _know_every_job() -> None:
    """Import all flows: a job is known once its module is, and the web process needs not all."""
    for module in walk_packages(flows.__path__, "flows."):
        import_module(module.name)


_know_every_job()


def drain(queue: str) -> int:
    """Do everything that is due in a queue; how many rows were tried. The one function RQ may run."""
    if _app is None:
        raise RuntimeError("start workers with `wx worker`")
    return drain_queue(_app, queue)


def drain_queue(app: Flask, queue: str, *, seconds: float = math.inf) -> int:
    """Claim and run due rows until none is left, so many seconds are over, or the process is told to stop.

    Batch by batch; of long sends each lane goes on by itself, since a batch waits for its slowest.
    """
    if queue == outbox.BULK:
        return _Lanes(app, queue).drain()
    tried, end = 0, time.monotonic() + seconds
    for _ in range(ROUNDS_MAX):
        done = _round(app, queue)
        tried += done
        if not done or Worker.is_stopping or time.monotonic() >= end:
            break
    return tried


def _round(app: Flask, queue: str) -> int:
    with app.app_context():
        claimed = [(source, source.claim(BATCH[queue])) for source in SOURCES[queue]]
    with ThreadPoolExecutor(AT_ONCE[queue]) as pool:
        for source, held in claimed:
            left = _run_together(app, source, held)
            list(pool.map(partial(_run_one, app, source.run), left))
    return sum(len(held) for _, held in claimed)


def _run_together(app: Flask, source: Source, held: Sequence[Claim]) -> Sequence[Claim]:
    """What is left of claimed rows; whatever goes wrong with many at once, each is done by itself."""
    with app.app_context():
        try:
            return source.together(held) if len(held) > 1 else held
        except Exception:
            logger.exception("not done together", extra={"rows": len(held)})
            return held
        finally:
            db.session.remove()


class _Lanes:
    """Some threads that do one due row after another, each for itself.

    One without work stays while another is at it: what that one does may be followed by more.
    """

    def __init__(self, app: Flask, queue: str) -> None:
        self._app, self._queue = app, queue
        self._lock = threading.Lock()
        self._busy = self._tried = 0

    def drain(self) -> int:
        """Work until nothing is due and nobody is at anything; how many rows were tried."""
        lanes = AT_ONCE[self._queue]
        with _taking_short_turns(), ThreadPoolExecutor(lanes) as pool:
            list(pool.map(lambda _: self._lane(), range(lanes)))
        return self._tried

    def _lane(self) -> None:
        while not Worker.is_stopping and self._tried < ROUNDS_MAX:
            claimed = self._next()
            if claimed is None:
                if not self._busy:
                    return
                time.sleep(LOOK_AGAIN_SECONDS)
                continue
            try:
                _run_one(self._app, outbox.run, claimed)
            finally:
                with self._lock:
                    self._busy -= 1

    def _next(self) -> Claim | None:
        """One row of this lane's own; None while nothing is due."""
        with self._lock, self._app.app_context():
            claimed = outbox.claim(self._queue, limit=1) if outbox.has_due(self._queue) else []
            self._busy += len(claimed)
            self._tried += len(claimed)
        return claimed[0] if claimed else None


@contextmanager
def _taking_short_turns() -> Iterator[None]:
    """While one lane computes, the others' calls that were answered wait half a millisecond, not five.

    Of 32 calls under way each would wait its five in turn, and nothing new would be sent meanwhile.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _run_one(app: Flask, run: Run, held: Claim) -> None:
    with app.app_context(), log.context(claim=held.id, attempt=held.attempt):
        try:
            run(held)
        finally:
            db.session.remove()


class Worker(SimpleWorker):
    """Runs drains in its own process, so that caches (fonts, posters, connections) live on."""

    job_class = rq_queue.DrainOnly
    max_connection_wait_time = 2.0
    is_stopping = False  # the process is, whichever worker was told

    def handle_warm_shutdown_request(self) -> None:
        Worker.is_stopping = True


def serve(config: Config, queue: str) -> None:
    """Wait for rings of one queue until told to stop (SIGTERM finishes the running drain).

    One queue per process: an RQ worker on several can lose a job when it dies. RQ gives up when
    Redis goes away; we listen again until it is back, and the sweeper does the work meanwhile.
    """
    global _app  # noqa: PLW0603 - RQ calls `drain` by name and passes no objects
    _app = create_app(config)
    if config.redis.url is None:
        raise SystemExit(
            "a worker needs [redis] url; without Redis the clock process does the work"
        )
    connection = Redis.from_url(config.redis.url)
    try:
        while not _listen(connection, queue):
            time.sleep(LISTEN_AGAIN_SECONDS)
    except StopRequested:
        return  # told to while we slept


def _listen(connection: "Redis", queue: str) -> bool:
    """Work off rings; whether it ended because we were told to, and not for want of Redis."""
    worker = None
    try:
        worker = _worker(connection, queue)
        # Whoever left this name behind is gone: it was us before, or the process that had our number.
        connection.delete(worker.key)
        worker.work(logging_level="WARNING")
    except RedisError as error:
        logger.warning("redis is away", extra={"error": type(error).__name__})
        if worker is not None and worker.pubsub_thread is not None:
            worker.pubsub_thread.stop()  # the next worker listens with a thread of its own
    return Worker.is_stopping


def _worker(connection: "Redis", queue: str) -> Worker:
    arguments: dict[str, Any] = {
        "queues": [rq_queue.open_queue(queue, connection)],
        "connection": connection,
        "serializer": "json",
        "name": f"{queue}-{socket.gethostname()}-{os.getpid()}",  # in containers every process is number 1
        "worker_ttl": 45,
        "maintenance_interval": 30,
    }
    logging.getLogger("rq").setLevel(logging.WARNING)
    return Worker(**arguments)
