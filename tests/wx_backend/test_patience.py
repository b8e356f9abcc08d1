"""A thread waits for PostgreSQL as long as it has patience, and no longer."""

from collections.abc import Iterator
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.postgres import PostgresServer
from wx_backend import patience
from wx_backend.engine import SILENT_SERVER, libpq_dsn, open_engine
from wx_backend.patience import Connection, OutOfPatience


@pytest.fixture
def connection(postgres: PostgresServer) -> Iterator[Connection]:
    dsn = postgres.url().replace("postgresql+psycopg", "postgresql")
    with Connection.connect(dsn, autocommit=True) as connection:
        yield connection


def test_without_a_limit_it_waits(connection: Connection) -> None:
    assert connection.execute("SELECT pg_sleep(0.3), 1").fetchone() == ("", 1)


def test_a_wait_ends_with_the_patience_and_takes_the_connection_along(
    connection: Connection,
) -> None:
    start = monotonic()
    with pytest.raises(OutOfPatience), patience.at_most(0.3):
        connection.execute("SELECT pg_sleep(60)")

    assert 0.3 <= monotonic() - start < 30
    assert connection.closed
    assert issubclass(OutOfPatience, psycopg.OperationalError)


def test_patience_is_for_all_waits_together(connection: Connection) -> None:
    def wait_often() -> None:
        for _ in range(100):
            connection.execute("SELECT pg_sleep(0.2)")

    start = monotonic()
    with pytest.raises(OutOfPatience), patience.at_most(0.5), patience.at_most(99):
        wait_often()
    assert monotonic() - start < 10


def test_with_little_patience_left_no_connection_is_begun(postgres: PostgresServer) -> None:
    with pytest.raises(OutOfPatience), patience.at_most(0.5):
        Connection.connect(postgres.url().replace("postgresql+psycopg", "postgresql"))


def test_afterwards_it_waits_again(connection: Connection) -> None:
    with patience.at_most(1), patience.at_most(0.01):
        pass
    assert connection.execute("SELECT pg_sleep(0.2), 2").fetchone() == ("", 2)


def test_a_server_that_vanished_is_noticed_by_the_kernel_within_seconds(
    postgres: PostgresServer,
) -> None:
    engine = open_engine(postgres.url())
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, Connection)
        asked = driver.info.get_parameters()
    engine.dispose()

    assert {name: asked[name] for name in SILENT_SERVER} == {
        name: str(value) for name, value in SILENT_SERVER.items()
    }
    assert SILENT_SERVER["tcp_user_timeout"] <= 10_000


def test_several_hosts_in_a_url_are_told_to_libpq(postgres: PostgresServer) -> None:
    several = "postgresql+psycopg://wx:p@/wx?host=10.1.1.1:5432&host=10.1.1.2:5433&target_session_attrs=read-write"
    told = conninfo_to_dict(libpq_dsn(several))

    assert (told["host"], told["port"]) == ("10.1.1.1,10.1.1.2", "5432,5433")
    assert (told["dbname"], told["target_session_attrs"]) == ("wx", "read-write")
    assert told["tcp_user_timeout"] == "10000"
    with Connection.connect(libpq_dsn(postgres.url())) as connection:
        assert connection.execute("SELECT 3").fetchone() == (3,)
