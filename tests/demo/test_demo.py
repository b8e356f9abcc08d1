"""`python -m demo` as a person runs it: everything starts, is reached, ends together, and is kept."""

import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

import pytest

from demo.places import HOST
from demo.ports import held_ports
from demo.templates import TITLES
from tests.demo.waiting import eventually, lives

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "valkey",
    "simulator",
    "migrate",
    "seed",
    "web",
    "door",
    "worker-work",
    "worker-call",
    "worker-bulk",
    "clock",
)


def command(data: Path, ports: tuple[int, ...]) -> list[str]:
    options = zip(("--port", "--push-port", "--simulator-port"), map(str, ports), strict=True)
    return [sys.executable, "-m", "demo", "--data", str(data), *chain(*options)]


def refused(data: Path, ports: tuple[int, ...]) -> subprocess.CompletedProcess[str]:
    """A demo that does not come up."""
    return subprocess.run(
        command(data, ports), cwd=ROOT, capture_output=True, text=True, check=False
    )


class Running:
    """A demo that has said that it is ready."""

    def __init__(self, process: subprocess.Popen[str], port: int, shown: list[str]) -> None:
        self.process, self.port, self.shown = process, port, shown

    def end(self) -> str:
        """Ctrl-C; returns the rest of what was shown."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout
        rest = self.process.stdout.read()
        assert self.process.wait(60) == 0
        return rest


@contextmanager
def demo(data: Path) -> Iterator[Running]:
    with (
        held_ports(3) as ports,
        subprocess.Popen(
            command(data, ports),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            shown: list[str] = []
            for line in process.stdout:
                shown.append(line)
                if line.startswith("Ready."):
                    break
            assert shown[-1].startswith("Ready."), "".join(shown)
            yield Running(process, ports[0], shown)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Running]:
    with demo(data) as running:
        yield running


def test_every_part_is_shown_with_its_time(running: Running) -> None:
    done = [line.split()[1] for line in running.shown if line.strip().startswith("✓")]
    assert [name for name in done if name in PARTS] == list(PARTS)


def test_the_service_is_ready(running: Running) -> None:
    with urllib.request.urlopen(f"http://{HOST}:{running.port}/readyz") as answer:
        assert answer.status == 200


def test_the_templates_are_there_without_anybody_asking_for_them(
    running: Running, data: Path
) -> None:
    assert running.shown

    def listed() -> set[str]:
        with closing(sqlite3.connect(data / "wx.sqlite")) as kept:
            return {title for (title,) in kept.execute("SELECT title FROM library_template")}

    assert eventually(lambda: listed() == {*TITLES.values()})


def test_a_second_demo_on_the_same_folder_is_refused(running: Running, data: Path) -> None:
    with held_ports(3) as ports:
        second = refused(data, ports)
    assert second.returncode == 1
    assert f"already runs on {data} (process {running.process.pid})" in second.stderr


def test_a_taken_port_is_refused_before_anything_starts(running: Running, tmp_path: Path) -> None:
    with held_ports(2) as others:
        second = refused(tmp_path, (running.port, *others))
    assert second.returncode == 1
    assert f"Port {running.port}, meant for the web server, is taken by" in second.stderr
    assert not (tmp_path / "valkey").exists()


def test_ctrl_c_ends_all_of_it_and_a_second_start_goes_on(running: Running, data: Path) -> None:
    identities = (data / "identities.json").read_text()
    valkey = int((data / "valkey" / "valkey.pid").read_text())
    assert lives(valkey)
    rest = running.end()
    ended = [line.split()[1] for line in rest.splitlines() if line.endswith("ending")]
    assert ended[0] == "clock"
    assert ended[-1] == "valkey"
    assert eventually(lambda: not lives(valkey))
    with demo(data) as second:
        assert (data / "identities.json").read_text() == identities
        second.end()
