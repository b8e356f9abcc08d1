"""The whole service under half a load, without any trouble: memory and open files of every process stay what they are.

What was taken in the second quarter of the time is compared with the last quarter: the first one is for warming up.
"""

import http.client
import os
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count, cycle
from pathlib import Path
from typing import Final, NamedTuple

from bench.endure.ground import Broken, Ground, expect
from bench.endure.loads import under
from demo.chaos.ground import prepared
from demo.places import HOST
from demo.stack import running
from demo.story.__main__ import held_places, playing
from demo.story.frame import Story
from tools.keeper import members

WATCHED: Final = ("web", "door", "worker-work", "worker-call", "worker-bulk", "clock")
PAGES: Final = ("/", "/api/products", "/console/login", "/no-such-page", "/readyz")
READERS: Final = 2
SHORTEST_SECONDS: Final = 40.0
LOOKS: Final = 40
MORE_MB: Final = 24.0
MORE_PERCENT: Final = 15
MORE_FILES: Final = 12


class Look(NamedTuple):
    """What the processes of one program have at a moment."""

    megabytes: float
    files: int


def play(ground: Ground) -> None:
    """Load for as long as asked, but no shorter than it takes to see anything."""
    seconds = max(ground.seconds, SHORTEST_SECONDS)
    data = ground.folder / "demo"
    data.mkdir()
    with (
        held_places(data) as places,
        prepared(places, ground.database, can_mount=False) as stands,
        running(stands.places, first=stands.first) as stack,
        playing(stack) as story,
    ):
        looks = watched(ground, story, seconds)
    ground.counts["rounds"] += 1
    quarter = LOOKS // 4
    for name, seen in looks.items():
        _hold(ground, name, seen[quarter : 2 * quarter], seen[-quarter:])


def watched(ground: Ground, story: Story, seconds: float) -> dict[str, list[Look]]:
    """People come and write; meanwhile everybody is looked at again and again."""
    looks: dict[str, list[Look]] = {name: [] for name in WATCHED}
    readers = [_reader(ground, story) for _ in range(READERS)]
    with under(*readers, _writer(ground, story)) as hold:
        for _ in range(LOOKS):
            time.sleep(seconds / LOOKS)
            hold()
            expect("pages answered by an error", ground.counts["failed"], 0)
            for name in WATCHED:
                looks[name].append(_look(story.stack.supervisor.pid(name)))
    return looks


def _reader(ground: Ground, story: Story) -> Callable[[], None]:
    pages, port = cycle(PAGES), story.stack.places.port

    def read() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        connection.request("GET", next(pages))
        status = connection.getresponse().status
        connection.close()
        ground.counts["pages" if status < 500 else "failed"] += 1

    return read


def _writer(ground: Ground, story: Story) -> Callable[[], None]:
    """New people follow, and old ones write."""
    numbers = count()

    def write() -> None:
        number = next(numbers)
        person = f"W{number // 10}"
        if number % 10 == 0:
            story.meet(person, f"134{number:08d}")
            story.act(person, "follow", wait=False)
        else:
            story.act(person, "say", wait=False, text="你好")
        ground.counts["pushes"] += 1

    return write


def _hold(ground: Ground, name: str, early: list[Look], late: list[Look]) -> None:
    """Raises Broken where one has grown."""
    before, after = (statistics.median(look.megabytes for look in part) for part in (early, late))
    files = [statistics.median(look.files for look in part) for part in (early, late)]
    ground.counts[f"{name}_mb_before"], ground.counts[f"{name}_mb_after"] = (
        round(before),
        round(after),
    )
    ground.counts[f"{name}_files_before"], ground.counts[f"{name}_files_after"] = map(round, files)
    if after - before > max(MORE_MB, before * MORE_PERCENT / 100):
        raise Broken(f"{name} grew from {before:.0f} to {after:.0f} MB")
    if files[1] - files[0] > MORE_FILES:
        raise Broken(f"{name} had {files[0]:.0f} files open and has {files[1]:.0f}")


def _look(group: int) -> Look:
    """All processes of a group together."""
    pages = files = 0
    for process in members(group):
        with suppress(OSError):  # it has ended meanwhile
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
            files += len(os.listdir(f"/proc/{process}/fd"))
    return Look(pages * resource.getpagesize() / 2**20, files)
