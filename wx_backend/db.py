"""The database: session, transactions, locks, upserts, instants; the one place that knows dialects."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import uniform
from time import sleep
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from psycopg.conninfo import make_conninfo
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Engine,
    Identity,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    event,
    func,
    literal,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TIMESTAMP, TypeDecorator

from wx_backend import patience

log = logging.getLogger(__name__)

BEGIN_IMMEDIATE = {"begin": "IMMEDIATE"}
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
RETRIES = 3
PAUSE_SECONDS = 0.05
_RETRYABLE_SQLSTATES = {"40001", "40P01"}
_ENDED_WHILE_IDLE = "25P03"

# SQLite gives only INTEGER PRIMARY KEY its row ids; PostgreSQL gets real BIGINTs.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Model(DeclarativeBase):
    """Base of every row; the naming convention lets migrations drop what they made."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Model, disable_autonaming=True)


def let_go() -> None:
    """End what a request left open: it is answered, and a server that is gone by now changes nothing."""
    try:
        db.session.rollback()
    except DBAPIError as error:
        log.warning("the server went before the session ended", extra={"error": repr(error.orig)})
        db.session().invalidate()


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, integer microseconds since 1970 on SQLite."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return microseconds(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return instant(value) if dialect.name == "sqlite" else value.astimezone(UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(value: datetime) -> int:
    """An aware instant as whole microseconds since 1970: how SQLite keeps it."""
    return (value - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The reverse of `microseconds`."""
    return _EPOCH + value * _MICROSECOND


def id_column() -> MappedColumn[int]:
    """The primary key every table has: a BIGINT identity."""
    return mapped_column(BigId, Identity(), primary_key=True)


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


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction that may write: commits at the end, rolls back on any exception.

    Edges only (a route, a job, a command). A read transaction still open is ended first, so
    that what is read inside is fresh and SQLite takes its write lock at BEGIN, not half-way.
    """
    session = db.session()
    session.rollback()
    try:
        session.connection(execution_options=BEGIN_IMMEDIATE)
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def reading() -> Iterator[Session]:
    """One look at the database as it is at this moment, however long it takes; blocks nobody.

    For work outside of a transaction of its own; whatever is changed inside is rolled back.
    """
    session = db.session()
    session.rollback()
    try:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
    finally:
        session.rollback()


Result = TypeVar("Result")


def retried(work: Callable[[], Result]) -> Result:
    """Run `work` in a transaction; again, three times at most, when the database asks for it.

    Only serialisation failures, deadlocks and a busy SQLite file are repeated, after a pause of
    random length: two that met would otherwise meet again.
    """
    for number in range(1, RETRIES + 1):
        try:
            with transaction():
                return work()
        except DBAPIError as error:
            if not asks_for_retry(error):
                raise
        sleep(uniform(0, number * PAUSE_SECONDS))  # noqa: S311 - nothing is to be kept secret
    with transaction():
        return work()


def asks_for_retry(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when simply run again."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES


def is_away(error: DBAPIError) -> bool:
    """Whether the database is out of reach, or has cut us off: no fault of what was asked."""
    is_cut_off = getattr(error.orig, "sqlstate", None) == _ENDED_WHILE_IDLE
    return isinstance(error, OperationalError) or error.connection_invalidated or is_cut_off


Row = TypeVar("Row", bound=Model)


def locked(query: Select[Row]) -> Row | None:
    """The one row of `query`, locked until the transaction ends and freshly read; None if missing.

    Lock in this order only: inbox, identity, order, payment, refund, what hangs on the order
    (chain, commission), stock by (sku, place).
    """
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


STREAM_ROWS = 2_000


def streamed(query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows of a query as they come, never all of them in memory."""
    return iter(db.session.execute(query.execution_options(yield_per=STREAM_ROWS)))


class byte_order(ColumnElement[str]):  # noqa: N801 - reads as a function of SQL
    """A text column in the order in which Python sorts strings, whatever the database's language."""

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        self.column = column
        self.type = String()


@compiles(byte_order)
def _as_it_is(element: byte_order, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column, **options))


@compiles(byte_order, "postgresql")
def _in_c_order(element: byte_order, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(element.column, **options)} COLLATE "C"'


class one_of(FunctionElement[bool]):  # noqa: N801 - reads as a function of SQL
    """Whether a column is one of what a query gives: `one_of(Touch.share_id, query.scalar_subquery())`.

    PostgreSQL looks up each of them. As a join or `IN` it may walk over a whole index instead, by
    which row it never has, where its statistics are a little off.
    """

    inherit_cache = True
    type = Boolean()


@compiles(one_of)
def _one_of(element: Any, compiler: Any, **options: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **options)} IN {compiler.process(values, **options)}"


@compiles(one_of, "postgresql")
def _one_of_array(element: Any, compiler: Any, **options: Any) -> str:
    column, values = element.clauses
    return (
        f"{compiler.process(column, **options)} = ANY (ARRAY {compiler.process(values, **options)})"
    )


class later(FunctionElement[datetime]):  # noqa: N801 - reads as a function of SQL
    """A column of instants, so much later; earlier by less than nothing."""

    inherit_cache = True
    type = Instant()

    def __init__(self, column: Any, by: timedelta) -> None:
        super().__init__(column, literal(by // _MICROSECOND, BigInteger))


@compiles(later)
def _microseconds_later(element: Any, compiler: Any, **options: Any) -> str:
    column, by = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} + {by})"


@compiles(later, "postgresql")
def _interval_later(element: Any, compiler: Any, **options: Any) -> str:
    column, by = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} + {by} * interval '1 microsecond')"


def take_turns(key: bytes) -> None:
    """Let transactions that name the same key pass one after the other, each until it has ended.

    For rules about rows that are not there yet. On SQLite all that may write do anyway.
    """
    if db.session.get_bind().dialect.name != "sqlite":
        number = int.from_bytes(blake2b(key, digest_size=8).digest(), "big", signed=True)
        db.session.execute(select(func.pg_advisory_xact_lock(number)))


def upsert(
    table: type[Model],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
) -> bool:
    """Insert a row; on a conflict over `key` update the named columns, or nothing.

    With an empty `key` a conflict over any unique constraint counts.
    True when a row was inserted or updated, False when the conflict left everything as it was.
    """
    statement = _insert(table.__table__).values(**values)  # type: ignore[arg-type]  # declared as FromClause
    if update:
        statement = statement.on_conflict_do_update(
            index_elements=list(key), set_={name: values[name] for name in update}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key) or None)
    # The row count of an INSERT is unknown on PostgreSQL once SQLAlchemy asks for its new id.
    return db.session.execute(statement.returning(literal_column("1"))).first() is not None


Rule = Callable[[Any, Any], Any]


def upsert_all(
    table: type[Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    change: Rule,
    where: Rule,
) -> None:
    """Insert many rows at once; one that is there already is changed if `where` holds.

    `change(old, new)` gives the new values by column name, `where(old, new)` a condition; `old`
    is the row that is there, `new` the one that was to be inserted. `rows` hold a key once.
    """
    if not rows:
        return
    statement = _insert(table.__table__)  # type: ignore[arg-type]  # declared as FromClause
    old, new = table.__table__.c, statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=list(key), set_=change(old, new), where=where(old, new)
    )
    db.session.execute(statement, list(rows))


def insert_missing(table: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows at once; whoever meets one that is there, by any unique key, is left out."""
    if rows:
        statement = _insert(table.__table__)  # type: ignore[arg-type]  # declared as FromClause
        db.session.execute(statement.on_conflict_do_nothing(), list(rows))


def _insert(table: Table) -> Any:
    """INSERT with ON CONFLICT: spelled the same, but two classes."""
    if db.session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
