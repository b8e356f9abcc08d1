"""Writing the file: every table as it was at one moment, some rows at a time."""

import json
from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Column, Connection, Engine, Table, func, select, text

from flows.archive.clear import PERSONAL, make_clear
from flows.archive.contents import columns_of, kind_of, tables, written
from wx_backend.migrate import head

FORMAT: Final = 1
ROWS_AT_ONCE: Final = 5_000
MANIFEST: Final = "manifest.json"
PART: Final = ".part"


class Snapshot:
    """One moment of the database on a connection of its own, and the file that grows from it.

    Blocks nobody: on PostgreSQL a REPEATABLE READ transaction, on SQLite the reader's view of WAL.
    """

    def __init__(self, engine: Engine, path: Path, *, is_clear: bool, made_at: datetime) -> None:
        """Begin a file beside `path`, which appears only when it is whole."""
        self._path = path
        # Of its own: whoever begins anew must not meet one who only seemed to have died.
        self._part = path.with_suffix(f".{token_hex(4)}{PART}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BufferedWriter = self._part.open("wb")
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED, compresslevel=6)
        self._connection = reader(engine)
        self._is_clear = is_clear
        self._manifest: dict[str, Any] = {
            "format": FORMAT,
            "made_at": made_at.isoformat(),
            "schema": head(),
            "personal_data": "clear" if is_clear else "sealed",
            "tables": [],
        }
        self._steps = self._written()

    def count(self) -> int:
        """How many rows there will be."""
        counts = (select(func.count()).select_from(table) for table in tables())
        return sum(self._connection.execute(query).scalar_one() for query in counts)

    def write_some(self) -> int:
        """Write the next rows; how many, 0 at the end."""
        return next(self._steps, 0)

    def finish(self) -> tuple[int, str]:
        """Close the file and give it its name: its size in bytes and its digest."""
        with self._zip.open(MANIFEST, "w") as out:
            out.write(json.dumps(self._manifest, ensure_ascii=False, indent=1).encode())
        self._zip.close()
        self._file.close()
        self._connection.close()
        self._part.replace(self._path)
        with self._path.open("rb") as file:
            digest = sha256()
            while block := file.read(1 << 20):
                digest.update(block)
        return self._path.stat().st_size, digest.hexdigest()

    def give_up(self) -> None:
        """Leave nothing behind, whatever had been written; does nothing once it is finished."""
        self._steps.close()
        self._connection.close()
        if not self._file.closed:
            self._zip.close()
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _written(self) -> Generator[int, None, None]:
        for table in tables():
            digest, rows = sha256(), 0
            name = f"{table.name}.jsonl"
            with (
                closing(self._batches(table)) as batches,
                self._zip.open(name, "w", force_zip64=True) as out,
            ):
                for batch in batches:
                    _write(out, digest, batch)
                    rows += len(batch)
                    yield len(batch)
            self._manifest["tables"].append(
                {
                    "name": table.name,
                    "file": name,
                    "rows": rows,
                    "sha256": digest.hexdigest(),
                    "columns": self._kinds(table),
                }
            )

    def _batches(self, table: Table) -> Generator[list[dict[str, Any]], None, None]:
        columns = columns_of(table)
        query = select(*columns).order_by(*table.primary_key.columns)
        streamed = query.execution_options(yield_per=ROWS_AT_ONCE)
        with self._connection.execute(streamed) as result:
            for part in result.mappings().partitions():
                rows = [dict(row) for row in part]
                if self._is_clear:
                    make_clear(table, rows, self._connection)
                yield rows

    def _kinds(self, table: Table) -> dict[str, str]:
        return {each.name: self._kind(table, each) for each in columns_of(table)}

    def _kind(self, table: Table, column: Column[Any]) -> str:
        is_opened = self._is_clear and column.name in PERSONAL.get(table.name, ())
        return "json" if is_opened else kind_of(column)


def _write(out: IO[bytes], digest: Any, rows: list[dict[str, Any]]) -> None:
    lines = "".join(
        json.dumps(
            {name: written(value) for name, value in row.items()},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + "\n"
        for row in rows
    ).encode()
    digest.update(lines)
    out.write(lines)


def reader(engine: Engine) -> Connection:
    """A connection for one long look; a large table takes longer than any request may."""
    if engine.dialect.name != "postgresql":
        return engine.connect()
    connection = engine.connect().execution_options(isolation_level="REPEATABLE READ")
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    return connection
