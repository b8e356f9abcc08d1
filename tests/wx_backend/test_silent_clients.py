"""Whoever falls silent inside a transaction holds up nobody for long: PostgreSQL whichever the run."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.originals import EMPTY
from tests.postgres import PostgresServer
from wx_backend import db, engine

LOCK = text("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
SOON_MS = 300


@pytest.fixture
def engines(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Engine]]:
    """Two clients of the service; neither may be silent for long while it holds something."""
    monkeypatch.setattr(engine, "IDLE_MS", SOON_MS)
    with postgres.database("silent", template=EMPTY) as url:
        pair = engine.open_engine(url), engine.open_engine(url)
        yield pair
        for each in pair:
            each.dispose()


def test_whoever_falls_silent_in_a_transaction_gives_his_locks_up(
    engines: tuple[Engine, Engine],
) -> None:
    stopped, other = engines
    with stopped.connect() as silent:
        silent.execute(LOCK)
        with other.begin() as connection:
            connection.execute(LOCK)
        with pytest.raises(DBAPIError) as ended:
            silent.execute(LOCK)
    assert db.is_away(ended.value)
