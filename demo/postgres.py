"""A PostgreSQL under the supervisor: the wheel's server on a Unix socket, made anew in a folder."""

import subprocess
from pathlib import Path

import psycopg

from demo.program import Health, Program
from demo.refusal import CannotStart
from tools.postgres_binaries import INITDB, SETTINGS, USER, way_to_run

DATABASE = "wx"
PORT = 5432  # of a Unix socket: a part of its name
TIMEOUT_SECONDS = 2
# Recovery after a crash may take a while, and the disk may have to be freed first.
START_SECONDS = 60.0
# Small pieces of log, so that a small disk holds them.
SMALL = ("--wal-segsize", "1")


def make(folder: Path) -> None:
    """Make an empty database cluster in the folder. Raises CannotStart with what initdb said."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        way = way_to_run(folder)
    except RuntimeError as error:
        raise CannotStart(str(error)) from error
    command = way.command("initdb", *INITDB, *SMALL, "--pgdata", str(folder / "data"))
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode != 0:
        raise CannotStart(f"initdb failed:\n{done.stderr.decode('utf-8', 'replace')}")


def postgres(folder: Path, sockets: Path, log: Path) -> Program:
    """The server on what `make` made, its socket in the folder `sockets`."""
    places = ("-D", str(folder / "data"), "-h", "", "-k", str(sockets), "-p", str(PORT))
    settings = (*SETTINGS, "min_wal_size=8MB", "max_wal_size=64MB")
    options = tuple(part for setting in settings for part in ("-c", setting))
    return Program(
        "postgres",
        tuple(way_to_run(folder).command("postgres", *places, *options)),
        log=log,
        directory=folder,
        health=takes_questions(sockets),
        address=f"{sockets} ({DATABASE})",
        start_seconds=START_SECONDS,
    )


def socket_of(sockets: Path) -> Path:
    """The server's socket in its folder."""
    return sockets / f".s.PGSQL.{PORT}"


def create_database(sockets: Path) -> None:
    """Make the service's database, unless it is there."""
    with _connection(sockets) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if there.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def takes_questions(sockets: Path) -> Health:
    """Well when the server answers, which it does not while it recovers."""

    def check(_pid: int) -> bool:
        try:
            _connection(sockets).close()
        except psycopg.OperationalError:
            return False
        return True

    return check


def _connection(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(sockets),
        port=PORT,
        user=USER,
        dbname="postgres",
        autocommit=True,
        connect_timeout=TIMEOUT_SECONDS,
    )
