"""`python -m demo.hosts.balancer HOST:PORT BACKEND ...`: connections shared out among hosts that answer.

A host that cannot be reached within a second is left out for some seconds; a connection whose host
says nothing to what was asked is ended, so that whoever asked comes again elsewhere. What nginx does,
as far as this is about: a machine may have no nginx.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

CONNECT_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 15.0
LEFT_OUT_SECONDS: Final = 3.0
CHUNK: Final = 65_536

Place = tuple[str, int]


class Balancer:
    """Whose turn it is, and who is left out until when."""

    def __init__(self, backends: Sequence[Place]) -> None:
        self._backends = list(backends)
        self._back_at = dict.fromkeys(backends, 0.0)
        self._turn = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, from its beginning to its end."""
        try:
            backend = await self._reached()
            if backend is not None:
                await _joined((reader, writer), backend)
        finally:
            await _closed(writer)

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next host that takes a connection; those that were left out are the last resort."""
        self._turn += 1
        start = self._turn % len(self._backends)
        in_turn = self._backends[start:] + self._backends[:start]
        now = time.monotonic()
        for place in sorted(in_turn, key=lambda each: self._back_at[each] > now):
            with suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection(*place), CONNECT_SECONDS)
            self._back_at[place] = time.monotonic() + LEFT_OUT_SECONDS
        return None


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _joined(client: Ends, backend: Ends) -> None:
    """Pass on both ways until one ends, or the host owes an answer for too long."""
    owed_since: list[float] = []
    asking = asyncio.create_task(
        _passed(client[0], backend[1], lambda: owed_since.append(time.monotonic()))
    )
    answering = asyncio.create_task(_passed(backend[0], client[1], owed_since.clear))
    try:
        while not (asking.done() or answering.done()):
            await asyncio.wait(
                (asking, answering), timeout=1.0, return_when=asyncio.FIRST_COMPLETED
            )
            if owed_since and time.monotonic() - owed_since[0] > ANSWER_SECONDS:
                break
        if asking.done() and not answering.done() and not owed_since:
            return
        if asking.done():  # what was asked last is still answered
            await asyncio.wait((answering,), timeout=ANSWER_SECONDS)
    finally:
        for task in (asking, answering):
            task.cancel()
        backend[1].transport.abort()


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close a client's connection once all that was written to it has gone."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), ANSWER_SECONDS)
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _passed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[], None]
) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            note()
            writer.write(chunk)
            await writer.drain()


def _place(text: str) -> Place:
    host, _, port = text.rpartition(":")
    return host, int(port)


async def _run(here: Place, backends: Sequence[Place]) -> None:
    server = await asyncio.start_server(Balancer(backends).serve, *here)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(_place(sys.argv[1]), [_place(each) for each in sys.argv[2:]]))
