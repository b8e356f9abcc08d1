"""`python -m demo.scarcity`: web, door and workers may open no more files, or take no more memory, while people come.

Each in turn, by prlimit on the running processes. Whoever is answered meanwhile gets his page or is asked to come
again; what WeChat saw acknowledged is stored and worked off once there is room. 0 if so.
"""

import http.client
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo import screen
from demo.places import HOST
from demo.stack import running
from demo.story import kept
from demo.story.__main__ import FAILURES, free_places, playing
from demo.story.calendar import first_morning
from demo.story.credit import pushes_act_once
from demo.story.frame import Story, eventually, expect
from demo.story.telling import named, tell
from wx_backend import clock

FILES, MEMORY = resource.RLIMIT_NOFILE, resource.RLIMIT_AS
NAMES: Final = {FILES: "files", MEMORY: "memory"}
SPARE: Final = {FILES: 6, MEMORY: 4 << 20}
PROGRAMS: Final = ("worker-work", "worker-call", "door", "web")
TURNS: Final = tuple((program, what) for program in PROGRAMS for what in NAMES)
FOLLOWERS, READERS = 20, 16
SECONDS: Final = 6.0
WELL_SECONDS: Final = 60.0


def main() -> int:
    """0 when nothing was lost and nobody got an error; else 1, and the logs are kept."""
    screen.prepare()
    folder = Path(tempfile.mkdtemp(prefix="wx-scarcity-"))
    try:
        places, begins = free_places(folder), first_morning(clock.now())
        with (
            running(places, screen.step, screen.note, begins) as stack,
            playing(stack) as story,
        ):
            said = {
                f"{program}: {NAMES[what]}": _turn(story, program, what) for program, what in TURNS
            }
            checks = (
                kept.pushes_stored,
                kept.nothing_open,
                kept.touches_are_scans,
                pushes_act_once,
            )
            told = tell(story, named(checks))
    except FAILURES as failure:
        print(
            f"\n{type(failure).__name__}: {failure}\nThe logs are in {folder / 'log'}.",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    print(
        json.dumps({"answers": said, "compared": {name: each.found for name, each in told.items()}})
    )
    return 0


def _turn(story: Story, program: str, what: int) -> dict[str, int]:
    """One program has no more of something while people follow and read; how they were answered."""
    started = time.monotonic()
    with _limited(story, program, what):
        for number in range(FOLLOWERS):
            person = f"S{program}{what}x{number}"
            story.meet(person, f"135{number:08d}")
            story.act(person, "follow", wait=False)
        answers = _read(story.stack.places.port)
    story.stack.supervisor.wait_healthy(program, WELL_SECONDS)
    story.pretend.post("settle", timeout=60, within=5)
    eventually("work left", lambda: kept.open_work(story), {}, WELL_SECONDS)
    screen.done(program, time.monotonic() - started, f"no more {NAMES[what]}: {answers}")
    errors = {status for status in answers if status.isdigit()} - {"200", "503"}
    expect(f"other answers than a page or 'come again' ({answers})", errors, set())
    return answers


@contextmanager
def _limited(story: Story, program: str, what: int) -> Iterator[None]:
    """As much as it has now, and a little, for every process of the program."""
    before = {}
    for pid in _group(story.stack.supervisor.pid(program)):
        before[pid] = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (_used(pid, what) + SPARE[what], before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if Path(f"/proc/{pid}").exists():  # it may have ended of it, and been started again
                resource.prlimit(pid, what, limits)


def _group(group: int) -> Iterator[int]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[2]) == group:
            yield int(file.parent.name)


def _used(pid: int, what: int) -> int:
    if what == FILES:
        return len(os.listdir(f"/proc/{pid}/fd"))
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


def _read(port: int) -> dict[str, int]:
    """People who read the mall's first page for some seconds; their answers by status."""
    answers, end = Counter[str](), time.monotonic() + SECONDS

    def ask() -> None:
        while time.monotonic() < end:
            connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                answers[str(answer.status)] += 1
            except (OSError, http.client.HTTPException):
                answers["none"] += 1
                time.sleep(0.2)
            finally:
                connection.close()

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(answers)


if __name__ == "__main__":
    sys.exit(main())
