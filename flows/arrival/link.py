"""A PostgreSQL connection for statements that never change: libpq below psycopg's cursors.

Cursors cost more of a push than everything else about storing it. What psycopg offers beneath
them (`psycopg.pq`) is all that a prepared statement with parameters in binary form needs.
"""

import select
from collections.abc import Mapping, Sequence

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from wx_backend.patience import CONNECT_SECONDS, Connection, OutOfPatience, left

_FINE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Link:
    """One connection, for one thread at a time; of no more use after an error."""

    def __init__(self, dsn: str, statements: Mapping[str, str], *, statement_ms: int) -> None:
        """Connect and prepare the statements by their names. Raises psycopg.Error."""
        self._connection = Connection.connect(
            dsn,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            client_encoding="utf8",
            options=f"-c statement_timeout={statement_ms} -c timezone=UTC",
        )
        try:
            self._pq = self._connection.pgconn
            self._pq.nonblocking = 1
            self._poll = select.poll()
            self._poll.register(self._pq.socket)
            for name, statement in statements.items():
                self._pq.send_prepare(name.encode(), statement.encode())
                self._result()
        except BaseException:
            self.close()
            raise

    def run(self, name: str, values: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        """The rows a prepared statement gives, in binary form as its values are; NULL is b"".

        It is committed when this returns. Raises psycopg.Error; OutOfPatience when the thread's
        time is over.
        """
        formats = [Format.BINARY] * len(values)
        self._pq.send_query_prepared(name.encode(), values, formats, Format.BINARY)
        result = self._result()
        columns = range(result.nfields)
        return [
            tuple(result.get_value(row, column) or b"" for column in columns)
            for row in range(result.ntuples)
        ]

    def close(self) -> None:
        self._connection.close()

    def _result(self) -> PGresult:
        """What comes of the one statement that was sent."""
        while self._pq.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            self._pq.consume_input()
        results = [*iter(self._next, None)]  # one; libpq has to be asked until there is none
        for result in results:
            if result.status not in _FINE:
                raise error_from_result(result)
        return results[-1]

    def _next(self) -> PGresult | None:
        while self._pq.is_busy():
            self._wait(select.POLLIN)
            self._pq.consume_input()
        return self._pq.get_result()

    def _wait(self, events: int) -> None:
        seconds = left()
        self._poll.modify(self._pq.socket, events)
        if not self._poll.poll(None if seconds is None else 1000 * seconds):
            self.close()
            raise OutOfPatience
