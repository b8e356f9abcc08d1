"""Small disks for what the service writes beside its database: the logs of its processes, and the data folder.

After a failure the logs are kept in `kept-log`.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

from demo import screen
from demo.chaos.disk import SmallDisk
from demo.places import Places

MEGABYTES: Final[Mapping[str, int]] = {"log": 16, "files": 64}
LEFT_OUT: Final = "LEFT OUT: full disks, for this machine lets us mount none of our own"


@contextmanager
def rooms(places: Places, *, can_mount: bool) -> Iterator[dict[str, SmallDisk]]:
    """A small disk by the name of each folder; none where nothing can be mounted, which is said."""
    made: dict[str, SmallDisk] = {}
    with ExitStack() as stack:
        for name, megabytes in MEGABYTES.items() if can_mount else ():
            folder = places.data / name
            folder.mkdir(parents=True)
            try:
                made[name] = SmallDisk(folder, megabytes=megabytes)
            except OSError as error:
                screen.say("", f"{LEFT_OUT} ({error})", "")
                break
            stack.callback(made[name].take_away)
        if not can_mount:
            screen.say("", LEFT_OUT, "")
        try:
            yield made
        except BaseException:
            if "log" in made:
                shutil.copytree(places.data / "log", places.data / "kept-log")
            raise


@contextmanager
def filled(disk: SmallDisk) -> Iterator[None]:
    """No room for another byte while inside."""
    disk.fill()
    try:
        yield
    finally:
        disk.free()
