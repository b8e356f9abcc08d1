"""Empty databases to migrate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.postgres import PostgresServer
from wx_backend.engine import open_engine


@pytest.fixture
def empty(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the kind under test."""
    if database_kind == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
        yield engine
        engine.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database("migrations") as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)
