"""The database: session, transactions, locks, upserts, instants.

How it is reached is `wx_backend.engine`, what SQL lacks `wx_backend.sql`: no other place knows dialects.
"""

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
from sqlalchemy import (
    BigInteger,
    Dialect,
    Identity,
    Integer,
    MetaData,
    Select,
    Table,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, MappedColumn, Session, mapped_column
from sqlalchemy.types import TIMESTAMP, TypeDecorator

log = logging.getLogger(__name__)

BEGIN_IMMEDIATE = {"begin": "IMMEDIATE"}
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


def locked(query: Select[Row], *, lets_refer: bool = False) -> Row | None:
    """The one row of `query`, locked until the transaction ends and freshly read; None if missing.

    With `lets_refer` others may go on adding rows that refer to it. Whoever adds one holds a share of
    the row: two of them that both want all of it afterwards would wait for each other.

    Lock in this order only: inbox, identity, order, payment, refund, what hangs on the order
    (chain, commission), stock by (sku, place).
    """
    held = query.with_for_update(key_share=lets_refer)
    fresh = held.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


STREAM_ROWS = 2_000


def streamed(query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows of a query as they come, never all of them in memory."""
    return iter(db.session.execute(query.execution_options(yield_per=STREAM_ROWS)))


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


def inserted(table: type[Row], values: Mapping[str, Any], *, key: Sequence[str]) -> Row | None:
    """Insert a row and give it as it is kept; None, and nothing changed, where one of its `key` is there.

    With an empty `key` any unique constraint counts, as in `upsert`.
    """
    statement = (
        _insert(table).values(**values).on_conflict_do_nothing(index_elements=list(key) or None)
    )
    fresh = statement.returning(table).execution_options(populate_existing=True)
    found: Row | None = db.session.scalars(fresh).one_or_none()
    return found


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


def _insert(table: Table | type[Model]) -> Any:
    """INSERT with ON CONFLICT: spelled the same, but two classes."""
    if db.session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
