"""A year is backed up and brought back: how long until pages are answered again, and whether all of it is there.

As an operator does it (docs/operations.md): `backup.sh`, `restore.sh`, `roles.sql`, `check-config`, `erase-again`, the
web server. `doctor` and the comparison with WeChat Pay's bills need a real account and are not timed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, NamedTuple

from psycopg import Connection, sql

from bench.callback.__main__ import production_server, serving
from bench.endure.ground import ROOT, Broken, Ground, expect
from bench.year.filling import configured, fill, written_config
from bench.year.people import CITY
from bench.year.server import large_server
from tests.postgres import PostgresServer
from wx_backend import migrate

ORDERS, FILES_MB = 100_000, 64
SOURCE, COPY = "year", "restored"
HELD: Final = frozenset({"stop"})
"""The tables `hold.sql` writes to where there is neither campaign nor archive."""
_SCRIPTS: Final = ROOT / "deploy" / "backup"
_ROLES: Final = ROOT / "deploy" / "postgresql" / "roles.sql"
_TABLES: Final = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_ROWS: Final = sql.SQL(
    "SELECT count(*), coalesce(sum(hashtextextended(each::text, 0)::numeric), 0) FROM {} AS each"
)
_SHAPE: Final = """
    SELECT 'index ' || tablename || ' ' || indexname FROM pg_indexes WHERE schemaname = 'public'
    UNION SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || contype::text
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION SELECT 'function ' || proname || ' ' || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION SELECT 'sequence ' || sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences
          WHERE schemaname = 'public' AND sequencename <> 'stop_id_seq'
"""
"""By their names: PostgreSQL writes a condition that it has read back in other words."""


class Contents(NamedTuple):
    """Of each table how many rows, and a sum over all they say; what else there is."""

    rows: dict[str, tuple[Any, ...] | None]
    shape: set[str]


def play(ground: Ground) -> None:
    """One year, backed up and restored once; it takes as long as it takes."""
    backups, data, copied = (ground.folder / each for each in ("backups", "data", "copy"))
    with large_server() as server:
        _write_year(server, data)
        with _timed(ground, "backup"):
            backup = Path(_script(server, "backup.sh", backups, data, PGDATABASE=SOURCE).strip())
        ground.most("dump_mb", (backup / "database.dump").stat().st_size / 2**20)
        begun = time.monotonic()
        with _timed(ground, "restore"):
            _script(server, "restore.sh", backup, COPY, copied)
        config = str(written_config(server.url(COPY), copied))
        with _timed(ground, "checks"):
            _run(server, "psql", "--set=ON_ERROR_STOP=1", "--dbname", COPY, "--file", _ROLES)
            _run(server, *_command("check-config"), WX_CONFIG=config)
            _run(server, *_command("erase-again"), backups / "erased.txt", WX_CONFIG=config)
        command = (*production_server(), "wsgi:app")
        with serving(COPY, "/", command, "--port", {"WX_CONFIG": config}) as web:
            expect("the copy's web server", _status(web.port), 200)
            ground.most("ready_seconds", time.monotonic() - begun)
        compare(ground, server)
    expect("files of the data folder", _files(copied / "bills"), _files(data / "bills"))
    ground.counts["rounds"] += 1


def _write_year(server: PostgresServer, data: Path) -> None:
    """So many orders with all that hangs on them, and files that cannot be packed."""
    url = server.create_database(SOURCE)
    with server.connect() as connection:
        connection.execute("CREATE ROLE wx_app LOGIN")
    migrate.upgrade(url=url)
    (data / "bills").mkdir(parents=True)
    for number in range(FILES_MB):
        (data / "bills" / f"{number}.csv").write_bytes(os.urandom(2**20))
    fill(configured(url, data), orders=ORDERS, shape=CITY)


def compare(ground: Ground, server: PostgresServer) -> None:
    """Row for row; it is held, and nothing else was written. Raises Broken."""
    with server.connect(SOURCE) as source, server.connect(COPY) as copy:
        before, after = _contents(source), _contents(copy)
        held = copy.execute("SELECT line FROM stop WHERE lifted_at IS NULL").fetchall()
    expect("other than it was", before.shape ^ after.shape, set())
    expect("tables", after.rows.keys(), before.rows.keys())
    other = {name for name, rows in after.rows.items() if rows != before.rows[name]}
    expect("tables with other rows", other, HELD)
    expect("lines held", held, [("everything",)])
    ground.counts["orders"] += ORDERS
    ground.counts["tables"] += len(before.rows)
    ground.counts["rows"] += sum(rows[0] for rows in before.rows.values() if rows)


def _contents(connection: Connection) -> Contents:
    tables = sorted(name for (name,) in connection.execute(_TABLES))
    rows = {
        name: connection.execute(_ROWS.format(sql.Identifier(name))).fetchone() for name in tables
    }
    return Contents(rows, {line for (line,) in connection.execute(_SHAPE)})


@contextmanager
def _timed(ground: Ground, what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    ground.most(f"{what}_seconds", time.monotonic() - begun)


def _script(server: PostgresServer, name: str, *arguments: str | Path, **environment: str) -> str:
    return _run(server, _SCRIPTS / name, *arguments, **environment)


def _command(name: str) -> tuple[str, ...]:
    return sys.executable, "-m", "wx_backend.cli", name


def _run(server: PostgresServer, *command: str | Path, **environment: str) -> str:
    """What a program says that reaches the server; raises Broken when it fails."""
    done = subprocess.run(
        [*map(str, command)],
        cwd=ROOT,
        env=os.environ | server.environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Broken(f"{command[0]}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done.stdout


def _status(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    return status


def _files(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}
