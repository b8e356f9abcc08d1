"""Writing a year into a PostgreSQL database, and holding it to the schema's promises afterwards."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, ForeignKeyConstraint, TextClause, bindparam, text

from bench.year.people import COUNTRY, Cast, Shape, cast
from bench.year.rows import GIVEN_IDS, PREPARE, STEPS
from flows.figures.counting import compare_day, compare_month, compare_week
from insights.operations import begin_counting
from wx_backend import clock
from wx_backend.app import close_app, create_app
from wx_backend.clock import business_on
from wx_backend.config import Config, Database
from wx_backend.db import Model, db, retried

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SAMPLE: Final = ROOT / "tests" / "config.toml"
DAYS: Final = 365
TOUCHES_PER_ORDER: Final = 5
ORDERS_PER_MEMBER: Final = 4
DAYS_PROVED: Final = 3
FIRST_ID: Final = 1_000
"""Of the members and identities that were written; before them are those the verbs made."""
MCHID: Final = 1_900_000_001


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with a year in it: who it is about, and an order of the middle of it."""

    cast: Cast
    orders: int
    order_number: str
    product_number: str


class NotTrue(Exception):
    """The rows break a promise of the schema."""


def configured(url: str, folder: Path) -> Config:
    """Our configuration on this database, with limits that no bench meets."""
    config = Config.load(SAMPLE)
    service = replace(config.service, data_dir=folder)
    return replace(config, database=Database(url=url), service=service)


def written_config(url: str, folder: Path) -> Path:
    """The same as a file, for the server."""
    path = folder / "config.toml"
    plain = SAMPLE.read_text("utf-8")
    path.write_text(
        plain.replace("sqlite:///replaced-by-the-fixture", url).replace(
            'data_dir = "var"', f'data_dir = "{folder}"'
        ),
        "utf-8",
    )
    return path


def fill(
    config: Config, *, orders: int, shape: Shape = COUNTRY, steps: Sequence[str] = (*STEPS,)
) -> Filled:
    """Write a year with so many orders and five times as many touches, and prove it.

    `steps` are the parts of STEPS that are wanted, in their order.
    """
    app = create_app(config)
    with ExitStack() as stack:
        stack.callback(close_app, app)
        stack.enter_context(app.app_context())
        now = clock.now()
        people = cast(config.accounts[0].appid, shape, now=now)
        retried(lambda: begin_counting(now=now))
        db.session.rollback()
        with _writing() as connection:
            _write(connection, _sizes(config, people, orders), steps)
            _prove_references(connection)
        if "figures" in steps:
            _prove_figures(now)
        return Filled(people, orders, _order_of(people), _product_of(people))


def _prove_figures(now: datetime) -> None:
    """The sums of some days are those of their facts."""
    for back in range(1, DAYS_PROVED + 1):
        on = business_on(now) - timedelta(days=back)
        for compare in (
            partial(compare_day, on=on),
            partial(compare_week, of=on),
            partial(compare_month, of=on),
        ):
            if compare(mend=False, now=now):
                raise NotTrue(f"the figures of {on}")


def _order_of(people: Cast) -> str:
    """An order of the outlet that is looked at, from the middle of the year."""
    query = """SELECT number FROM sales_order JOIN order_line ON order_line.order_id = sales_order.id
               WHERE order_line.outlet_id = :outlet AND sales_order.paid_at IS NOT NULL
               ORDER BY abs(sales_order.id - (SELECT max(id) / 2 FROM sales_order)) LIMIT 1"""
    return str(db.session.execute(text(query), {"outlet": people.outlet_id}).scalar_one())


def _product_of(people: Cast) -> str:
    query = "SELECT p.number FROM product p JOIN sku k ON k.product_id = p.id WHERE k.id = :sku"
    return str(db.session.execute(text(query), {"sku": people.wares.phone_id}).scalar_one())


@contextmanager
def _writing() -> Iterator[Connection]:
    """A connection whose rows are neither noted by triggers nor held to references one by one."""
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        for setting in (
            "session_replication_role = replica",
            "statement_timeout = 0",
            "work_mem = '512MB'",
            "maintenance_work_mem = '1GB'",
            "synchronous_commit = off",
        ):
            connection.execute(text(f"SET {setting}"))
        yield connection
        connection.invalidate()


def _write(connection: Connection, sizes: dict[str, object], steps: Sequence[str]) -> None:
    connection.execute(text("SELECT set_config('bench.began', :began, false)"), sizes)
    with _indexed_afterwards(connection):
        for statement in (*PREPARE, *(each for step in steps for each in STEPS[step])):
            connection.execute(_spelled_out(statement, sizes))
    for table in GIVEN_IDS:
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
            )
        )
    connection.execute(text("VACUUM (ANALYZE)"))


@contextmanager
def _indexed_afterwards(connection: Connection) -> Iterator[None]:
    """Indexes are made of all rows at once, which is several times quicker than row by row."""
    found = connection.execute(
        text(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " JOIN pg_class ON pg_class.oid = indrelid"
            " WHERE NOT indisunique AND relnamespace = 'public'::regnamespace"
        )
    ).all()
    for name, _ in found:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, definition in found:
        connection.execute(text(definition.replace(":", r"\:")))


def _spelled_out(statement: str, sizes: Mapping[str, object]) -> TextClause:
    """With the sizes in it: CREATE TABLE AS takes none from outside."""
    names = set(re.findall(r"(?<!:):([a-z]\w*)", statement))
    told = text(statement)
    return told.bindparams(*(bindparam(name, sizes[name], literal_execute=True) for name in names))


def _prove_references(connection: Connection) -> None:
    """What the database would have refused row by row is looked for in all of them at once."""
    for table in Model.metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            if broken := connection.execute(text(_broken(constraint))).scalar_one():
                raise NotTrue(f"{constraint.name}: {broken} rows")


def _broken(constraint: ForeignKeyConstraint) -> str:
    mine, theirs = constraint.table.name, constraint.referred_table.name
    pairs = [(each.parent.name, each.column.name) for each in constraint.elements]
    meets = " AND ".join(f'b."{there}" = a."{here}"' for here, there in pairs)
    is_set = " AND ".join(f'a."{here}" IS NOT NULL' for here, _ in pairs)
    found = f'SELECT 1 FROM "{theirs}" b WHERE {meets}'  # noqa: S608 - names of our own schema
    return f'SELECT count(*) FROM "{mine}" a WHERE {is_set} AND NOT EXISTS ({found})'  # noqa: S608


def _sizes(config: Config, people: Cast, orders: int) -> dict[str, object]:
    began = clock.now() - timedelta(days=DAYS)
    return {
        "account": config.accounts[0].name,
        "appid": config.accounts[0].appid,
        "began": began.isoformat(),
        "mchid": MCHID,
        "orders": orders,
        "members": max(10, orders // ORDERS_PER_MEMBER),
        "touches": orders * TOUCHES_PER_ORDER,
        "member0": FIRST_ID,
        "identity0": FIRST_ID,
        "rate": people.rate_rule_id,
        "phone": people.wares.phone_id,
        "plan": people.wares.plan_id,
        "category": people.wares.category_id,
        "reps": people.reps,
    }
