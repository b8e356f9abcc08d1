"""The migrations make what the models say, and can be taken back, on the database under test."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from tests.migrations.conftest import url
from wx_backend import migrate
from wx_backend.tables import metadata

VERSION_TABLE = "alembic_version"


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {VERSION_TABLE}


def test_the_migrations_make_what_the_models_say(empty: Engine) -> None:
    migrate.upgrade(url=url(empty))
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_can_be_taken_back_and_made_again(empty: Engine) -> None:
    migrate.upgrade(url=url(empty))
    made = tables(empty)
    assert made
    migrate.downgrade(url=url(empty), to="base")
    assert tables(empty) == set()
    migrate.upgrade(url=url(empty))
    assert tables(empty) == made


def test_a_second_upgrade_changes_nothing(empty: Engine) -> None:
    migrate.upgrade(url=url(empty))
    migrate.upgrade(url=url(empty))
    with empty.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == migrate.head()
