"""How long a thread waits for the database before it gives up, whether or not a server still lives.

PostgreSQL's own statement timeout needs a live server: one that is stopped, or cut off without
a word, would hold the waiting thread for ever.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Self, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

CONNECT_SECONDS: Final = 2
ANSWER_SECONDS: Final = 3.5
"""For what the platform waits for: it hangs up after 5 seconds and comes again."""
Result = TypeVar("Result")


class _Patience(threading.local):
    until: float | None = None


_patience = _Patience()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Inside, all waiting of this thread together ends after so many seconds."""
    before, until = _patience.until, monotonic() + seconds
    _patience.until = until if before is None else min(before, until)
    try:
        yield
    finally:
        _patience.until = before


def left() -> float | None:
    """Seconds this thread will still wait; None while nobody limited it."""
    return None if _patience.until is None else max(0.0, _patience.until - monotonic())


class OutOfPatience(psycopg.OperationalError):
    """The server did not answer in the time this thread has."""


class Connection(psycopg.Connection[Any]):
    """A connection whose waits end with its thread's patience; it is closed by then."""

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """As psycopg's; raises OutOfPatience at once when too little time is left to connect."""
        if (seconds := left()) is not None and seconds < CONNECT_SECONDS:
            raise OutOfPatience
        return super().connect(conninfo, **options)

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        if (seconds := left()) is not None:
            timeout = seconds
        try:
            return super().wait(gen, interval, timeout)
        except errors._WaitTimeout:
            self.close()
            raise OutOfPatience from None
