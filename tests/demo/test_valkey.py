"""The demo's Valkey starts, keeps what it was told through a crash, and ends with us."""

import re
import socket
import threading
import time
from pathlib import Path

import pytest
from redis import Redis

from demo import valkey as valkey_module
from demo.health import pings
from demo.places import Places
from demo.refusal import CannotStart
from demo.supervisor import Supervisor
from demo.valkey import server_binary, valkey


def test_what_was_rung_survives_a_kill(tmp_path: Path) -> None:
    places = Places(data=tmp_path)
    with Supervisor() as supervisor:
        supervisor.start(valkey(places))
        with Redis.from_url(places.redis_url) as redis:
            redis.set("bell", "rung")
            redis.waitaof(1, 0, 2000)
        supervisor.kill("valkey")
        while supervisor.restarts("valkey") == 0:
            time.sleep(0.02)
        supervisor.wait_healthy("valkey", 10)
        with Redis.from_url(places.redis_url) as redis:
            assert redis.get("bell") == b"rung"
            assert redis.info("server")["tcp_port"] == 0


@pytest.mark.parametrize(
    ("answer", "is_well"), [(b"+PONG\r\n", True), (b"-LOADING reads its file\r\n", False)]
)
def test_it_is_well_once_it_has_read_its_file(tmp_path: Path, answer: bytes, is_well: bool) -> None:
    path = tmp_path / "valkey.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        threading.Thread(target=_answers_always, args=(server, answer), daemon=True).start()
        assert pings(f"unix://{path}?protocol=2")(0) is is_well


def _answers_always(server: socket.socket, answer: bytes) -> None:
    client, _ = server.accept()
    with client:
        while asked := client.recv(1000):
            client.sendall(answer * len(re.findall(rb"\*\d+\r\n", asked)))


def test_a_server_of_the_machine_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(valkey_module, "find_spec", lambda _name: None)
    monkeypatch.setattr("tools.outside.USUAL_FOLDERS", ())
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_binary() == server


def test_without_any_server_the_demo_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(valkey_module, "find_spec", lambda _name: None)
    monkeypatch.setattr("tools.outside.USUAL_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="--redis URL"):
        server_binary()
