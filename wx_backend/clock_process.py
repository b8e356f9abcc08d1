"""The clock process: does periodic work while it leads, and drains what no bell has woken."""

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask import Flask

from flows.chores import CHORES
from wx_backend import clock, leases, outbox
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import db, retried
from wx_backend.purge import purge
from wx_backend.worker import Worker, drain_queue

log = logging.getLogger(__name__)

LEADER = "clock"
LEASE_LENGTH = timedelta(seconds=15)
TICK_SECONDS = 1.0
SWEEP_EVERY = timedelta(seconds=3)
SWEEP_SECONDS = 5.0  # of one sweep, well within the lease: then it is the chores' turn
END_SECONDS = 10.0
PURGE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A function called about every so often by the leading clock; it must bear repeats."""

    name: str
    every: timedelta
    run: Callable[[], object]


class Clock:
    """The loop: renew the lease, run what is due; stop when the lease is somebody else's."""

    def __init__(self, app: Flask, work: Sequence[Periodic], *, holder: str | None = None) -> None:
        self._app = app
        self._work = work
        self._holder = holder or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._due: dict[str, datetime] = {}
        self.stopped = threading.Event()

    def serve(self) -> None:
        """Tick until stopped; a failing tick is logged and the next one comes."""
        while not self.stopped.wait(TICK_SECONDS):
            try:
                self.tick(clock.now())
            except Exception:
                log.exception("tick failed")
        with self._app.app_context():
            retried(lambda: leases.release(LEADER, self._holder, now=clock.now()))
        self.end_aside()

    def end_aside(self) -> None:
        """Let what goes on aside come to its end, for some seconds."""
        for periodic in self._work:
            if isinstance(periodic.run, Aside):
                periodic.run.end(END_SECONDS)

    def tick(self, now: datetime) -> list[str]:
        """Lead if nobody else does, and run what is due; the names of what ran."""
        ran = []
        for periodic in self._work:
            if self._due.get(periodic.name, now) > now:
                continue
            if not self._leads(now):
                break
            self._due[periodic.name] = now + periodic.every
            self._run(periodic)
            ran.append(periodic.name)
        return ran

    def _leads(self, now: datetime) -> bool:
        with self._app.app_context():
            fence = retried(lambda: leases.take(LEADER, self._holder, now=now, length=LEASE_LENGTH))
        return fence is not None

    def _run(self, periodic: Periodic) -> None:
        with self._app.app_context():
            try:
                periodic.run()
            except Exception:
                log.exception("periodic work failed", extra={"work": periodic.name})
            finally:
                db.session.remove()


class Aside:
    """Work that may take long, in a thread of its own: the clock goes on, and one runs at a time.

    `is_wanted` is asked by the clock itself, so that there is no thread where there is no work.
    """

    def __init__(
        self, name: str, work: Callable[[], object], is_wanted: Callable[[], bool]
    ) -> None:
        self._name, self._work, self._is_wanted = name, work, is_wanted
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        is_busy = self._thread is not None and self._thread.is_alive()
        if not is_busy and self._is_wanted():
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def end(self, seconds: float) -> None:
        """Wait so long for what is under way."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            log.exception("periodic work failed", extra={"work": self._name})


def sweeps(app: Flask) -> list[Periodic]:
    """Drain the queues without the bell: Redis away only means that work waits this long.

    Calls go on aside, since they wait for WeChat as long as it likes: no order would expire meanwhile.
    """
    names = {queue: f"sweep.{queue}" for queue in outbox.QUEUES}
    return [Periodic(name, SWEEP_EVERY, _sweep(app, queue, name)) for queue, name in names.items()]


def _sweep(app: Flask, queue: str, name: str) -> Callable[[], object]:
    if queue == outbox.WORK:
        return partial(drain_queue, app, queue, seconds=SWEEP_SECONDS)
    return Aside(name, partial(drain_queue, app, queue), partial(outbox.has_due, queue))


def upkeep() -> list[Periodic]:
    """End what outlived its time."""
    return [Periodic("purge", PURGE_EVERY, lambda: purge(now=clock.now()))]


def chores() -> list[Periodic]:
    """What the flows want done every so often."""
    return [Periodic(chore.name, chore.every, chore.do) for chore in CHORES]


def serve(config: Config) -> None:
    """Run the clock until SIGTERM or SIGINT."""
    app = create_app(config)
    loop = Clock(app, sweeps(app) + chores() + upkeep())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(loop))
    loop.serve()


def _stop(loop: Clock) -> None:
    """Begin nothing any more; a drain ends with what it is at."""
    Worker.is_stopping = True
    loop.stopped.set()
