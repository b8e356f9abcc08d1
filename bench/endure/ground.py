"""What every endurance run stands on: a database of its own, a time to end, and counts."""

import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from flask import Flask

from tests.limits import lengthen
from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.app import close_app, create_app
from wx_backend.config import Config, Database

ROOT: Final = Path(__file__).resolve().parents[2]
SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Broken(AssertionError):
    """What had to hold did not."""


@dataclass
class Ground:
    """One run: what it was asked for, and what it has counted so far.

    A round that was begun is brought to its end; `is_over` says whether to begin another.
    """

    folder: Path
    database: str
    seconds: float
    seed: int
    rate: int | None = None
    """How many a second where a run holds a rate; its own, if not said."""
    counts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether its time is up; there is one round at least."""
        return self.counts["rounds"] > 0 and time.monotonic() - self.began > self.seconds

    @property
    def random(self) -> Random:
        """What the next round does follows from it."""
        return Random(f"{self.seed}/{self.counts['rounds']}")  # noqa: S311 - to be played again

    def least(self, name: str, value: float) -> None:
        """Count the smallest of all values; whole ones."""
        self.counts[name] = min(self.counts.get(name, round(value)), round(value))

    def most(self, name: str, value: float) -> None:
        """Count the greatest of all values; whole milliseconds, megabytes, rows."""
        self.counts[name] = max(self.counts[name], round(value))


def expect(what: str, found: object, wanted: object) -> None:
    """Raises Broken unless both are the same."""
    if found != wanted:
        raise Broken(f"{what}: {found!r}, not {wanted!r}")


@contextmanager
def migrated(ground: Ground) -> Iterator[str]:
    """The URL of a fresh database that keeps what it acknowledged."""
    if ground.database == SQLITE:
        url = f"sqlite:///{ground.folder}/wx.sqlite"
        migrate.upgrade(url=url)
        yield url
        return
    with PostgresServer(durable=True) as server:
        url = server.create_database("endure")
        migrate.upgrade(url=url)
        yield url


def configured(url: str, folder: Path) -> Config:
    """The tests' configuration on this database."""
    sample = Config.load(ROOT / "tests" / "config.toml")
    service = replace(sample.service, data_dir=folder / "data")
    return replace(sample, service=service, database=Database(url=url))


@contextmanager
def serving(config: Config) -> Iterator[Flask]:
    """The service, with the time a busy machine needs."""
    lengthen()
    app = create_app(config)
    try:
        with app.app_context():
            yield app
    finally:
        close_app(app)


def peak_mb() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
