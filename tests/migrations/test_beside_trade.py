"""On PostgreSQL large tables are migrated beside trade, however long that takes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from tests.migrations.conftest import url
from tests.postgres import PostgresServer
from tests.racing import WAITING
from wx_backend import migrate
from wx_backend.db import BEGIN_IMMEDIATE

SHORT_MS = 3_000


@pytest.fixture
def trade(postgres: PostgresServer) -> Iterator[Engine]:
    """An empty PostgreSQL on which a statement may take three seconds."""
    with postgres.database("beside_trade") as address:
        options = f"-c statement_timeout={SHORT_MS} -c lock_timeout={4 * SHORT_MS}"
        engine = create_engine(address, connect_args={"options": options})
        yield engine
        engine.dispose()


def migrated(engine: Engine, revision: str) -> None:
    with engine.connect().execution_options(**BEGIN_IMMEDIATE) as connection:
        migrate.upgrade(connection=connection, to=revision)


@contextmanager
def upgrading(engine: Engine, revision: str, *, waits_for: str) -> Iterator[Connection]:
    """A migration that has come to wait for whoever uses a table; the end of the block lets it go on."""
    with ThreadPoolExecutor(1) as pool, engine.connect() as watch:
        with engine.connect() as user:
            user.execute(text(waits_for))
            migration = pool.submit(migrated, engine, revision)
            while not migration.done() and not watch.scalar(WAITING):
                watch.rollback()
                sleep(0.05)
            watch.rollback()
            yield watch
        migration.result()


@pytest.mark.parametrize(
    ("before", "revision", "table"),
    [("0048", "0049", "touch"), ("0053", "0054", "fulfilment_evidence")],
)
def test_rows_are_added_while_an_index_is_built(
    trade: Engine, before: str, revision: str, table: str
) -> None:
    """The build waits for a row that is being added; the next row waits for neither."""
    migrate.upgrade(url=url(trade), to=before)
    adding = f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"
    with upgrading(trade, revision, waits_for=adding) as another:
        another.execute(text("SET LOCAL lock_timeout = 500"))
        another.execute(text(adding))
        another.rollback()
        sleep(SHORT_MS / 1000 + 0.5)


def test_what_is_filled_in_takes_the_time_it_takes(trade: Engine) -> None:
    migrate.upgrade(url=url(trade), to="0050")
    with upgrading(trade, "0051", waits_for="LOCK TABLE figure_delta IN EXCLUSIVE MODE"):
        sleep(SHORT_MS / 1000 + 0.5)


def test_campaigns_are_stopped_while_their_people_are_counted(trade: Engine) -> None:
    migrate.upgrade(url=url(trade), to="0063")
    counting = "LOCK TABLE campaign_recipient IN ACCESS EXCLUSIVE MODE"
    with upgrading(trade, "0064", waits_for=counting) as another:
        another.execute(text("SET LOCAL lock_timeout = 500"))
        another.execute(text("LOCK TABLE campaign IN ROW EXCLUSIVE MODE"))
        another.rollback()
        sleep(SHORT_MS / 1000 + 0.5)
