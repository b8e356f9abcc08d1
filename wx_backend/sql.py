"""What SQL says differently on PostgreSQL and SQLite, or not well: constructs to be used like functions of SQL."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from wx_backend.db import Instant

_MICROSECOND: Final = timedelta(microseconds=1)


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
