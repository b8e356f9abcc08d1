"""The fast form of storing an arrival: one statement on PostgreSQL, one short transaction on SQLite.

Neither the ORM nor its session is on this path, and no connection is shared between threads.
"""

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from sqlalchemy.engine import make_url

from flows.arrival.plan import Arrival
from flows.arrival.statements import (
    SQLITE_FOLLOW,
    SQLITE_IDENTITY,
    SQLITE_PUSH,
    SQLITE_TOUCH,
    postgres_statement,
)
from wx_backend import crash
from wx_backend.claims import WorkStatus
from wx_backend.db import microseconds

STATEMENT_MS = 2_000

BEFORE_COMMIT = crash.point("arrival.before_commit")
AFTER_COMMIT = crash.point("arrival.after_commit")


class CouldNotStore(Exception):
    """The database did not take the push: answer 503, the platform comes again."""


class Store(Protocol):
    """Where arrivals go."""

    def store(self, arrival: Arrival) -> str:
        """Keep an arrival once; the reply to give: its own, or the one given the first time.

        Raises CouldNotStore when it was not kept.
        """
        ...

    def close(self) -> None:
        """Close every connection this store has opened."""
        ...


def open_store(url: str) -> Store:
    """The store for a database URL."""
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)


class PostgresStore:
    """One prepared statement per push, committed by itself, over a connection per thread."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(False)
        self._local = threading.local()
        self._open: list[psycopg.Connection[Any]] = []
        self._statements: dict[tuple[bool, bool, bool], str] = {
            (identity, follow, touch): postgres_statement(
                identity=identity, follow=follow, touch=touch
            )
            for identity in (False, True)
            for follow in (False, True)
            for touch in (False, True)
            if identity or not (follow or touch)
        }

    def store(self, arrival: Arrival) -> str:
        values = _values(arrival, lambda at: at)
        statement = self._statements[_shape(arrival)]
        try:
            stored = self._run(statement, values)
        except psycopg.Error as error:
            raise CouldNotStore(type(error).__name__) from error
        crash.here(AFTER_COMMIT)
        return arrival.reply if stored is None else stored

    def _run(self, statement: str, values: dict[str, Any]) -> str | None:
        """None when stored now; the first reply when it was here before."""
        try:
            return _postgres_once(self._connection(), statement, values)
        except psycopg.OperationalError:
            connection = self._connection()
            if not connection.closed:
                raise
            # The server went away under us; every row has its own key, so saying it again is safe.
            return _postgres_once(self._connection(fresh=True), statement, values)

    def _connection(self, *, fresh: bool = False) -> "psycopg.Connection[Any]":
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None or fresh:
            connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                prepare_threshold=0,
                connect_timeout=2,
                options=f"-c statement_timeout={STATEMENT_MS} -c timezone=UTC",
            )
            self._local.connection = connection
            self._open.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()


def _postgres_once(
    connection: "psycopg.Connection[Any]", statement: str, values: dict[str, Any]
) -> str | None:
    crash.here(BEFORE_COMMIT)
    if connection.execute(statement, values).fetchone() is not None:
        return None
    row = connection.execute(
        "SELECT reply FROM push WHERE key = %(key)s", {"key": values["key"]}
    ).fetchone()
    return str(row[0]) if row else ""


class SqliteStore:
    """A few plain statements in one BEGIN IMMEDIATE, over a connection per thread."""

    def __init__(self, url: str) -> None:
        self._path = make_url(url).database or ""
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []

    def store(self, arrival: Arrival) -> str:
        values = _values(arrival, microseconds)
        try:
            return _sqlite_once(self._connection(), arrival, values)
        except sqlite3.Error as error:
            raise CouldNotStore(type(error).__name__) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path,
                timeout=STATEMENT_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            self._open.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()


def _sqlite_once(connection: sqlite3.Connection, arrival: Arrival, values: dict[str, Any]) -> str:
    connection.execute("BEGIN IMMEDIATE")
    try:
        reply = _sqlite_write(connection, arrival, values)
        crash.here(BEFORE_COMMIT)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    crash.here(AFTER_COMMIT)
    return reply


def _sqlite_write(connection: sqlite3.Connection, arrival: Arrival, values: dict[str, Any]) -> str:
    if not connection.execute(SQLITE_PUSH, values).rowcount:
        (reply,) = connection.execute("SELECT reply FROM push WHERE key = :key", values).fetchone()
        return str(reply)
    identity, follow, touch = _shape(arrival)
    if identity:
        (values["identity_id"],) = connection.execute(SQLITE_IDENTITY, values).fetchone()
    if follow:
        connection.execute(SQLITE_FOLLOW, values)
    if touch:
        connection.execute(SQLITE_TOUCH, values)
    return arrival.reply


def _shape(arrival: Arrival) -> tuple[bool, bool, bool]:
    return arrival.is_followed is not None, arrival.follow_kind is not None, arrival.has_touch


def _values(arrival: Arrival, at: Callable[[datetime], Any]) -> dict[str, Any]:
    known_at = at(arrival.known_at.astimezone(UTC))
    return {
        "key": arrival.key,
        "account": arrival.account,
        "kind": arrival.kind,
        "raw": arrival.raw,
        "digest": arrival.digest,
        "reply": arrival.reply,
        "event_at": at(arrival.event_at.astimezone(UTC)),
        "known_at": known_at,
        "status": WorkStatus.PENDING.value if arrival.has_work else WorkStatus.DONE.value,
        "due_at": known_at,
        "done_at": None if arrival.has_work else known_at,
        "appid": arrival.appid,
        "openid": arrival.openid,
        "is_followed": arrival.is_followed,
        "follow_kind": arrival.follow_kind,
        "touch_kind": arrival.touch_kind,
        "certainty": arrival.certainty,
        "scene": arrival.scene,
        "share_id": arrival.share_id,
    }
