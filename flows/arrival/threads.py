"""Threads beside the event loop: for what waits long, or reads the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final, TypeVar

from wx_backend import patience

THREADS: Final = 16
Value = TypeVar("Value")


class Threads:
    """A few threads; whatever is done there has an end in time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="push")

    async def do(self, until: float, work: Callable[[], Value]) -> Value:
        """What `work` gives; its waiting for the database ends at `until` on the monotonic clock."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _patient, until, work)


def _patient(until: float, work: Callable[[], Value]) -> Value:
    with patience.at_most(max(0.0, until - monotonic())):
        return work()
