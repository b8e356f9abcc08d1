"""Storing an arrival on SQLite: a few plain statements in one BEGIN IMMEDIATE."""

import sqlite3
from typing import Any

from sqlalchemy.engine import make_url

from flows.arrival.connections import Idle
from flows.arrival.plan import Arrival
from flows.arrival.rows import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    STATEMENT_MS,
    CouldNotStore,
    shape,
    values,
)
from flows.arrival.statements import SQLITE_FOLLOW, SQLITE_IDENTITY, SQLITE_PUSH, SQLITE_TOUCH
from wx_backend import crash
from wx_backend.db import microseconds


class SqliteStore:
    """A store over sqlite3 alone; every connection serves one push at a time."""

    def __init__(self, url: str) -> None:
        self._path = make_url(url).database or ""
        self._idle = Idle(self._connect)

    def store(self, arrival: Arrival) -> str:
        row = values(arrival, microseconds)
        try:
            with self._idle.one() as connection:
                reply = _committed(connection, arrival, row)
        except sqlite3.Error as error:
            raise CouldNotStore(type(error).__name__) from error
        crash.here(AFTER_COMMIT)
        return reply

    def close(self) -> None:
        self._idle.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=STATEMENT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _committed(connection: sqlite3.Connection, arrival: Arrival, row: dict[str, Any]) -> str:
    """Whatever raises in here ends with the connection, and so with its transaction."""
    connection.execute("BEGIN IMMEDIATE")
    reply = _written(connection, arrival, row)
    crash.here(BEFORE_COMMIT)
    connection.execute("COMMIT")
    return reply


def _written(connection: sqlite3.Connection, arrival: Arrival, row: dict[str, Any]) -> str:
    if not connection.execute(SQLITE_PUSH, row).rowcount:
        (first,) = connection.execute("SELECT reply FROM push WHERE key = :key", row).fetchone()
        return str(first)
    writes = shape(arrival)
    if writes.identity:
        (row["identity_id"],) = connection.execute(SQLITE_IDENTITY, row).fetchone()
    if writes.follow:
        connection.execute(SQLITE_FOLLOW, row)
    if writes.touch:
        connection.execute(SQLITE_TOUCH, row)
    return arrival.reply
