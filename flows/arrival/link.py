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

Row = tuple[bytes, ...]

_FINE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Link:
    """One connection, for one statement at a time; of no more use after an error.

    Only a statement that the server canceled (`QueryCanceled`) leaves it as it was.

    `run` waits in its thread. Who waits otherwise sends with `ask` and moves on with `is_sent`
    and `answer` whenever `fileno` can be written or read.
    """

    def __init__(
        self, dsn: str, statements: Mapping[str, str], *, statement_ms: int, lock_ms: int = 0
    ) -> None:
        """Connect and prepare the statements by their names. Raises psycopg.Error.

        The server cancels a statement after `statement_ms`, and refuses one that has waited
        `lock_ms` for a lock (0: it waits as long as any).
        """
        self._results: list[PGresult] = []
        self._connection = Connection.connect(
            dsn,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            client_encoding="utf8",
            options=f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms} -c timezone=UTC",
        )
        try:
            self._pq = self._connection.pgconn
            self._pq.nonblocking = 1
            self._poll = select.poll()
            self._poll.register(self._pq.socket)
            for name, statement in statements.items():
                self._pq.send_prepare(name.encode(), statement.encode())
                self._waited_for()
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The socket to wait for."""
        return self._pq.socket

    def run(self, name: str, values: Sequence[bytes]) -> list[Row]:
        """The rows a prepared statement gives, in binary form as its values are; NULL is b"".

        It is committed when this returns. Raises psycopg.Error; OutOfPatience when the thread's
        time is over.
        """
        self.ask(name, values)
        return self._waited_for()

    def ask(self, name: str, values: Sequence[bytes]) -> None:
        """Begin a prepared statement. Raises psycopg.Error."""
        formats = [Format.BINARY] * len(values)
        self._pq.send_query_prepared(name.encode(), values, formats, Format.BINARY)

    def is_sent(self) -> bool:
        """Send on; whether all of it is on its way. What came meanwhile is read."""
        if not self._pq.flush():
            return True
        self._pq.consume_input()
        return False

    def answer(self) -> list[Row] | None:
        """Read on; the rows once they are all there, None before. Raises psycopg.Error."""
        self._pq.consume_input()
        while not self._pq.is_busy():
            result = self._pq.get_result()
            if result is None:
                return self._rows()
            self._results.append(result)
        return None

    def close(self) -> None:
        self._connection.close()

    def _rows(self) -> list[Row]:
        """What came of the one statement that was sent."""
        *_, result = results = self._results
        self._results = []
        for each in results:
            if each.status not in _FINE:
                raise error_from_result(each)
        columns = range(result.nfields)
        return [
            tuple(result.get_value(row, column) or b"" for column in columns)
            for row in range(result.ntuples)
        ]

    def _waited_for(self) -> list[Row]:
        while not self.is_sent():
            self._wait(select.POLLIN | select.POLLOUT)
        while (rows := self.answer()) is None:
            self._wait(select.POLLIN)
        return rows

    def _wait(self, events: int) -> None:
        seconds = left()
        self._poll.modify(self._pq.socket, events)
        if not self._poll.poll(None if seconds is None else 1000 * seconds):
            self.close()
            raise OutOfPatience
