"""What every test stands on: a migrated database of its own that really commits, and the app."""

import gc
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from time import sleep

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy.pool import Pool, QueuePool

from simulator.server import start
from tests.campaigns.cast import Cast, make_cast
from tests.catalog.shelf import Wares, put_on_shelf
from tests.compiled_pages import share_pages
from tests.compiled_routes import share_routes
from tests.console.world import World, make_world
from tests.limits import lengthen
from tests.memory import memory
from tests.naughty import SLICES, Slice
from tests.originals import EMPTY, MAKERS, Databases, Files, Originals
from tests.postgres import PostgresServer
from tests.serving import announce, reaching, serving
from tests.simulator.stage import Stage
from tests.site import Site
from tests.statements import share_compiled
from tests.storefront.mall import Mall, make_mall
from wx_backend import clock, migrate
from wx_backend.app import close_app, create_app
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.config import Config, Database
from wx_backend.db import db
from wx_backend.outbox import QUEUES
from wx_backend.worker import drain_queue

LAST_MOMENTS = timedelta(seconds=30)

# How long an example takes says something of the machine, nothing of the code. What a commit was
# once tried with is tried again, but for runs that are asked for more than usual.
settings.register_profile(
    "wx", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("more", settings.get_profile("wx"), derandomize=False)
settings.load_profile("wx")
share_routes()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.addoption("--sequences", type=int, help="how many sequences a state machine plays")
    parser.addoption("--steps", type=int, help="how long each of them is")
    parser.addoption("--examples", type=int, help="how many inputs a fuzzer tries")
    parser.addoption("--fuzz-seed", type=int, help="of a fuzzer's inputs, else always the same")
    parser.addoption(
        "--slice", choices=[*map(str, range(SLICES)), "day", "all"], help="of texts, see portion"
    )
    parser.addoption("--tally", help="a file that gets a line a test that counts what it tries")
    parser.addoption("--size", type=int, default=1, help="how many times larger races are")


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int:
    """How many times larger a race is than in the ordinary suite: what --size says."""
    times: int = request.config.getoption("--size")
    return times


Tally = Callable[[int], None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Write down how much a test tried, in the file that --tally names, if it does."""
    path = request.config.getoption("--tally")

    def note(tried: int) -> None:
        if path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps([request.node.name, tried])}\n")

    return note


def pytest_report_header(config: pytest.Config) -> str:
    """Which texts forms meet this time, to play them again."""
    return f"naughty texts: {_portion(config)} of {SLICES}"


@cache
def _portion(config: pytest.Config) -> Slice:
    asked: str | None = config.getoption("--slice")
    if asked == "day":
        return Slice.of_day(business_on(clock.now()))
    return Slice(None if asked == "all" else int(asked or 0))


@pytest.fixture
def portion(request: pytest.FixtureRequest) -> Slice:
    """Which of the naughty texts forms meet: those of each form's name, or others that --slice says."""
    return _portion(request.config)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory: they commit for real, and wait for no disk."""
    if config.getoption("--sequences") or config.getoption("--examples"):
        settings.load_profile("more")
    if folder := memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def pytest_collection_finish() -> None:
    """Leave what was imported out of the garbage collections, and collect less often.

    Every test makes and drops an application. Going through all modules for its garbage took a
    quarter of the suite's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


MachineSize = Callable[[int, int], settings]


@pytest.fixture
def machine_size(request: pytest.FixtureRequest) -> MachineSize:
    """How much a state machine plays: what it names itself, or what --sequences and --steps say."""

    def sized(sequences: int, steps: int) -> settings:
        return settings(
            max_examples=request.config.getoption("--sequences") or sequences,
            stateful_step_count=request.config.getoption("--steps") or steps,
        )

    return sized


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run what asks for a database; the rest is the same on both, and runs on SQLite."""
    if config.getoption("--database") == "sqlite":
        return
    kept = [item for item in items if "database_kind" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(autouse=True)
def _time_enough(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a test that is about limits of time (`limits`) may fail because of them."""
    if "limits" not in request.keywords:
        lengthen(monkeypatch.setattr)


@pytest.fixture(autouse=True)
def _one_day() -> None:
    """What a test does is of one day, and of one month: none begins in the last moments of them."""
    now = clock.now()
    tomorrow = datetime.combine(business_on(now) + timedelta(days=1), time(), SHANGHAI)
    if (left := tomorrow - now) < LAST_MOMENTS:
        sleep(left.total_seconds())


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the tests run on: `sqlite` or `postgresql`. Every test with one asks for it."""
    kind: str = request.config.getoption("--database")
    return kind


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test run with a migrated template database."""
    with PostgresServer(durable=False) as server:
        migrate.upgrade(url=server.create_database(EMPTY))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate.upgrade(url=f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def originals(
    request: pytest.FixtureRequest, database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Originals:
    """What the databases of this run's tests are copied from."""
    folder = tmp_path_factory.mktemp("originals")
    if database_kind == "sqlite":
        return Originals(Files(folder, request.getfixturevalue("sqlite_template")), folder)
    return Originals(Databases(request.getfixturevalue("postgres")), folder)


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, originals: Originals, tmp_path: Path
) -> Iterator[str]:
    """A fresh database for this test alone: migrated, with the rows it asks for."""
    fixture = next((name for name in MAKERS if name in request.fixturenames), "")
    with originals.copied(fixture, tmp_path) as url:
        yield url


@pytest.fixture
def standing(app: Flask, originals: Originals) -> Originals:
    """Whose rows this test's application has, or is given now."""
    assert app.testing
    return originals


@pytest.fixture
def wares_on_shelf(standing: Originals) -> Wares:
    """A phone and a plan on sale."""
    return standing.rows(put_on_shelf)


@pytest.fixture
def two_provinces(standing: Originals) -> World:
    """The console's and the terminal's tests begin with them."""
    return standing.rows(make_world)


@pytest.fixture
def small_town(standing: Originals) -> Mall:
    """The mall's tests begin with it."""
    return standing.rows(make_mall)


@pytest.fixture
def cast_of_campaigns(standing: Originals) -> Cast:
    """The campaigns' tests begin with it."""
    return standing.rows(make_cast)


@pytest.fixture
def config(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Config:
    """The tests' configuration on this test's database, without Redis; see `wechat`."""
    config = Config.load(Path(__file__).parent / "config.toml")
    config = replace(
        config,
        database=Database(url=database_url),
        service=replace(config.service, data_dir=tmp_path / "data"),
    )
    if "wechat" in request.fixturenames:
        wechat: Stage = request.getfixturevalue("wechat")
        config = reaching(config, wechat.base_url)
    return config


@pytest.fixture
def wechat() -> Iterator[Stage]:
    """The pretend WeChat of this test; asking for it makes the configuration point there."""
    with start() as running:
        stage = Stage(running.base_url)
        yield stage
        stage.close()


@pytest.fixture
def served(app: Flask, wechat: Stage, config: Config) -> Iterator[str]:
    """The web application on a loopback port, known to the pretend WeChat; its address."""
    with serving(Site(app)) as url:
        announce(wechat, config, url)
        yield url


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application in an app context; engines are closed afterwards."""
    app = create_app(config)
    app.testing = True
    with app.app_context():
        share_compiled(db.engine)
        share_pages(app)
        yield app
        db.session.remove()
        left = [engine.pool.status() for engine in db.engines.values() if _is_in_use(engine.pool)]
    close_app(app)
    assert not left, left


def _is_in_use(pool: Pool) -> bool:
    return isinstance(pool, QueuePool) and pool.checkedout() > 0


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], None]:
    """Do all work that is due, as the workers would."""

    def run() -> None:
        db.session.rollback()
        while sum(drain_queue(app, queue) for queue in QUEUES):
            pass

    return run


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
