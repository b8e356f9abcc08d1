"""Doing what is scheduled to the running processes, and undoing all of it at the end."""

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from demo.chaos.gates import Passage
from demo.chaos.ground import Ground
from demo.chaos.patience import patiently
from demo.chaos.schedule import Event
from demo.story.frame import Story
from demo.valkey import valkey
from tools.keeper import members

HEALTHY_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.05
AT_WORK_NS: Final = 1_000_000  # more than the timers of one that waits


@dataclass
class Field:
    """What faults are done to, and what came of them.

    `hits` counts kills of a process that was at work, of those it was seen to be killed.
    """

    story: Story
    ground: Ground
    done: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    _locked: sqlite3.Connection | None = None

    def play(self, events: Sequence[Event], tell: Callable[[Event], None]) -> None:
        """Do what is scheduled, at its time."""
        started = time.monotonic()
        for event in events:
            time.sleep(max(0.0, started + event.at - time.monotonic()))
            tell(event)
            FAULTS[event.what](self, event.name)
            self.done[str(event)] += 1

    def heal(self) -> None:
        """No more trouble: everything is let go, the knobs are turned back, every process is well."""
        self.unlock("")
        self.ground.gates.open_all()
        if self.ground.disk:
            self.ground.disk.free()
        supervisor = self.story.stack.supervisor
        for name in supervisor.names():
            supervisor.resume(name)
        for name in supervisor.names():
            supervisor.wait_healthy(name, HEALTHY_SECONDS)
        self.story.pretend.delete("chaos")

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program's whole group, and note whether it was at work."""
        supervisor = self.story.stack.supervisor
        if number in {signal.SIGKILL, signal.SIGQUIT}:
            self.killed[name] += 1
            self.hits += _is_at_work(supervisor.pid(name))
        supervisor.send(name, number)

    def lose(self, name: str) -> None:
        """End a program in order; nobody starts it again."""
        self.story.stack.supervisor.stop(name)

    def bring_back(self, _name: str) -> None:
        """Valkey is there again."""
        self.story.stack.supervisor.start(valkey(self.story.stack.places))

    def flush(self, _name: str) -> None:
        """Whatever lies in Valkey is gone."""
        with Redis(unix_socket_path=str(self.story.stack.places.valkey_socket)) as redis:
            try:
                redis.flushall()
            except RedisError:
                self.done["found valkey away"] += 1

    def leap(self, seconds: str) -> None:
        """Move the clock of the service and of the pretend WeChat."""
        patiently(lambda: self.story.pass_time(float(seconds.removesuffix(" s"))))

    def turn(self, name: str, passage: Passage) -> None:
        """Have a gate do this."""
        self.ground.gates.turn(name, passage)

    def lock(self, _name: str) -> None:
        """Somebody holds the write lock of the SQLite file and does not let go."""
        self._locked = sqlite3.connect(
            self.ground.database_file,
            timeout=HEALTHY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._locked.execute("BEGIN IMMEDIATE")

    def unlock(self, _name: str) -> None:
        """The file is everybody's again."""
        if self._locked:
            self._locked.close()
            self._locked = None

    def fill(self, _name: str) -> None:
        """The database's disk is full."""
        if self.ground.disk:
            self.ground.disk.fill()

    def free(self, _name: str) -> None:
        """There is room on the disk again."""
        if self.ground.disk:
            self.ground.disk.free()


Fault = Callable[[Field, str], None]
FAULTS: Final[Mapping[str, Fault]] = {
    "kill": lambda field, name: field.signal(name, signal.SIGKILL),
    "quit": lambda field, name: field.signal(name, signal.SIGQUIT),
    "freeze": lambda field, name: field.signal(name, signal.SIGSTOP),
    "thaw": lambda field, name: field.signal(name, signal.SIGCONT),
    "lose": Field.lose,
    "return": Field.bring_back,
    "flush": Field.flush,
    "leap": Field.leap,
    "cut": lambda field, name: field.turn(name, Passage.CUT),
    "hole": lambda field, name: field.turn(name, Passage.HOLE),
    "slow": lambda field, name: field.turn(name, Passage.SLOW),
    "deaf": lambda field, name: field.turn(name, Passage.DEAF),
    "open": lambda field, name: field.turn(name, Passage.OPEN),
    "fill": Field.fill,
    "free": Field.free,
    "lock": Field.lock,
    "unlock": Field.unlock,
}


def _is_at_work(group: int) -> bool:
    """Whether any thread of a group runs, or waits for a processor, within a moment."""
    before = _busy_ns(group)
    time.sleep(LOOK_SECONDS)
    return _busy_ns(group) - before >= AT_WORK_NS


def _busy_ns(group: int) -> int:
    """How long all threads of a group have run, and waited for a processor, in nanoseconds."""
    busy = 0
    for process in members(group):
        with suppress(OSError):  # it has ended meanwhile
            for thread in Path(f"/proc/{process}").glob("task/*/schedstat"):
                ran, waited, _ = map(int, thread.read_text().split())
                busy += ran + waited
    return busy
