"""Storing an arrival on PostgreSQL: one prepared statement, committed by itself."""

from itertools import product
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from flows.arrival.connections import Idle
from flows.arrival.plan import Arrival
from flows.arrival.rows import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    STATEMENT_MS,
    CouldNotStore,
    Shape,
    shape,
    values,
)
from flows.arrival.statements import postgres_statement
from wx_backend import crash
from wx_backend.patience import CONNECT_SECONDS, Connection, OutOfPatience

_SHAPES = [Shape(*each) for each in product((False, True), repeat=3)]


class PostgresStore:
    """A store over psycopg alone; every connection serves one push at a time."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(False)
        self._idle = Idle(self._connect)
        self._statements = {
            each: postgres_statement(**each._asdict())
            for each in _SHAPES
            if each.identity or not (each.follow or each.touch)
        }

    def store(self, arrival: Arrival) -> str:
        try:
            first_reply = self._said(
                self._statements[shape(arrival)], values(arrival, lambda at: at)
            )
        except psycopg.Error as error:
            raise CouldNotStore(type(error).__name__) from error
        crash.here(AFTER_COMMIT)
        return arrival.reply if first_reply is None else first_reply

    def close(self) -> None:
        self._idle.close()

    def _said(self, statement: str, row: dict[str, Any]) -> str | None:
        """None when stored now; the first reply when it was here before."""
        with self._idle.one() as connection:
            try:
                return _said(connection, statement, row)
            except psycopg.OperationalError as error:
                if isinstance(error, OutOfPatience) or not connection.closed:
                    raise
        # The server went away while the connection waited; every row has its own key, so that
        # saying it again is safe.
        with self._idle.one(fresh=True) as connection:
            return _said(connection, statement, row)

    def _connect(self) -> Connection:
        return Connection.connect(
            self._dsn,
            autocommit=True,
            prepare_threshold=0,
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MS} -c timezone=UTC",
        )


def _said(connection: Connection, statement: str, row: dict[str, Any]) -> str | None:
    crash.here(BEFORE_COMMIT)
    if connection.execute(statement, row).fetchone() is not None:
        return None
    first = connection.execute(
        "SELECT reply FROM push WHERE key = %(key)s", {"key": row["key"]}
    ).fetchone()
    return str(first[0]) if first else ""
