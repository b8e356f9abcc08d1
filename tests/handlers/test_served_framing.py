"""Where a request ends is told once or not at all: nothing rides along behind another, and who dawdles holds up nobody."""

import socket
from contextlib import ExitStack, suppress

import pytest

from demo.places import HOST
from tests.handlers.conftest import Count
from tests.handlers.platform import Platform, Sent, query_string, text
from tests.handlers.test_served_door import PATH, Served, served
from tests.limits import within
from wx_backend.inbox import Push

__all__ = ["served"]
pytestmark = pytest.mark.processes

SLOW, QUICK, QUICK_SECONDS = 40, 20, 5.0
PATIENCE = 15.0
FRAMINGS = (
    ("Content-Length: {length}", "Transfer-Encoding: chunked"),
    ("Transfer-Encoding: chunked", "Content-Length: {length}"),
    ("Content-Length: 0", "Content-Length: {length}"),
    ("Content-Length: {length}", "Content-Length: 0"),
    ("Content-Length: +{length}",),
    ("Content-Length: 0x10",),
    ("Content-Length: -1",),
    ("Transfer-Encoding: chunked, identity",),
    ("Content-Length : 0",),
)


def written(sent: Sent, *framing: str, body: bytes | None = None) -> bytes:
    """A push as bytes, its end told by these lines of its head."""
    head = [f"POST {PATH}?{query_string(sent)} HTTP/1.1", "Host: wx.test", *framing, "", ""]
    return "\r\n".join(head).encode() + (sent.body if body is None else body)


def answered(port: int, raw: bytes) -> bytes:
    """All that comes back on one connection until the server ends it."""
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        said = b""
        with suppress(OSError):
            while piece := connection.recv(65_536):
                said += piece
        return said


def test_nothing_rides_along_behind_what_tells_its_end_in_two_ways(
    served: Served, city: Platform, count: Count
) -> None:
    first, hidden = city.safe(text(number=1)), city.safe(text(number=2))
    behind = b"0\r\n\r\n" + written(hidden, f"Content-Length: {len(hidden.body)}")
    for framing in FRAMINGS:
        told = [line.format(length=len(behind)) for line in framing]
        said = answered(served.port, written(first, *told, body=behind))
        assert count(Push) == 0, framing
        assert b" 200 " not in said.split(b"\r\n", 1)[0], framing
    length = f"Content-Length: {len(first.body)}"
    said = answered(served.port, written(first, length, "Connection: close"))
    assert said.startswith(b"HTTP/1.1 200 ")  # told once it is taken
    assert count(Push) == 1


def test_who_sends_a_byte_now_and_then_holds_up_nobody(
    served: Served, city: Platform, count: Count
) -> None:
    with ExitStack() as stack:
        sent = city.safe(text(number=0))
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection((HOST, served.port), PATIENCE))
            slow.sendall(written(sent, f"Content-Length: {len(sent.body)}", body=sent.body[:1]))
        for number in range(1, QUICK + 1):
            push = city.safe(text(number=number))
            assert within(QUICK_SECONDS, lambda: served.pushed(push)) == 200  # noqa: B023 - called at once
    assert count(Push) == QUICK
