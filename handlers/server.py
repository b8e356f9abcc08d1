"""The push door's server: takes connections, minds their time, and answers what has begun before it ends."""

import asyncio
import logging
import signal
from email.utils import formatdate
from typing import Final

from handlers.connection import Answering, Connection

log = logging.getLogger(__name__)

BACKLOG: Final = 1024
ACCEPT_SECONDS: Final = 0.05  # who was already let in by the system is still taken
GRACE_SECONDS: Final = 1.0  # for what a proxy sent before it saw the end
END_SECONDS: Final = 20.0
TICK_SECONDS: Final = 1.0


class Server:
    """What the connections have in common."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.is_ending = False
        self.connections: set[Connection] = set()
        self.date = _date()

    def connection(self) -> Connection:
        """A connection that was just taken."""
        return Connection(self)

    async def serve(self, host: str, port: int) -> None:
        """Answer until the process is asked to end; then what is under way, and no more."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        listening = await loop.create_server(self.connection, host, port, backlog=BACKLOG)
        ticking = loop.create_task(self._tick())
        log.info("push door open", extra={"host": host, "port": port})
        await ended.wait()
        self.is_ending = True
        await asyncio.sleep(ACCEPT_SECONDS)
        listening.close()
        await self._end()
        ticking.cancel()

    async def _tick(self) -> None:
        while True:
            self.mind(asyncio.get_running_loop().time())
            await asyncio.sleep(TICK_SECONDS)

    def mind(self, now: float) -> None:
        """What is done every second: the date of the answers, and who is over his time."""
        self.date = _date()
        for connection in [each for each in self.connections if each.until <= now]:
            connection.close()

    async def _end(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in self.connections:
            connection.end(at=now + GRACE_SECONDS)
        end = now + END_SECONDS
        while self.connections and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        if self.connections:
            log.warning("connections cut at the end", extra={"count": len(self.connections)})


def _date() -> bytes:
    return formatdate(usegmt=True).encode("ascii")
