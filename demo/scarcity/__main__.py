"""`python -m demo.scarcity`: the service goes short of one thing after the other while people come.

Web, door and workers, each in turn, may open no more files or take no more memory (prlimit); then the disk of the
logs is full, and the one of pictures and files. Whoever is answered meanwhile gets his page or is asked to come
again; what WeChat saw acknowledged is stored and worked off once there is room. 0 if so.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from demo import namespaces, screen
from demo.chaos.disk import SmallDisk
from demo.chaos.ground import POSTGRESQL, SQLITE, prepared
from demo.namespaces import INSIDE
from demo.scarcity.limits import FILES, NAMES, limited
from demo.scarcity.people import Editor, follow, read
from demo.scarcity.rooms import filled, rooms
from demo.stack import running
from demo.story import kept
from demo.story.__main__ import FAILURES, held_places, playing
from demo.story.calendar import first_morning
from demo.story.credit import pushes_act_once
from demo.story.frame import Story, eventually, expect
from demo.story.telling import named, tell
from wx_backend import clock

PROGRAMS: Final = ("worker-work", "worker-call", "door", "web")
LIMITS: Final = tuple((program, what) for program in PROGRAMS for what in NAMES)
SHORT: Final = (("web", FILES),)
REFUSING: Final = f"web: {NAMES[FILES]}"
"""Where somebody has to be asked to come again: it is read until that was seen."""
WELL_SECONDS: Final = 60.0
FACTS: Final = (kept.pushes_stored, kept.nothing_open, kept.touches_are_scans, pushes_act_once)


class Length(NamedTuple):
    """How much is played: whose limits, how many follow in each turn, how long people read."""

    limits: tuple[tuple[str, int], ...]
    followers: int
    seconds: float


WHOLE: Final = Length(LIMITS, 20, 6.0)
IN_SHORT: Final = Length(SHORT, 6, 1.5)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing was lost and nobody got an error; else 1, and the logs are kept."""
    screen.prepare()
    parser = argparse.ArgumentParser(prog="python -m demo.scarcity", description=__doc__)
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], default=SQLITE)
    parser.add_argument("--short", action="store_true", help="one limit, and the full disks")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="wx-scarcity-"))
    try:
        told = _played(folder, asked)
    except FAILURES as failure:
        print(
            f"\n{type(failure).__name__}: {failure}\nThe logs are in {folder}.",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    print(json.dumps(told, ensure_ascii=False))
    return 0


def _played(folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """What the one JSON line says."""
    begins, length = first_morning(clock.now()), IN_SHORT if asked.short else WHOLE
    with (
        held_places(folder) as places,
        rooms(places, can_mount=asked.inside) as disks,
        prepared(places, asked.database, can_mount=False) as ground,
        running(ground.places, screen.step, screen.note, begins, ground.first) as stack,
        playing(stack) as story,
    ):
        said = {name: _turn(story, name, want, length) for name, want in _wants(story, length)}
        said |= {f"full {name}": _full(story, name, disk, length) for name, disk in disks.items()}
        told = tell(story, named(FACTS))
        return {"answers": said, "compared": {name: each.found for name, each in told.items()}}


Want = Callable[[], AbstractContextManager[None]]


def _wants(story: Story, length: Length) -> Iterator[tuple[str, Want]]:
    for program, what in length.limits:
        group = story.stack.supervisor.pid(program)
        yield f"{program}: {NAMES[what]}", partial(limited, group, what)


def _turn(story: Story, name: str, want: Want, length: Length) -> dict[str, int]:
    """Something is wanting while people follow and read; how they were answered."""
    started = time.monotonic()
    with want():
        follow(story, "-".join(name.replace(":", "").split()), length.followers)
        wanted = "503" if name == REFUSING else ""
        answers = read(story.stack.places.port, length.seconds, wanted)
    _all_is_well(story)
    screen.done(name, time.monotonic() - started, str(answers))
    errors = {status for status in answers if status.isdigit()} - {"200", "503"}
    expect(f"other answers than a page or 'come again' ({answers})", errors, set())
    return answers


def _full(story: Story, name: str, disk: SmallDisk, length: Length) -> dict[str, int]:
    """The same with a full disk; nothing of ours ends of it, and pictures wait where theirs is full."""
    editor, before = Editor(story), _restarts(story)
    has_room = name != "files"

    @contextmanager
    def full() -> Iterator[None]:
        with filled(disk):
            expect(f"a picture taken while {name} is full", editor.is_taken(), has_room)
            yield

    answers = _turn(story, f"full {name}", full, length)
    expect("a picture taken once there is room", editor.is_taken(), True)
    expect("programs that ended", _restarts(story) - before, 0)
    return answers


def _all_is_well(story: Story) -> None:
    """Every program is, and all work is done."""
    for program in story.stack.supervisor.names():
        story.stack.supervisor.wait_healthy(program, WELL_SECONDS)
    story.pretend.post("settle", timeout=60, within=5)
    eventually("work left", lambda: kept.open_work(story), {}, WELL_SECONDS)


def _restarts(story: Story) -> int:
    supervisor = story.stack.supervisor
    return sum(supervisor.restarts(name) for name in supervisor.names())


if __name__ == "__main__":
    namespaces.enter("demo.scarcity", sys.argv[1:], "--mount")
    sys.exit(main())
