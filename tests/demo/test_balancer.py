"""The balancer of several hosts: whole answers, and the next host where one does not take a connection."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from demo.hosts.balancer import Balancer, Place

LARGE = b"x" * 5_000_000


class Host(BaseHTTPRequestHandler):
    """Answers every question with much, and hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LARGE)))
        self.end_headers()
        self.wfile.write(LARGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[Place]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "127.0.0.1", server.server_port
        server.shutdown()


def answers(*hosts: Place) -> list[int]:
    """How long the answers are that somebody slow gets through the balancer."""

    def ask(port: int) -> list[int]:
        found = []
        for _ in range(4):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/")
            found.append(len(connection.getresponse().read()))
            connection.close()
        return found

    async def balanced() -> list[int]:
        server = await asyncio.start_server(Balancer(hosts).serve, "127.0.0.1", 0)
        async with server:
            return await asyncio.to_thread(ask, server.sockets[0].getsockname()[1])

    return asyncio.run(balanced())


def test_an_answer_comes_through_whole(host: Place) -> None:
    assert answers(host) == [len(LARGE)] * 4


def test_a_host_that_takes_no_connection_is_left_out(host: Place) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = ("127.0.0.1", int(closed.getsockname()[1]))
        assert answers(refused, host) == [len(LARGE)] * 4
