"""Threads beside the event loop: for what waits long, or reads the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final, TypeVar

from flows.arrival.rows import CouldNotStore
from wx_backend import patience

GRACE_SECONDS: Final = 0.2  # whoever looks at the time himself is the one to give up
Value = TypeVar("Value")


class Threads:
    """A few threads; whatever is done there has an end in time."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="push")

    async def do(self, until: float, work: Callable[[], Value]) -> Value:
        """What `work` gives; it is waited for until `until` on the monotonic clock, hardly longer.

        Its waiting for the database ends then, too. Raises CouldNotStore when no thread was free,
        or what it did took longer: it may still be done then.
        """
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._pool, _patient, until, work)
        await asyncio.wait((done,), timeout=max(0.0, until - monotonic()) + GRACE_SECONDS)
        if not done.done():
            done.cancel()
            raise CouldNotStore("out of time")
        return done.result()


def _patient(until: float, work: Callable[[], Value]) -> Value:
    seconds = until - monotonic()
    if seconds <= 0:
        raise CouldNotStore("out of time")
    with patience.at_most(seconds):
        return work()
