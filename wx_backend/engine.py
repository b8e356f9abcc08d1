"""How the databases are reached: URLs, pools, bounds on every wait, what SQLite needs for several writers."""

import sqlite3
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection

from wx_backend import patience

BUSY_MS = 5_000
LOCK_MS = 3_000
STATEMENT_MS = 15_000
IDLE_MS = 30_000  # half a lease: whoever is stopped, or gone without a word, gives his locks up
POOL_SECONDS = 2
# A server that vanished without a word: the kernel alone would wait for it a quarter of an hour.
SILENT_SERVER = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def open_engine(url: str, **options: Any) -> Engine:
    """An engine as this service uses it, for code that runs outside the app (commands, tests)."""
    engine = create_engine(url, **engine_options(url), **options)
    prepare_engine(engine)
    return engine


def engine_options(url: str) -> dict[str, Any]:
    """Pool and driver settings for a database URL; waits are bounded on both engines."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_MS / 1000, "isolation_level": None}}
    return {
        "pool_pre_ping": True,
        "pool_size": 16,
        "max_overflow": 16,
        "pool_timeout": POOL_SECONDS,
        "connect_args": {
            "connect_timeout": patience.CONNECT_SECONDS,
            **SILENT_SERVER,
            "options": f"-c lock_timeout={LOCK_MS} -c statement_timeout={STATEMENT_MS}"
            f" -c idle_in_transaction_session_timeout={IDLE_MS} -c timezone=UTC",
        },
    }


def libpq_dsn(url: str) -> str:
    """A PostgreSQL URL as libpq takes it: with several hosts, too, of which one may take writes."""
    parsed = make_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)
    return make_conninfo(
        **{name: str(value) for name, value in {**options, **SILENT_SERVER}.items()}
    )


def prepare_engine(engine: Engine) -> None:
    """Make SQLite safe for several writers (WAL, FULL, foreign keys, BEGIN of our own).

    On both, waiting that obeys `patience.at_most`.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "do_connect", _connect)


def _connect(
    _dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]
) -> patience.Connection:
    return patience.Connection.connect(*arguments, **options)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    left = patience.left()
    busy_ms = BUSY_MS if left is None else min(BUSY_MS, int(left * 1000))
    if connection.info.get("busy_ms", BUSY_MS) != busy_ms:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={busy_ms}")
        connection.info["busy_ms"] = busy_ms
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
