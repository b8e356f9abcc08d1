"""Where a run takes place: PostgreSQL or a file on a small disk, gates in front of every neighbour."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from demo import postgres, screen
from demo.chaos.disk import SmallDisk
from demo.chaos.gates import Gates, Neighbour
from demo.chaos.schedule import Means
from demo.places import HOST, Detour, Places
from demo.stack import Need
from tools.postgres_binaries import USER

SQLITE, POSTGRESQL = "sqlite", "postgresql"
NO_DISK: Final = "LEFT OUT: the full disk, for this machine lets us mount none of our own"


@dataclass(frozen=True)
class Ground:
    """What a run stands on, and what of it can be made to fail."""

    places: Places
    gates: Gates
    disk: SmallDisk | None
    first: tuple[Need, ...]

    @property
    def means(self) -> Means:
        """What there is to go wrong here."""
        return Means(
            has_postgres="database" in self.gates,
            has_file=str(self.database_file) in self.places.database_url,
            has_small_disk=self.disk is not None,
        )

    @property
    def database_file(self) -> Path:
        """The file of SQLite."""
        return _files(self.places) / "wx.sqlite"


@contextmanager
def prepared(places: Places, database: str, *, can_mount: bool) -> Iterator[Ground]:
    """Put gates in front of everything the service reaches, and the database on a small disk.

    `database` is sqlite, postgresql (one of our own) or the URL of somebody else's. After a
    failure what was on the disk is kept beside it.
    """
    folder, first = _files(places), tuple[Need, ...]()
    folder.mkdir(parents=True)
    disk = _small_disk(folder) if can_mount else None
    neighbours: dict[str, Neighbour] = {
        "valkey": places.valkey_socket,
        "wechat": (HOST, places.simulator_port),
    }
    if database == POSTGRESQL:
        neighbours["database"] = postgres.socket_of(folder)
        first = (_postgres(folder, places),)
    try:
        with Gates(neighbours) as gates:
            yield Ground(_behind(places, gates, database), gates, disk, first)
    except BaseException:
        if disk:
            shutil.copytree(folder, places.data / "kept", ignore=shutil.ignore_patterns(".s.*"))
        raise
    finally:
        if disk:
            disk.take_away()


def _postgres(folder: Path, places: Places) -> Need:
    postgres.make(folder / "postgres")
    program = postgres.postgres(folder / "postgres", folder, places.log("postgres"))
    return Need(program, partial(postgres.create_database, folder))


def _behind(places: Places, gates: Gates, database: str) -> Places:
    """The same places as the service reaches them through the gates."""
    detour = Detour(
        redis_url=f"redis://{HOST}:{gates.port('valkey')}",
        calls_url=f"http://{HOST}:{gates.port('wechat')}",
    )
    if database == SQLITE:
        database = f"sqlite:///{_files(places) / 'wx.sqlite'}"
    elif database == POSTGRESQL:
        there = f"{HOST}:{gates.port('database')}/{postgres.DATABASE}"
        database = f"postgresql+psycopg://{USER}@{there}"
    return replace(places, detour=detour, database=database)


def _files(places: Places) -> Path:
    return places.data / "disk"


def _small_disk(folder: Path) -> SmallDisk | None:
    try:
        return SmallDisk(folder)
    except OSError as error:
        screen.say("", f"{NO_DISK} ({error})", "")
        return None
