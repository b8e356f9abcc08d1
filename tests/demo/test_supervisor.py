"""The supervisor: order, health, crashes, stubborn children, and a clean end whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.program import StartFailed
from demo.supervisor import LONGEST_PAUSE_SECONDS, Supervisor
from tests.demo.programs import FAILS, FAMILY, SLEEPER, STUBBORN, program, server
from tests.demo.waiting import eventually, lives, state

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(told: list[str]) -> Iterator[Supervisor]:
    with Supervisor(lambda name, what: told.append(f"{name} {what}")) as running:
        yield running


def test_start_returns_when_the_program_is_well(supervisor: Supervisor, tmp_path: Path) -> None:
    seconds = supervisor.start(server(tmp_path))
    assert 0 < seconds < 10
    assert (tmp_path / "server.sock").is_socket()
    assert supervisor.restarts("server") == 0


def test_a_program_that_fails_to_start_shows_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path, told: list[str]
) -> None:
    with pytest.raises(StartFailed, match=r"ended with code 3[\s\S]*no such table: share"):
        supervisor.start(program(tmp_path, "web", FAILS, settle_seconds=10.0))
    assert list(supervisor.names()) == []
    assert told == []


def test_a_program_that_never_gets_well_is_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match=r"was not well after"):
        supervisor.start(
            program(tmp_path, "web", SLEEPER, health=lambda _pid: False, start_seconds=0.3)
        )
    assert list(supervisor.names()) == []


def test_everything_ends_in_reverse_order(tmp_path: Path) -> None:
    ended: list[str] = []
    with Supervisor() as supervisor:
        for name in ("valkey", "web", "worker"):
            supervisor.start(program(tmp_path, name, SLEEPER))
        pids = [supervisor.pid(name) for name in supervisor.names()]
        supervisor.stop_all(ended.append)
    assert ended == ["worker", "web", "valkey"]
    assert not any(lives(pid) for pid in pids)


def test_a_killed_program_is_started_again(
    supervisor: Supervisor, tmp_path: Path, told: list[str]
) -> None:
    supervisor.start(server(tmp_path))
    first = supervisor.pid("server")
    supervisor.kill("server")
    assert eventually(lambda: supervisor.restarts("server") == 1)
    supervisor.wait_healthy("server", 10)
    assert supervisor.pid("server") != first
    assert told == ["server ended with code -9; starting it again"]


def test_the_pause_before_a_restart_grows(supervisor: Supervisor, tmp_path: Path) -> None:
    def pause(name: str) -> float:
        restarts, killed_at = supervisor.restarts(name), time.monotonic()
        os.killpg(supervisor.pid(name), signal.SIGKILL)  # by itself, for all the supervisor knows
        while supervisor.restarts(name) == restarts:
            time.sleep(0.01)
        return time.monotonic() - killed_at

    firsts = []
    for name in ("one", "two", "three"):  # a busy machine can only make a pause longer
        supervisor.start(program(tmp_path, name, SLEEPER))
        firsts.append(pause(name))
        assert pause(name) >= 1.0
        supervisor.stop(name)
        if firsts[-1] < 1.0:
            break
    assert 0.5 <= min(firsts) < 1.0


def test_whom_we_kill_ourselves_is_started_again_soon_each_time(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(program(tmp_path, "victim", SLEEPER))
    for time_killed in range(1, 7):  # by then a pause that grows takes 16 seconds
        killed_at = time.monotonic()
        supervisor.kill("victim")
        assert eventually(lambda: supervisor.restarts("victim") == time_killed)  # noqa: B023 - called at once
        last_pause = time.monotonic() - killed_at
    assert last_pause < LONGEST_PAUSE_SECONDS / 2


def test_a_program_without_restarts_stays_down(
    supervisor: Supervisor, tmp_path: Path, told: list[str]
) -> None:
    supervisor.start(program(tmp_path, "once", SLEEPER, restarts=False))
    supervisor.kill("once")
    assert eventually(lambda: told == ["once ended with code -9"])
    assert supervisor.restarts("once") == 0


def test_a_paused_program_is_unwell_until_resumed_and_can_be_ended(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(program(tmp_path, "worker", SLEEPER))
    pid = supervisor.pid("worker")
    supervisor.pause("worker")
    assert eventually(lambda: state(pid) == "T")
    supervisor.resume("worker")
    assert eventually(lambda: state(pid) == "S")
    supervisor.pause("worker")
    supervisor.stop("worker")
    assert not lives(pid)


def test_restart_replaces_the_process(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(server(tmp_path))
    first = supervisor.pid("server")
    supervisor.restart("server")
    assert supervisor.pid("server") != first
    assert not lives(first)


def test_a_deaf_program_is_killed_after_its_grace(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = program(tmp_path, "deaf", STUBBORN, stop_seconds=0.3)
    supervisor.start(deaf)
    assert eventually(lambda: "deaf" in deaf.log.read_text())
    pid = supervisor.pid("deaf")
    supervisor.stop("deaf")
    assert not lives(pid)


def test_the_children_of_a_killed_program_go_with_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    family = program(tmp_path, "family", FAMILY, restarts=False)
    supervisor.start(family)
    assert eventually(lambda: family.log.read_text().strip().isdigit())
    grandchild = int(family.log.read_text())
    os.kill(supervisor.pid("family"), signal.SIGKILL)
    assert eventually(lambda: not lives(grandchild))


def test_nothing_is_orphaned_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    owner = f"""
import sys, time
from pathlib import Path
from demo.supervisor import Supervisor
from tests.demo.programs import SLEEPER, STUBBORN, program
folder = Path({str(tmp_path)!r})
with Supervisor() as supervisor:
    supervisor.start(program(folder, "one", SLEEPER))
    supervisor.start(program(folder, "two", SLEEPER))
    supervisor.pause("two")
    print(supervisor.pid("one"), supervisor.pid("two"), flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", owner], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        assert all(lives(pid) for pid in pids)
        process.kill()
    assert eventually(lambda: not any(lives(pid) for pid in pids))
