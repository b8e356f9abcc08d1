"""What a database can do to those who wait for it: be gone, be locked, live and say nothing."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url, text

from tests.postgres import PostgresServer
from wx_backend.config import Config
from wx_backend.db import db

HANGS_UP = 5.0  # seconds after which the platform gives up
Outage = Callable[[], AbstractContextManager[None]]


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def file_locked(path: str) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def table_locked(config: Config, table: str) -> Iterator[None]:
    """Somebody holds the table (with SQLite the whole file) and does not let go."""
    if config.database.url.startswith("sqlite"):
        with file_locked(make_url(config.database.url).database or ""):
            yield
        return
    with db.engine.begin() as other:
        other.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def silent_server(*, to_new_clients: bool = False) -> Iterator[None]:
    """PostgreSQL's processes behind our connections are stopped; the connections stay open.

    `to_new_clients`: so is the one that takes connections.
    """
    outside = create_engine(db.engine.url, poolclass=NullPool)
    with outside.connect() as other:
        query = text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        backends = list(other.scalars(query))
    if to_new_clients:
        backends.append(_parent(backends[0]))
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
