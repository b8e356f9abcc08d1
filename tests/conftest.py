"""What every test stands on: a migrated database of its own that really commits, and the app."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.app import create_app
from wx_backend.config import Config, Database
from wx_backend.db import db

TEMPLATE = "wx_template"
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test run with a migrated template database."""
    with PostgresServer(durable=False) as server:
        migrate.upgrade(url=server.create_database(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate.upgrade(url=f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database for this test alone."""
    if request.config.getoption("--database") == "sqlite":
        path = tmp_path / "wx.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"t{next(_numbers)}"
    yield server.create_database(name, template=TEMPLATE)
    server.drop_database(name)


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """The example configuration on this test's database, without Redis."""
    config = Config.load(Path(__file__).parent / "config.toml")
    return replace(
        config,
        database=Database(url=database_url),
        service=replace(config.service, data_dir=tmp_path / "data"),
    )


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application in an app context; engines are closed afterwards."""
    app = create_app(config)
    app.testing = True
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
