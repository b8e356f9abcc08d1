"""The fast form of storing an arrival: one statement on PostgreSQL, one short transaction on SQLite.

Neither the ORM nor its session is on this path.
"""

from typing import Protocol

from flows.arrival.plan import Arrival
from flows.arrival.postgres import PostgresStore
from flows.arrival.rows import CouldNotStore
from flows.arrival.sqlite import SqliteStore

__all__ = ["CouldNotStore", "Store", "open_store"]


class Store(Protocol):
    """Where arrivals go."""

    def store(self, arrival: Arrival) -> str:
        """Keep an arrival once; the reply to give: its own, or the one given the first time.

        Raises CouldNotStore when it was not kept.
        """
        ...

    def close(self) -> None:
        """Close the connections this store holds open."""
        ...


def open_store(url: str) -> Store:
    """The store for a database URL."""
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)
