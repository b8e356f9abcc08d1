"""A new version is put in force port by port: nobody notices, and one that does not come up stops it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
# As systemd does with the units: the old process is asked to end, the new one is waited for.
SYSTEMCTL = """#!{python}
import os, signal, subprocess, sys, time
folder = {folder!r}
def has_ended(pid):
    try:  # it may be gone between any two looks
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
units = [each for each in sys.argv[2:] if not each.startswith("-")]
if sys.argv[1] != "restart":
    sys.exit(0)
for unit in units:
    with open(folder + "/restarted", "a") as log:
        log.write(unit + "\\n")
    if not unit.startswith("wx-web@"):
        continue
    port = unit.removeprefix("wx-web@").removesuffix(".service")
    pid = int(open(folder + "/" + port).read())
    os.kill(pid, signal.SIGTERM)
    while not has_ended(pid):
        time.sleep(0.05)
    if port != os.environ.get("BROKEN"):
        subprocess.run([{python!r}, folder + "/start.py", port], check=True)
    wait = [{root!r} + "/deploy/wait-ready.sh", port, "3" if port == os.environ.get("BROKEN") else "60"]
    if subprocess.run(wait).returncode:
        sys.exit(1)
"""
START = """
import subprocess, sys
folder, port = {folder!r}, sys.argv[1]
server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", port, "app:app"]
started = subprocess.Popen(server, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
open(folder + "/" + port, "w").write(str(started.pid))
"""


@dataclass
class Machine:
    """Two web processes as a machine runs them, and a command that restarts units."""

    folder: Path
    ports: tuple[int, int]
    environment: dict[str, str] = field(default_factory=dict)

    def roll(self, **more: str) -> int:
        """Run the script; its exit code."""
        script = [str(ROOT / "deploy" / "rolling-restart.sh")]
        ports = " ".join(map(str, self.ports))
        known = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "WX_PORTS": ports}
        return subprocess.run(
            script, env=known | more, check=False, capture_output=True, timeout=170
        ).returncode

    def pid(self, port: int) -> int:
        return int((self.folder / str(port)).read_text())

    def restarted(self) -> list[str]:
        log = self.folder / "restarted"
        return log.read_text().split() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    names = {"python": sys.executable, "folder": str(tmp_path), "root": str(ROOT)}
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "start.py").write_text(START.format(**names))
    (tmp_path / "systemctl").write_text(SYSTEMCTL.format(**names))
    (tmp_path / "systemctl").chmod(0o755)
    made = Machine(tmp_path, free_ports())
    try:
        for port in made.ports:
            subprocess.run([sys.executable, str(tmp_path / "start.py"), str(port)], check=True)
            subprocess.run([str(ROOT / "deploy" / "wait-ready.sh"), str(port)], check=True)
        yield made
    finally:
        for port in made.ports:
            with suppress(ProcessLookupError):
                os.killpg(made.pid(port), signal.SIGKILL)


def free_ports() -> tuple[int, int]:
    """Two ports nobody has."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        one, other = (server.getsockname()[1] for server in taken)
        return one, other


@contextmanager
def people(ports: tuple[int, int]) -> Iterator[list[bool]]:
    """Somebody who asks all the time, the next port where one refuses; whether each question was answered."""
    over, answered = threading.Event(), list[bool]()

    def ask() -> None:
        while not over.is_set():
            answered.append(any(_is_answered(port) for port in ports))

    with ExitStack() as stack:
        thread = threading.Thread(target=ask)
        thread.start()
        stack.callback(thread.join)
        stack.callback(over.set)
        yield answered


def _is_answered(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        return connection.getresponse().read() == b"ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def test_one_goes_after_the_other_and_nobody_notices(machine: Machine) -> None:
    before = [machine.pid(port) for port in machine.ports]
    with people(machine.ports) as answered:
        assert machine.roll() == 0
        time.sleep(0.2)

    assert len(answered) > 20
    assert all(answered)
    assert not set(before) & {machine.pid(port) for port in machine.ports}
    first, second = machine.ports
    webs = [f"wx-web@{first}.service", f"wx-web@{second}.service"]
    doors = ["wx-door@8111.service", "wx-door@8112.service"]
    assert machine.restarted()[:4] == [*doors, *webs]
    assert len(machine.restarted()) == 8  # and then the clock and three workers


def test_a_version_that_does_not_come_up_leaves_the_other_as_it_is(machine: Machine) -> None:
    first, second = machine.ports
    before = machine.pid(second)
    with people(machine.ports) as answered:
        assert machine.roll(BROKEN=str(first)) != 0

    assert all(answered)
    assert machine.pid(second) == before
    assert machine.restarted()[2:] == [f"wx-web@{first}.service"]  # after the doors
