"""Gates between the service and its neighbours: open, slow, cut, deaf to answers, or a hole that swallows all."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from demo.places import HOST

CHUNK_BYTES: Final = 65_536
SLOW_SECONDS: Final = 0.25
Neighbour = Path | tuple[str, int]


class Passage(StrEnum):
    """What a gate does with what comes through it.

    A cut gate ends what is open and refuses what comes. A hole says nothing and passes nothing on;
    what waits in it goes on when the gate opens, as after a network's break. A deaf one passes on
    what is asked, and loses the answer and the connection: it was done, and nobody knows.
    """

    OPEN = "open"
    SLOW = "slow"
    CUT = "cut"
    HOLE = "hole"
    DEAF = "deaf"


@dataclass
class Gate:
    """One neighbour's gate; to be used on the thread of its loop."""

    neighbour: Neighbour
    port: int = 0
    passage: Passage = Passage.OPEN
    passed_bytes: int = 0
    _server: asyncio.Server | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        """Listen on a free loopback port."""
        self._server = await asyncio.start_server(self._take, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Let nobody in any more, and end what is open."""
        if self._server:
            self._server.close()
        self.turn(Passage.CUT)

    def turn(self, passage: Passage) -> None:
        """From now on do this."""
        self.passage = passage
        self._changed.set()
        self._changed = asyncio.Event()
        if passage is Passage.CUT:
            for writer in self._writers:
                writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one connection says, both ways, until either side has ended or broken off."""
        self._writers.add(writer)
        with suppress(OSError, asyncio.CancelledError):
            await self._stand_in()
            there_reader, there_writer = await self._reach()
            self._writers.add(there_writer)
            try:
                await asyncio.gather(
                    self._pass(reader, there_writer),
                    self._pass(there_reader, writer, is_answer=True),
                )
            finally:
                there_writer.transport.abort()
                self._writers.discard(there_writer)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.neighbour, Path):
            return await asyncio.open_unix_connection(self.neighbour)
        return await asyncio.open_connection(*self.neighbour)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            await self._stand_in()
            if is_answer and self.passage is Passage.DEAF:
                raise ConnectionAbortedError
            self.passed_bytes += len(chunk)
            writer.write(chunk)
            await writer.drain()
        await self._stand_in()
        writer.write_eof()

    async def _stand_in(self) -> None:
        """Wait as the gate wants it. Raises ConnectionError where it is cut."""
        while self.passage is Passage.HOLE:
            await self._changed.wait()
        if self.passage is Passage.CUT:
            raise ConnectionAbortedError
        if self.passage is Passage.SLOW:
            await asyncio.sleep(SLOW_SECONDS)


class Gates:
    """All gates of a run on one thread of their own, as a context manager; names are the neighbours'."""

    def __init__(self, neighbours: Mapping[str, Neighbour]) -> None:
        self._loop = asyncio.new_event_loop()
        self._gates = {name: Gate(neighbour) for name, neighbour in neighbours.items()}
        self._thread = threading.Thread(target=self._loop.run_forever, name="gates", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for gate in self._gates.values():
            asyncio.run_coroutine_threadsafe(gate.open(), self._loop).result()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __contains__(self, name: str) -> bool:
        return name in self._gates

    def port(self, name: str) -> int:
        """Where the service reaches this neighbour."""
        return self._gates[name].port

    def passed_bytes(self, name: str) -> int:
        """How much went through, both ways together."""
        return self._gates[name].passed_bytes

    def turn(self, name: str, passage: Passage) -> None:
        """Have a gate do this from now on."""
        self._loop.call_soon_threadsafe(self._gates[name].turn, passage)

    def open_all(self) -> None:
        """No more trouble at any gate."""
        for name in self._gates:
            self.turn(name, Passage.OPEN)

    async def _end(self) -> None:
        for gate in self._gates.values():
            gate.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
