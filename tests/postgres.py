"""A PostgreSQL server of the tests' own: from the wheel's binaries, in a folder, gone with us."""

import gc
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tests.memory import memory
from tools.keeper import Keeper, signal_group
from tools.postgres_binaries import INITDB, SETTINGS, USER, binaries, way_to_run

START_SECONDS = 30.0
STILL_ENDING = "is still in use"
HANG_UP_SECONDS = 30.0
STOP_SECONDS = 10.0
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresServer:
    """A server on a Unix socket in a folder of its own, as a context manager.

    `durable=False` gives up what protects data from a power cut: for tests that never pull the
    plug. Temporary: the folder is removed at the end, and the server ends even if we are killed.
    Of `settings` each replaces what the tests have.
    """

    def __init__(self, *, durable: bool = True, settings: Sequence[str] = ()) -> None:
        self._settings = (*SETTINGS, *(() if durable else FORGETFUL), *settings)
        self._folder = Path(tempfile.mkdtemp(prefix="wx-pg-", dir=_short_folder(durable=durable)))
        self._way = way_to_run(self._folder)
        self._keeper = Keeper()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._run("initdb", *INITDB, "--pgdata", str(self._folder / "data"))
            self.start()
        except BaseException:
            self._clear_away()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._clear_away()

    @property
    def pid(self) -> int:
        """The process above all others of the server; 0 while it does not run."""
        return self._process.pid if self._process else 0

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database here."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self._folder}"

    def environment(self) -> dict[str, str]:
        """All that PostgreSQL's own programs (psql, pg_dump) need of an environment to reach this server."""
        path = f"{binaries()}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "PGHOST": str(self._folder), "PGUSER": USER}

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A plain autocommit connection, for what SQLAlchemy should not know of."""
        return psycopg.connect(host=str(self._folder), user=USER, dbname=database, autocommit=True)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database as a copy of another that nobody is connected to; returns its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    @contextmanager
    def database(self, name: str, *, template: str = "template1") -> Iterator[str]:
        """A database for the block alone; its URL.

        Whoever still has a connection when the block ends has lost it: AssertionError says to what.
        """
        yield self.create_database(name, template=template)
        left = self._still_connected(name)
        self.drop_database(name)
        assert not left, f"left open: {left}"

    def _still_connected(self, name: str) -> list[tuple[str, str]]:
        """State and last statement of the clients that do not go; a server may be slow to see one off."""
        query = "SELECT state, left(query, 200) FROM pg_stat_activity WHERE datname = %s"
        end = time.monotonic() + HANG_UP_SECONDS
        with self.connect() as connection:
            while left := connection.execute(query, [name]).fetchall():
                if time.monotonic() > end:
                    break
                time.sleep(0.01)
                gc.collect()  # what was given up while it connected is closed with its exception
        return left

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name)))

    def start(self) -> None:
        """Start the server on its data and wait until it answers; RuntimeError when it does not.

        After a crash the processes of the one before may still be ending: it is tried again then.
        """
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._start()
            except RuntimeError as error:
                if STILL_ENDING not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return

    def _start(self) -> None:
        settings = [part for setting in self._settings for part in ("-c", setting)]
        places = ("-D", str(self._folder / "data"), "-h", "", "-k", str(self._folder))
        command = self._way.command("postgres", *places, *settings)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._keeper.watch(self._process.pid)
        self._wait_ready(self._process)

    def stop(self) -> None:
        """Stop in order (clients are cut off); nothing happens when it does not run."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._wait_ended(self._process)

    def crash(self) -> None:
        """End every process of the server at once, as a power cut would."""
        if self._process:
            signal_group(self._process.pid, signal.SIGKILL)
            self._wait_ended(self._process)

    def _wait_ended(self, process: subprocess.Popen[bytes]) -> None:
        """Whoever has not ended in time is made to: a busy machine is no fault of the tests."""
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        finally:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            self._keeper.forget(process.pid)
            self._process = None

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        log = (self._folder / "log").read_text("utf-8", "replace")
        raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}")

    def _run(self, name: str, *arguments: str) -> None:
        command = self._way.command(name, *arguments)
        done = subprocess.run(command, cwd=self._folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed:\n{done.stderr.decode('utf-8', 'replace')}")

    def _clear_away(self) -> None:
        self.crash()
        self._keeper.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _short_folder(*, durable: bool) -> str | None:
    """Memory for what may be lost, where copying a database takes 0.05 s, not 1.5 s under load.

    A Unix socket's path may have about 100 characters: a very long TMPDIR is passed over.
    """
    if not durable and (folder := memory()):
        return str(folder)
    return "/tmp" if len(tempfile.gettempdir()) > 60 else None  # noqa: S108 - mkdtemp makes it safe
