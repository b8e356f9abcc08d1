"""Databases that tests begin with, each made once and copied: the empty one, and such with rows many tests want.

What many tests begin with takes the service ten times as long to write as a database to copy.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TypeVar, cast

from tests.campaigns.cast import make_cast
from tests.catalog.shelf import put_on_shelf
from tests.console.world import make_world
from tests.postgres import PostgresServer
from tests.statements import share_compiled
from tests.storefront.mall import make_mall
from wx_backend import clock
from wx_backend.app import close_app, create_app
from wx_backend.clock import business_on
from wx_backend.config import Config, Database
from wx_backend.db import db

MAKERS: Final[Mapping[str, Callable[[], object]]] = {
    "wares_on_shelf": put_on_shelf,
    "two_provinces": make_world,
    "small_town": make_mall,
    "cast_of_campaigns": make_cast,
}
"""What writes the rows, by the fixture that stands for them; it says what they are."""
FRESH_SECONDS: Final = 60.0
CLOCKS_AGREE_SECONDS: Final = 5.0
EMPTY: Final = "wx_template"
_numbers = count(1)
Rows = TypeVar("Rows")


class Store(Protocol):
    """Where originals are kept, and how one is copied."""

    def make(self, name: str) -> str:
        """A migrated database with no rows: its URL."""

    def copied(self, name: str, folder: Path, /) -> AbstractContextManager[str]:
        """A copy of one that nobody is connected to, for the block alone: its URL."""

    def drop(self, name: str) -> None:
        """Nobody copies it any more."""


class Files:
    """Originals as SQLite files of a folder; `empty` is the migrated one."""

    def __init__(self, folder: Path, empty: Path) -> None:
        self._folder, self._empty = folder, empty

    def make(self, name: str) -> str:
        shutil.copy(self._empty, self._file(name))
        return f"sqlite:///{self._file(name)}"

    @contextmanager
    def copied(self, name: str, folder: Path) -> Iterator[str]:
        file = folder / "wx.sqlite"
        shutil.copy(self._file(name) if name != EMPTY else self._empty, file)
        yield f"sqlite:///{file}"

    def drop(self, name: str) -> None:
        self._file(name).unlink()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"


class Databases:
    """Originals as databases of a PostgreSQL that has the migrated one, EMPTY."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def make(self, name: str) -> str:
        return self._server.create_database(name, template=EMPTY)

    def copied(self, name: str, _folder: Path, /) -> AbstractContextManager[str]:
        return self._server.database(f"t{next(_numbers)}", template=name)

    def drop(self, name: str) -> None:
        self._server.drop_database(name)


@dataclass(frozen=True, slots=True)
class _Made:
    """An original with rows: what they are, and when they were written."""

    name: str
    rows: object
    at: float
    day: date


class Originals:
    """The originals of one run of the tests; `folder` is for what their applications write."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._made: dict[str, _Made] = {}
        self._copied: tuple[Callable[[], object] | None, object] = (None, None)

    @contextmanager
    def copied(self, fixture: str, folder: Path) -> Iterator[str]:
        """A database for the block alone, with the rows of a fixture or (for "") with none: its URL.

        Where the clock is not the world's there are none yet: `rows` writes them then.
        """
        made = self._fresh(fixture) if fixture and _is_real_time() else None
        self._copied = (MAKERS[fixture], made.rows) if made else (None, None)
        with self._store.copied(made.name if made else EMPTY, folder) as url:
            yield url

    def rows(self, maker: Callable[[], Rows]) -> Rows:
        """What a maker wrote into the database that was copied last; written now, if it was not before."""
        made_by, rows = self._copied
        return cast(Rows, rows) if made_by is maker else maker()

    def _fresh(self, fixture: str) -> _Made:
        """An original of this day and of moments ago, as what a test writes itself would be."""
        made, day = self._made.get(fixture), business_on(clock.now())
        if made and made.day == day and time.monotonic() - made.at < FRESH_SECONDS:
            return made
        if made:
            self._store.drop(made.name)
        name = f"{fixture}_{next(_numbers)}"
        made = _Made(name, self._written(fixture, name), time.monotonic(), day)
        self._made[fixture] = made
        return made

    def _written(self, fixture: str, name: str) -> object:
        """Write the rows by the service's own code, as a test would."""
        config = Config.load(Path(__file__).parent / "config.toml")
        service = replace(config.service, data_dir=self._folder / fixture)
        database = Database(url=self._store.make(name))
        app = create_app(replace(config, database=database, service=service))
        try:
            with app.app_context():
                share_compiled(db.engine)
                rows = MAKERS[fixture]()
                db.session.remove()
        finally:
            close_app(app)
        return rows


def _is_real_time() -> bool:
    world = time.time()  # noqa: TID251 - the world's, whatever a test has done to ours
    return abs(clock.now().timestamp() - world) < CLOCKS_AGREE_SECONDS
