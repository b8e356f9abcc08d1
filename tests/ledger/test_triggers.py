"""The triggers are there after every migration up and down; SQLite drops them when it is careless."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.engine import open_engine

LISTS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}
# Which triggers a revision brings; they stay in every later one.
SINCE = {
    "sqlite": {
        "0005": {
            "entry_sum",
            "posting_sum_insert",
            "posting_sum_update",
            "posting_sum_no_delete",
            *(
                f"{table}_no_{verb}"
                for table in ("account", "posting", "entry")
                for verb in ("update", "delete", "replace")
            ),
        },
        "0016": {"posting_in_open_period"},
        "0052": {"posting_counted"},
    },
    "postgresql": {
        "0005": {
            "entry_sum",
            "posting_sum_true",
            "posting_sum_unchanged",
            "account_unchanged",
            "posting_unchanged",
            "entry_unchanged",
        },
        "0016": {"posting_in_open_period"},
        "0052": {"posting_counted"},
    },
}
LEDGER = {"account", "posting", "posting_sum", "entry"}


def revisions() -> list[str]:
    """Every revision from the first to the newest."""
    settings = Config()
    settings.set_main_option("script_location", str(migrate.FOLDER))
    return [script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()][
        ::-1
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_and_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> Iterator[tuple[str, str]]:
    """An empty database of each engine."""
    if request.param == "sqlite":
        yield request.param, f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with postgres.database("ledger_triggers") as url:
        yield request.param, url


def ledger_triggers(engine: str, url: str) -> set[str]:
    opened = open_engine(url)
    with opened.connect() as connection:
        names = set(connection.scalars(text(LISTS[engine])))
    opened.dispose()
    return {name for name in names if name.startswith(tuple(f"{table}_" for table in LEDGER))}


def expected(engine: str, revision: str) -> set[str]:
    return {name for since, names in SINCE[engine].items() if since <= revision for name in names}


def test_every_migration_keeps_the_triggers(engine_and_url: tuple[str, str]) -> None:
    engine, url = engine_and_url
    steps = revisions()
    for revision in steps:
        migrate.upgrade(url=url, to=revision)
        assert ledger_triggers(engine, url) == expected(engine, revision), revision
    for revision in reversed(steps[:-1]):
        migrate.downgrade(url=url, to=revision)
        assert ledger_triggers(engine, url) == expected(engine, revision), revision
