"""A load generator: keep-alive connections in one process, every reply read and checked."""

import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Run:
    """What one round measured: latencies in seconds of the good replies, and how many were bad."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    bad: int = 0

    @property
    def rate(self) -> float:
        """Good replies per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """A latency in milliseconds below which this share of the replies lies."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """One connection: sends a request, waits for its whole reply.

    `number` is of use to whoever sends: which of his requests is under way here.
    """

    number = 0

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self._received = b""
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def reply(self) -> bool | None:
        """None while incomplete; then whether it was a 200 with a body, or a 204."""
        chunk = self.socket.recv(65_536)
        if not chunk:
            raise ConnectionError("the server closed a connection")
        self._received += chunk
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        if head.startswith(b"HTTP/1.1 204"):
            return True
        length = _length(head)
        if len(body) < length:
            return None
        return head.startswith(b"HTTP/1.1 200") and length > 0


def posted(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole request of these."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ValueError("a reply without Content-Length")


def drive(
    address: tuple[str, int], requests: Sequence[bytes], *, connections: int, seconds: float
) -> Run:
    """Send distinct requests over so many connections until the time or the requests are over."""
    waiting = iter(requests)
    clients = [Client(address) for _ in range(connections)]
    run = Run(seconds)
    started = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.send(next(waiting))
        _exchange(selector, waiting, run, started + seconds)
    run.seconds = time.perf_counter() - started
    for client in clients:
        client.socket.close()
    return run


def _exchange(
    selector: selectors.BaseSelector, waiting: Iterator[bytes], run: Run, end: float
) -> None:
    """Answer by answer, the next request; in the end every reply still due is waited for."""
    while selector.get_map():
        for key, _ in selector.select(timeout=10):
            client: Client = key.data
            good = client.reply()
            if good is None:
                continue
            now = time.perf_counter()
            if good:
                run.latencies.append(now - client.started)
            else:
                run.bad += 1
            request = next(waiting, None) if now < end else None
            if request is None:
                selector.unregister(client.socket)
            else:
                client.send(request)
