"""What only one of the two engines can be asked: REPLACE on SQLite, TRUNCATE and roles there."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.postgres import PostgresServer
from wx_backend.engine import open_engine

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"
HONEST = (
    "INSERT INTO account (kind, owner_kind, owner_id, currency) VALUES"
    " ('wechat_clearing', 'merchant', 1900000001, 'CNY'), ('revenue', 'company', 0, 'CNY')",
    "INSERT INTO posting (kind, key, memo, posted_at, business_on, total_fen, entries)"
    " VALUES ('sale', 'payment:1', '', {now}, '2026-03-02', 0, 2)",
    "INSERT INTO entry (posting_id, account_id, amount_fen) VALUES (1, 1, 500), (1, 2, -500)",
)
DATABASE = "ledger_roles"


@pytest.fixture
def books(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An SQLite file with one honest posting."""
    path = tmp_path / "books.sqlite"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for statement in HONEST:
            connection.execute(text(statement.format(now="0")))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("clause", ["OR REPLACE", "OR IGNORE", "OR FAIL"])
@pytest.mark.parametrize(
    "rest",
    [
        "INTO entry (id, posting_id, account_id, amount_fen) VALUES (1, 1, 2, 500)",
        "INTO entry (posting_id, account_id, amount_fen) VALUES (1, 1, 7)",
        "INTO account (id, kind, owner_kind, owner_id, currency)"
        " VALUES (1, 'revenue', 'rep', 7, 'CNY')",
        "INTO posting (id, kind, key, memo, posted_at, business_on, total_fen, entries)"
        " VALUES (1, 'sale', 'payment:2', '', 0, '2026-03-02', 0, 2)",
        "INTO posting_sum (posting_id, total_fen, entries) VALUES (1, 7, 2)",
    ],
)
def test_no_insert_clause_of_sqlite_gets_round_the_triggers(
    books: Engine, clause: str, rest: str
) -> None:
    with pytest.raises(IntegrityError), books.begin() as connection:
        connection.execute(text(f"INSERT {clause} {rest}"))

    with books.begin() as connection:
        entries = connection.execute(text("SELECT id, account_id, amount_fen FROM entry"))
        assert entries.all() == [(1, 1, 500), (2, 2, -500)]


def test_replacing_a_posting_by_its_key_is_refused_by_its_entries(books: Engine) -> None:
    replace = (
        "INSERT OR REPLACE INTO posting (kind, key, memo, posted_at, business_on, total_fen,"
        " entries) VALUES ('sale', 'payment:1', '', 0, '2026-03-02', 0, 2)"
    )
    with pytest.raises(IntegrityError), books.begin() as connection:
        connection.execute(text(replace))


@pytest.fixture(scope="module")
def shared_books(postgres: PostgresServer) -> Iterator[str]:
    """A database with the service's role and one honest posting; the tests here change nothing."""
    with (
        postgres.database(DATABASE, template="wx_template"),
        postgres.connect(DATABASE) as owner,
    ):
        owner.execute("CREATE ROLE wx_app")
        for _ in range(2):  # the file may be run again
            owner.execute(ROLES.read_bytes())
        owner.execute("SET ROLE wx_app")
        with owner.transaction():
            for statement in HONEST:
                owner.execute(sql.SQL(statement.replace("{now}", "now()")))
        yield DATABASE
        owner.execute("RESET ROLE")
        owner.execute("DROP OWNED BY wx_app")
        owner.execute("DROP ROLE wx_app")


@pytest.fixture
def service(postgres: PostgresServer, shared_books: str) -> Iterator[psycopg.Connection]:
    """A connection with the rights of the service's role."""
    with postgres.connect(shared_books) as connection:
        connection.execute("SET ROLE wx_app")
        yield connection


@pytest.mark.parametrize("table", ["account", "posting", "posting_sum", "entry"])
def test_the_role_of_the_service_cannot_change_the_ledger(
    service: psycopg.Connection, table: str
) -> None:
    name = sql.Identifier(table)
    for statement in (
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {} CASCADE",
    ):
        fitting = statement.replace("id = id", "posting_id = 1") if "sum" in table else statement
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute(sql.SQL(fitting).format(name))
    count = sql.SQL("SELECT count(*) FROM {}").format(name)
    assert service.execute(count).fetchone() in [(1,), (2,)]


def test_the_role_of_the_service_cannot_forge_a_sum(service: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("INSERT INTO posting_sum VALUES (90, 0, 2)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("SET session_replication_role = replica")


def test_a_temporary_table_does_not_divert_the_sums(service: psycopg.Connection) -> None:
    service.execute("CREATE TEMPORARY TABLE posting_sum (LIKE public.posting_sum INCLUDING ALL)")

    with pytest.raises(psycopg.errors.ForeignKeyViolation), service.transaction():
        service.execute("INSERT INTO entry (posting_id, account_id, amount_fen) VALUES (1, 1, 7)")


@pytest.mark.parametrize("table", ["account", "posting", "posting_sum", "entry"])
def test_not_even_the_owner_empties_the_ledger(service: psycopg.Connection, table: str) -> None:
    service.execute("RESET ROLE")
    with pytest.raises(psycopg.errors.RestrictViolation):
        service.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
