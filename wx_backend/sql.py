"""What SQL says differently on PostgreSQL and SQLite, or not well: constructs to be used like functions of SQL."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    FromClause,
    String,
    any_,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from wx_backend.db import Instant, db

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


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values`, for many: one parameter on PostgreSQL, however many they are.

    A thousand placeholders take longer to be written and read than the rows to be found.
    """
    if _dialect().name == "sqlite":
        is_one: ColumnElement[bool] = column.in_(values)
    else:
        is_one = column == any_(literal([*values], ARRAY(column.type, dimensions=1)))
    return is_one


def given(columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, Any]]) -> FromClause:
    """Rows of ours as a table to select from, each column of a type: one parameter for all of them."""
    if _dialect().name == "sqlite":
        return _given_to_sqlite(columns, rows)
    said = literal(json.dumps(rows, ensure_ascii=False, default=datetime.isoformat), String)
    typed = [column(name, kind) for name, kind in columns.items()]
    made = func.json_to_recordset(cast(said, JSON)).table_valued(*typed, name="given")
    return made.render_derived(with_types=True)


def _given_to_sqlite(
    columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, Any]]
) -> FromClause:
    kept = [[_as_kept(kind, row[name]) for name, kind in columns.items()] for row in rows]
    each = func.json_each(json.dumps(kept, ensure_ascii=False)).table_valued("value", name="each")
    cells = (
        func.json_extract(each.c.value, f"$[{position}]", type_=kind).label(name)
        for position, (name, kind) in enumerate(columns.items())
    )
    return select(*cells).subquery("given")


def _as_kept(kind: TypeEngine[Any], value: Any) -> Any:
    """A value as the database's driver gets it."""
    prepare = kind.dialect_impl(_dialect()).bind_processor(_dialect())
    return value if prepare is None else prepare(value)


def _dialect() -> Dialect:
    return db.session.get_bind().dialect
