"""The door behind its real server, a process of its own: many at once, odd requests, an end in the middle."""

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from demo.health import answers
from demo.places import HOST
from demo.processes import ROOT, command
from demo.program import Program
from demo.supervisor import Supervisor
from simulator import crypto
from tests.handlers.conftest import Count
from tests.handlers.platform import NONCE, NOON, Platform, Sent, query_string, text
from tests.ports import kept_ports
from wx_backend.config import Config
from wx_backend.db import db
from wx_backend.inbox import Push

PATH = "/wechat/city/callback"
CLIENTS, EACH, PUSHES = 16, 8, 400

pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Served:
    """Where the door is, and its process."""

    port: int
    supervisor: Supervisor

    def asked(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, body)  # type: ignore[arg-type] # an iterator is sent in chunks
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def pushed(self, sent: Sent) -> int:
        return self.asked("POST", f"{PATH}?{query_string(sent)}", sent.body)[0]


@pytest.fixture
def served(config: Config, count: Count, tmp_path: Path) -> Iterator[Served]:
    """The door on this test's database."""
    assert count(Push) == 0
    path, port = _configured(tmp_path, config.database.url), kept_ports(1)[0]
    program = Program(
        "door",
        (*command("door"), "--host", HOST, "--port", str(port)),
        log=tmp_path / "door.log",
        directory=ROOT,
        environment={"WX_CONFIG": str(path)},
        health=answers(HOST, port, "/readyz"),
    )
    with Supervisor() as supervisor:
        supervisor.start(program)
        yield Served(port, supervisor)


def _configured(folder: Path, url: str) -> Path:
    written = (ROOT / "tests" / "config.toml").read_text("utf-8")
    path = folder / "served.toml"
    path.write_text(written.replace("sqlite:///replaced-by-the-fixture", url))
    return path


def test_a_taken_port_is_explained(config: Config, tmp_path: Path) -> None:
    path = _configured(tmp_path, config.database.url)
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command("door", "--port", port),
            cwd=ROOT,
            env=os.environ | {"WX_CONFIG": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert told.startswith("Error: cannot listen: ")
    assert port in told
    assert told.endswith("address already in use")


def test_many_at_once_are_each_answered_and_kept(
    served: Served, city: Platform, count: Count
) -> None:
    sent = [city.safe(text(number=number)) for number in range(CLIENTS * EACH)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        assert set(clients.map(served.pushed, sent)) == {200}
        assert set(clients.map(served.pushed, sent[:CLIENTS])) == {200}  # repeats
    assert count(Push) == CLIENTS * EACH


def test_odd_requests_get_their_answers(served: Served, city: Platform, count: Count) -> None:
    signature = crypto.signature(city.account.token, str(NOON), NONCE)
    check = f"{PATH}?signature={signature}&timestamp={NOON}&nonce={NONCE}&echostr=42"
    assert served.asked("GET", check) == (200, b"42")
    assert served.asked("GET", PATH) == (403, b"forbidden")
    assert served.asked("PUT", PATH, b"x")[0] == 405
    assert served.asked("POST", "/wechat/nobody/callback", b"x")[0] == 404
    assert served.asked("GET", "/console/")[0] == 404
    assert served.asked("POST", PATH, b"x" * 70_000)[0] == 413
    assert served.asked("POST", PATH, iter([b"x" * 30_000] * 3))[0] == 413  # in chunks
    sent = city.safe(text(number=1))
    way = f"{PATH}?{query_string(sent)}"
    assert served.asked("POST", way, iter([sent.body[:9], sent.body[9:]]))[0] == 200
    assert count(Push) == 1
    assert b"wx_push_answers_total" in served.asked("GET", "/metrics")[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_before_an_end_is_kept(
    served: Served, city: Platform, number: signal.Signals
) -> None:
    """Nobody is told "taken" for a push that is not there, however the process ends."""
    sent = [city.safe(text(number=each)) for each in range(PUSHES)]
    begun = Event()

    def taken(each: int) -> int | None:
        if each == len(sent) // 4:
            begun.set()
        try:
            return each if served.pushed(sent[each]) == 200 else None
        except (OSError, http.client.HTTPException):
            return None

    with ThreadPoolExecutor(CLIENTS) as clients:
        told = clients.map(taken, range(len(sent)))
        assert begun.wait(60)
        served.supervisor.send("door", number)
        acknowledged = {each for each in told if each is not None}
    assert acknowledged
    db.session.rollback()
    stored = [push.raw or b"" for push in db.session.scalars(select(Push))]
    kept = {each for each in range(len(sent)) if any(_id_of(each) in raw for raw in stored)}
    assert acknowledged - kept == set()


def _id_of(number: int) -> bytes:
    return str(text(number=number)["MsgId"]).encode()
