"""The pages answer alike under the server of our unit and under gunicorn with threads, for whom that is the house's."""

import http.client
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.health import answers
from demo.places import HOST
from demo.processes import ROOT, environment, web_server
from demo.program import Program
from tests.ports import kept_ports
from tests.wx_backend.processes import Town, town
from wx_backend.config import Config

GUNICORN = (sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "4", "wsgi:app")
SERVERS = {"granian": web_server(), "gunicorn": (*GUNICORN, "--no-control-socket")}

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


@dataclass(frozen=True)
class Served:
    """Our pages under one server."""

    place: Town
    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", *, length: str = ""
    ) -> tuple[int, bytes]:
        """Status and body of the answer; `length` is how much is said to come."""
        headers = {"Content-Length": length} if length else {}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text


@pytest.fixture(params=[*SERVERS])
def served(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[Served]:
    """The pages' own process under one of the servers, ready."""
    name: str = request.param
    (port,) = kept_ports(1)
    place = (
        ("--bind", f"{HOST}:{port}")
        if name == "gunicorn"
        else ("--host", HOST, "--port", str(port))
    )
    with town(config, tmp_path / "town") as here:
        here.supervisor.start(
            Program(
                "web",
                (*SERVERS[name], *place),
                log=here.places.log("web"),
                directory=ROOT,
                environment=environment(here.places),
                health=answers(HOST, port, "/readyz"),
            )
        )
        yield Served(here, port)


def test_pages_refusals_and_large_bodies_are_answered_alike(served: Served) -> None:
    assert served.ask("GET", "/healthz")[0] == 200
    status, page = served.ask("GET", "/console/login")
    assert status == 200
    assert "登录" in page.decode()
    assert served.ask("GET", "/nowhere")[0] == 404
    assert served.ask("POST", "/console/login", b"login=root&password=guess")[0] in {400, 403}
    assert served.ask("POST", "/console/login", length="20000000")[0] == 413
