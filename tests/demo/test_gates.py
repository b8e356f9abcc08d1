"""A gate passes on, cuts off, swallows and lets go again, and never keeps what one side has ended."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from demo.chaos.gates import SLOW_SECONDS, Gates, Passage
from demo.places import HOST
from tests.limits import within

PATIENCE = 5.0


class Echo:
    """A neighbour that says again what it is told, and knows how many it still listens to."""

    def __init__(self) -> None:
        self._server = socket.create_server((HOST, 0))
        self.address: tuple[str, int] = self._server.getsockname()
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # who waits in `accept` is woken
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while said := connection.recv(1024):
                connection.sendall(said)
        self.ended.release()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def gates(echo: Echo) -> Iterator[Gates]:
    with Gates({"echo": echo.address}) as gates:
        yield gates


@pytest.fixture
def client(gates: Gates) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, gates.port("echo")), timeout=PATIENCE) as client:
        assert asked(client, b"before") == b"before"
        yield client


def asked(client: socket.socket, said: bytes) -> bytes:
    client.sendall(said)
    return client.recv(1024)


def test_an_open_gate_counts_what_it_passes_on(gates: Gates, client: socket.socket) -> None:
    assert asked(client, b"hello") == b"hello"
    assert gates.passed_bytes("echo") == 2 * len(b"beforehello")


def test_a_cut_gate_ends_what_is_open_and_refuses_what_comes(
    gates: Gates, client: socket.socket
) -> None:
    gates.turn("echo", Passage.CUT)
    with suppress(ConnectionError):
        assert client.recv(1024) == b""
    with (
        suppress(ConnectionError),
        socket.create_connection((HOST, gates.port("echo")), timeout=PATIENCE) as other,
    ):
        assert asked(other, b"refused") == b""


def test_a_hole_says_nothing_until_it_is_open(gates: Gates, client: socket.socket) -> None:
    gates.turn("echo", Passage.HOLE)
    client.sendall(b"anybody there")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1024)
    gates.open_all()
    client.settimeout(PATIENCE)
    assert client.recv(1024) == b"anybody there"


def test_a_slow_gate_takes_its_time(gates: Gates, client: socket.socket) -> None:
    gates.turn("echo", Passage.SLOW)
    assert within(PATIENCE, lambda: asked(client, b"slowly")) == b"slowly"
    client.settimeout(SLOW_SECONDS)
    client.sendall(b"slowly")
    with pytest.raises(TimeoutError):
        client.recv(1024)


def test_a_deaf_gate_passes_on_what_is_asked_and_loses_the_answer(
    gates: Gates, echo: Echo, client: socket.socket
) -> None:
    gates.turn("echo", Passage.DEAF)
    assert gates.passed_bytes("echo") == 2 * len(b"before")
    client.sendall(b"commit")
    with suppress(ConnectionError):
        assert client.recv(1024) == b""
    assert gates.passed_bytes("echo") == 2 * len(b"before") + len(b"commit")
    assert echo.ended.acquire(timeout=PATIENCE)


def test_whoever_breaks_off_is_seen_off_on_the_other_side_too(
    gates: Gates, echo: Echo, client: socket.socket
) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset
    client.close()
    assert gates.port("echo")
    assert echo.ended.acquire(timeout=PATIENCE)
