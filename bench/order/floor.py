"""The rows that orders left, written once more by bare SQL: what nobody who keeps them can go below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final, LiteralString

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Placeholder

_APART: Final = "bare"
_TABLES: Final[LiteralString] = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is now: by which transaction it was written last, and what writes it into a copy."""

    transaction: int
    table: str
    insert: Composed
    values: tuple[str | None, ...]


class Floor:
    """Empty copies of tables with their indexes and checks, and what is written into them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute(f"CREATE SCHEMA {_APART}")
        self._tables: list[tuple[str, list[str]]] = connection.execute(_TABLES).fetchall()
        self._copied: set[str] = set()

    def now(self) -> int:
        """Rows of later transactions are those written since."""
        found = self._connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert found is not None  # noqa: S101 - a select of one row
        return int(found[0])

    def written_since(self, transaction: int) -> list[Row]:
        """Every row that was written since, in the order in which that was."""
        rows = [row for each in self._tables for row in self._rows(*each, transaction)]
        return sorted(rows, key=attrgetter("transaction"))

    def _rows(self, table: str, columns: list[str], transaction: int) -> Iterator[Row]:
        names = [Identifier(column) for column in columns]
        texts = SQL(", ").join(SQL("{}::text").format(name) for name in names)
        query = SQL("SELECT xmin::text::bigint, {} FROM public.{} WHERE xmin::text::bigint > %s")
        asked = query.format(texts, Identifier(table))
        found = self._connection.execute(asked, (transaction,)).fetchall()
        if found:
            self._copy(table)
        insert = SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(_APART, table),
            SQL(", ").join(names),
            SQL(", ").join([Placeholder()] * len(names)),
        )
        return (Row(first, table, insert, tuple(values)) for first, *values in found)

    def write(self, rows: Sequence[Row], *, commits: int) -> None:
        """Write them in so many transactions, those of a table together."""
        table = attrgetter("table")
        for number in range(commits):
            part = rows[len(rows) * number // commits : len(rows) * (number + 1) // commits]
            with self._connection.transaction(), self._connection.cursor() as cursor:
                for _, same in groupby(sorted(part, key=table), table):
                    kept = [*same]
                    cursor.executemany(kept[0].insert, [row.values for row in kept])

    def _copy(self, table: str) -> None:
        """Have an empty copy: a row that changes in several rounds is written in each."""
        apart, name = Identifier(_APART, table), Identifier(table)
        if table in self._copied:
            self._connection.execute(SQL("TRUNCATE {}").format(apart))
            return
        copy = SQL("CREATE TABLE {} (LIKE public.{} INCLUDING ALL)")
        self._connection.execute(copy.format(apart, name))
        self._copied.add(table)
