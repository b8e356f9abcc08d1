"""The tests' own PostgreSQL: quick to start, copied from templates, honest about a crash."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresServer
from tools.keeper import signal_group
from tools.postgres_binaries import ways_to_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


def one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row and row[0]


def test_it_speaks_utf8_and_utc(server: PostgresServer) -> None:
    with server.connect() as connection:
        assert one(connection, "SHOW server_encoding") == "UTF8"
        assert one(connection, "SHOW timezone") == "UTC"
        assert one(connection, "SELECT '喆'::text") == "喆"


def test_a_database_is_a_copy_of_its_template(server: PostgresServer) -> None:
    server.create_database("template_shop")
    with server.connect("template_shop") as connection:
        connection.execute("CREATE TABLE rep (name text)")
        connection.execute("INSERT INTO rep VALUES ('Alice')")
    with (
        server.database("shop", template="template_shop"),
        server.connect("shop") as connection,
    ):
        assert one(connection, "SELECT name FROM rep") == "Alice"
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        server.connect("shop")


def test_committed_rows_survive_a_crash(server: PostgresServer) -> None:
    server.create_database("crash")
    with server.connect("crash") as connection:
        connection.execute("CREATE TABLE touch (id int)")
        connection.execute("INSERT INTO touch VALUES (1)")
    server.crash()
    server.start()
    with server.connect("crash") as connection:
        assert one(connection, "SELECT count(*) FROM touch") == 1


def test_who_does_not_stop_in_time_is_ended(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.postgres.STOP_SECONDS", 0.1)
    signal_group(server.pid, signal.SIGSTOP)
    server.stop()
    assert server.pid == 0
    server.start()
    server.connect().close()


def test_it_leaves_nothing_behind() -> None:
    with PostgresServer(durable=False) as server:
        folder = Path(server.url().partition("host=")[2])
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        server.connect()


def test_it_ends_when_its_owner_is_killed() -> None:
    owner = """
import time
from tests.postgres import PostgresServer
with PostgresServer(durable=False) as server:
    print(server.url().partition("host=")[2], flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", owner]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        folder = Path(process.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        process.kill()
    end = time.monotonic() + 10
    while time.monotonic() < end and Path(f"/proc/{server}").exists():
        time.sleep(0.05)
    shutil.rmtree(folder)
    assert not Path(f"/proc/{server}").exists()


def test_every_way_to_run_that_works_here_can_make_a_database() -> None:
    folder = Path(tempfile.mkdtemp(prefix="wx-pg-"))
    made = 0
    for number, way in enumerate(ways_to_run(folder)):
        if way.works():
            data = folder / str(number)
            arguments = ("--no-sync", "--auth", "trust", "--username", "wx", "--pgdata", str(data))
            done = subprocess.run(
                way.command("initdb", *arguments), cwd=folder, check=False, capture_output=True
            )
            assert done.returncode == 0, done.stderr.decode()
            made += 1
    shutil.rmtree(folder)
    assert made
