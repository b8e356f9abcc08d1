"""An open loop: each request goes out when it is due, however long the answers before it take."""

import selectors
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bench.callback.load import Client, Run

MOST_CONNECTIONS: Final = 500
PATIENCE_SECONDS: Final = 30.0


@dataclass
class Paced(Run):
    """What became of the requests; a latency counts from the moment its request was due.

    So a pause of the server, or of this driver, counts for everybody who would have come in it.
    """

    sent: int = 0
    good: list[int] = field(default_factory=list)
    """Which requests were answered as they should be, by their place."""

    @property
    def slowest(self) -> float:
        """The longest wait for a good answer, in milliseconds."""
        return 1000 * max(self.latencies, default=0.0)


def keep_pace(
    address: tuple[str, int], requests: Iterator[bytes], *, rate: float, seconds: float
) -> Paced:
    """Send `rate` requests a second for so long, then wait for every answer that is still due."""
    loop = _Loop(address, requests, rate, int(rate * seconds))
    try:
        return loop.run()
    finally:
        loop.close()


class _Loop:
    """Connections that are free take what is due; there are as many as it takes."""

    def __init__(
        self, address: tuple[str, int], requests: Iterator[bytes], rate: float, count: int
    ) -> None:
        self._address, self._requests, self._rate, self._count = address, requests, rate, count
        self._free, self._busy = deque[Client](), set[Client]()
        self._selector = selectors.DefaultSelector()
        self._result = Paced(0.0)
        self._began = 0.0

    def run(self) -> Paced:
        self._began = time.perf_counter()
        while self._result.sent < self._count or self._busy:
            self._send_what_is_due()
            self._take_answers()
        self._result.seconds = time.perf_counter() - self._began
        return self._result

    def close(self) -> None:
        for client in (*self._free, *self._busy):
            client.socket.close()
        self._selector.close()

    def _due_at(self, number: int) -> float:
        return self._began + number / self._rate

    def _send_what_is_due(self) -> None:
        now = time.perf_counter()
        while self._result.sent < self._count and self._due_at(self._result.sent) <= now:
            client = self._client()
            if client is None:
                return
            client.number = self._result.sent
            self._result.sent += 1
            self._busy.add(client)
            client.send(next(self._requests))
            client.started = self._due_at(client.number)

    def _client(self) -> Client | None:
        """One that is free, or a new one; None when there are too many."""
        if self._free:
            return self._free.popleft()
        if len(self._busy) >= MOST_CONNECTIONS:
            return None
        client = Client(self._address)
        self._selector.register(client.socket, selectors.EVENT_READ, client)
        return client

    def _take_answers(self) -> None:
        pause = self._pause()
        answered = self._selector.select(pause)
        if not answered and pause == PATIENCE_SECONDS:
            raise TimeoutError(f"{len(self._busy)} answers did not come")
        for key, _ in answered:
            self._hear(key.data)

    def _pause(self) -> float:
        """How long there is nothing to send."""
        if self._result.sent >= self._count or len(self._busy) >= MOST_CONNECTIONS:
            return PATIENCE_SECONDS
        return max(0.0, self._due_at(self._result.sent) - time.perf_counter())

    def _hear(self, client: Client) -> None:
        try:
            good = client.reply()
        except ConnectionError:
            self._hang_up(client)
            return
        if good is None:
            return
        self._busy.discard(client)
        self._free.append(client)
        if good:
            self._result.latencies.append(time.perf_counter() - client.started)
            self._result.good.append(client.number)
        else:
            self._result.bad += 1

    def _hang_up(self, client: Client) -> None:
        """The server has: to one that waits for no answer it may."""
        self._selector.unregister(client.socket)
        client.socket.close()
        if client in self._busy:
            self._busy.discard(client)
            self._result.bad += 1
        else:
            self._free.remove(client)
