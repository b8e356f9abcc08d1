"""The fast form of storing an arrival: one statement on PostgreSQL, one short transaction on SQLite.

Neither the ORM nor its session is on this path.
"""

from functools import partial
from typing import Protocol

from flows.arrival.lots import Lots
from flows.arrival.plan import Arrival
from flows.arrival.rows import CouldNotStore
from flows.arrival.sqlite import SqliteStore
from flows.arrival.threads import Threads

__all__ = ["CouldNotStore", "Store", "open_store"]


class Store(Protocol):
    """Where arrivals go."""

    async def store(self, arrival: Arrival, *, until: float) -> str:
        """Keep an arrival once; the reply to give: its own, or the one given the first time.

        Raises CouldNotStore when it was not kept, soon after `until` on the monotonic clock.
        """
        ...

    def close(self) -> None:
        """Close the connections this store holds open."""
        ...


class InThreads:
    """A store on SQLite, whose file has one writer at a time: it waits in a thread."""

    def __init__(self, url: str, threads: Threads) -> None:
        self._store = SqliteStore(url)
        self._threads = threads

    async def store(self, arrival: Arrival, *, until: float) -> str:
        return await self._threads.do(until, partial(self._store.store, arrival))

    def close(self) -> None:
        self._store.close()


def open_store(url: str, threads: Threads) -> Store:
    """The store for a database URL."""
    return InThreads(url, threads) if url.startswith("sqlite") else Lots(url, threads)
