"""Rows kept in memory and, when a file is given, in SQLite, so that a restart forgets nothing."""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar


@dataclass
class Row(ABC):
    """One record of the pretend platform; its fields are plain JSON values."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells this row from all others of its kind."""


R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """All rows of one kind by key, in the order in which they were first saved."""

    def __init__(self, row_type: type[R]) -> None:
        self.row_type = row_type
        self.name = row_type.__name__.lower()
        self.rows: dict[str, R] = {}
        self.changed: dict[str, None] = {}  # a set that keeps its order

    def __iter__(self) -> Iterator[R]:
        return iter(list(self.rows.values()))

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, *parts: str) -> R | None:
        return self.rows.get("/".join(parts))

    def save(self, row: R) -> R:
        """Keep a new or changed row."""
        self.rows[row.key] = row
        self.changed[row.key] = None
        return row

    def drop(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            self.changed[key] = None

    def clear(self) -> None:
        self.changed |= dict.fromkeys(self.rows)
        self.rows.clear()


class Disk:
    """The SQLite file behind the tables; it survives a killed process, not a power cut."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS row (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )

    def load(self, tables: list[Table[Any]]) -> None:
        """Fill the tables with what an earlier run left."""
        by_name = {table.name: table for table in tables}
        for kind, key, body in self._connection.execute(
            "SELECT kind, key, body FROM row ORDER BY rowid"
        ):
            table = by_name.get(kind)
            if table is not None:
                table.rows[key] = table.row_type(**json.loads(body))

    def flush(self, tables: list[Table[Any]]) -> None:
        """Write what changed since the last flush, in one transaction."""
        changed = [table for table in tables if table.changed]
        if not changed:
            return
        self._connection.execute("BEGIN")
        for table in changed:
            self._write(table)
        self._connection.execute("COMMIT")

    def _write(self, table: Table[Any]) -> None:
        for key in table.changed:
            row = table.rows.get(key)
            if row is None:
                self._connection.execute(
                    "DELETE FROM row WHERE kind = ? AND key = ?", (table.name, key)
                )
                continue
            body = json.dumps(vars(row), ensure_ascii=False)
            self._connection.execute(
                "INSERT INTO row VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (table.name, key, body),
            )
        table.changed.clear()

    def close(self) -> None:
        self._connection.close()
