"""The bell: tells a sleeping worker that rows are waiting. It may be late or lost, never wrong.

Rows are the truth; Redis only wakes. A ring costs its caller one flag: a thread of its own
talks to Redis, at most once per queue, process and 100 ms, and never raises. Importing this
module imports neither Redis nor RQ: the push path stays free of both.
"""

import logging
import threading
from typing import Final

from prometheus_client import Counter
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from wx_backend.db import db

log = logging.getLogger(__name__)

SPACING_SECONDS = 0.1
PAUSE_AFTER_FAILURE_SECONDS = 3.0
_TO_RING = "wx_to_ring"
FAILED: Final = Counter("wx_bell_failed", "Rings that Redis did not take: away, silent or full")


class Bell:
    """Rings queues by name from a daemon thread; `ring` never blocks and never raises."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._names: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, name: str) -> None:
        """Have the workers of queue `name` woken soon."""
        with self._changed:
            self._names.add(name)
            if self._thread is None or not self._thread.is_alive():  # a fork leaves it behind
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        from wx_backend import rq_queue  # RQ and Redis take 0.5 s: not at import

        connection = rq_queue.connect(self._url)
        pause = threading.Event()
        while True:
            names = self._wait()
            try:
                for name in sorted(names):
                    rq_queue.enqueue_drain(name, connection)
                seconds = SPACING_SECONDS
            except Exception as error:  # noqa: BLE001 - the bell must never raise; the sweeper covers
                FAILED.inc()
                log.warning("bell not rung", extra={"queues": sorted(names), "error": repr(error)})
                seconds = PAUSE_AFTER_FAILURE_SECONDS
            pause.wait(seconds)

    def _wait(self) -> set[str]:
        with self._changed:
            while not self._names:
                self._changed.wait()
            names, self._names = self._names, set()
            return names


_bell: Bell | None = None


def install(url: str | None) -> None:
    """Hang up this process's bell; without a URL there is none and the sweeper does the work."""
    global _bell  # noqa: PLW0603 - one bell per process
    _bell = Bell(url) if url else None


def ring(name: str) -> None:
    """Ring now, for rows that are already committed."""
    if _bell is not None:
        _bell.ring(name)


def ring_after_commit(name: str) -> None:
    """Ring once the session's transaction has committed; forget it if it rolls back."""
    db.session.info.setdefault(_TO_RING, set()).add(name)


@event.listens_for(Session, "after_commit")
def _ring_all(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: nobody else sees its rows yet
    for name in session.info.pop(_TO_RING, ()):
        ring(name)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if previous.parent is None:
        session.info.pop(_TO_RING, None)
