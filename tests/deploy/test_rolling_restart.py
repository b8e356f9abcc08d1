"""A new version is put in force port by port, under pushes and pages: nothing is lost and nobody is refused.

Doors, web processes, workers and clock are real, started by their own units; who asks does as nginx does.
"""

import http.client
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from demo.places import HOST
from tests.deploy import units
from tests.deploy.units import Unit
from tests.handlers.conftest import platform_of
from tests.handlers.platform import Platform, Sent, query_string, text
from tests.limits import TRIES
from tests.ports import kept_ports
from tests.wx_backend.processes import town
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push

ROOT = Path(__file__).parents[2]
CALLBACK = "/wechat/city/callback"
QUEUES = ("work", "call", "bulk")
REST = ("wx-clock.service", *(f"wx-worker@{queue}.service" for queue in QUEUES))
AGAIN_SECONDS = 1.5
STILL_SECONDS = 90.0

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Machine:
    """Two doors, two web processes and a pager as a machine runs them, and a command that restarts units."""

    folder: Path
    doors: tuple[int, int]
    webs: tuple[int, int]
    pager: int

    @property
    def rest(self) -> tuple[str, ...]:
        """What is restarted after them."""
        return (*REST, self.unit("pager", self.pager).name)

    def roll(self, *, broken: str = "") -> int:
        """Run the script; its exit code."""
        script = [str(ROOT / "deploy" / "rolling-restart.sh")]
        known = os.environ | {"BROKEN": broken}
        done = subprocess.run(script, env=known, check=False, capture_output=True, timeout=300)
        return done.returncode

    def unit(self, kind: str, port: int) -> Unit:
        return Unit(f"wx-{kind}@{port}.service", self.folder)

    def pids(self) -> dict[str, int | None]:
        kinds = {"door": self.doors, "web": self.webs}
        found = [self.unit(kind, port) for kind, ports in kinds.items() for port in ports]
        return {unit.name: unit.pid for unit in found}

    def restarted(self) -> list[str]:
        """The units in the order in which they were restarted."""
        return (self.folder / "restarted").read_text().split()


@pytest.fixture
def machine(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Everything up, on this test's database."""
    units.install(tmp_path)
    first, second, third, fourth, pager = kept_ports(5)
    doors, webs = (first, second), (third, fourth)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("WX_DOOR_PORTS", " ".join(map(str, doors)))
    monkeypatch.setenv("WX_PORTS", " ".join(map(str, webs)))
    monkeypatch.setenv("WX_PAGER_PORT", str(pager))
    made = Machine(tmp_path, doors, webs, pager)
    with town(config, tmp_path / "town") as place:
        monkeypatch.setenv("WX_CONFIG", str(place.places.config))
        try:
            subprocess.run([tmp_path / "bin" / "systemctl", "start", *made.pids()], check=True)
            yield made
        finally:
            for name in (*made.pids(), *made.rest):
                Unit(name, tmp_path).end()


@dataclass
class Crowd:
    """The platform with its pushes, and people who read: what each was told in the end."""

    machine: Machine
    city: Platform
    numbers: Iterator[int] = field(default_factory=count)
    acknowledged: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)

    def push(self) -> None:
        """One push: it comes again as the platform's do, and is given up after the last time."""
        number = next(self.numbers)
        sent = self.city.safe(text(number=number))
        for again in range(TRIES):
            time.sleep(AGAIN_SECONDS if again else 0)
            if self._asked(self.machine.doors, sent) == 200:
                self.acknowledged.append(number)
                return
        self.given_up.append(number)

    def read(self) -> None:
        """One page."""
        self.pages[str(self._asked(self.machine.webs, None))] += 1

    def _asked(self, ports: tuple[int, int], sent: Sent | None) -> int | None:
        """The answer of the one whose turn it is, or of the other one where that one does not answer."""
        turn = len(self.acknowledged) + self.pages.total()
        for port in (ports[turn % 2], ports[(turn + 1) % 2]):
            connection = http.client.HTTPConnection(HOST, port, timeout=20)
            close = {"Connection": "close"}
            try:
                if sent is None:
                    connection.request("GET", "/", headers=close)
                else:
                    way = f"{CALLBACK}?{query_string(sent)}"
                    connection.request("POST", way, sent.body, close)
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()
        return None


@contextmanager
def meanwhile(*acts: Callable[[], None]) -> Iterator[None]:
    """Each act over and over, on a thread of its own."""
    over = threading.Event()

    def again(act: Callable[[], None]) -> None:
        while not over.wait(0.02):
            act()

    threads = [threading.Thread(target=again, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def crowd(machine: Machine, config: Config) -> Crowd:
    return Crowd(machine, platform_of(config, "city"))


def pushes_kept(status: str | None = None) -> int:
    db.session.rollback()
    query = select(func.count()).select_from(Push)
    return db.session.scalar(query if status is None else query.filter_by(status=status)) or 0


def done_in_the_end(wanted: int) -> int:
    """How many pushes are worked off; waits for `wanted` of them for as long as any is."""
    done, end = 0, time.monotonic() + STILL_SECONDS
    while done < wanted and time.monotonic() < end:
        time.sleep(0.2)
        now = pushes_kept("done")
        if now > done:
            done, end = now, time.monotonic() + STILL_SECONDS
    return done


@pytest.mark.usefixtures("app")
def test_one_goes_after_the_other_and_nobody_notices(machine: Machine, crowd: Crowd) -> None:
    before = machine.pids()
    with meanwhile(crowd.push, crowd.push, crowd.read):
        assert machine.roll() == 0
        time.sleep(1.0)

    assert crowd.given_up == []
    assert set(crowd.pages) == {"200"}
    assert len(crowd.acknowledged) > 100
    assert pushes_kept() == len(crowd.acknowledged)  # each, and each once
    assert not {*before.items()} & {*machine.pids().items()}
    assert machine.restarted() == [*before, *machine.rest]
    assert done_in_the_end(len(crowd.acknowledged)) == len(crowd.acknowledged)  # by the new workers
    assert all(Unit(name, machine.folder).is_running() for name in machine.rest)


@pytest.mark.usefixtures("app")
def test_a_version_that_does_not_come_up_leaves_the_other_as_it_is(
    machine: Machine, crowd: Crowd
) -> None:
    before, first = machine.pids(), machine.unit("door", machine.doors[0]).name
    with meanwhile(crowd.push, crowd.read):
        assert machine.roll(broken=first) != 0

    after = machine.pids()
    assert [name for name in before if after[name] != before[name]] == [first]
    assert machine.restarted() == [first]
    assert crowd.given_up == []
    assert set(crowd.pages) == {"200"}
    assert pushes_kept() == len(crowd.acknowledged) > 0
