"""The service as its proxy shows it: pushes go to the door, on an event loop, the rest to the pages."""

import asyncio
import io
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from contextvars import Context
from functools import cache
from http.client import HTTPResponse
from typing import Any, TypeVar

from flask import Flask

from handlers.door import Door
from handlers.http import Answer, Request
from handlers.server import Server
from wx_backend import crash
from wx_backend.app import door_of

PIECE = 16 * 1024
Environ = dict[str, Any]
Value = TypeVar("Value")


class Site:
    """A WSGI application of both."""

    def __init__(self, app: Flask) -> None:
        self._pages = app.wsgi_app
        self._door = door_of(app)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not (path.startswith("/wechat/") and path.endswith("/callback")):
            return self._pages(environ, start_response)
        return at_door(self._door, environ, start_response)


def at_door(door: Door, environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Put a request to the door over a connection of its own, whichever thread asks."""
    client = environ.get("REMOTE_ADDR", "127.0.0.1")
    told = finished(_exchanged(door, _pieces(environ), client))
    answer = HTTPResponse(Received(io.BytesIO(told)), method=environ["REQUEST_METHOD"])  # type: ignore[arg-type]
    answer.begin()
    start_response(f"{answer.status} {answer.reason}", answer.getheaders())
    return [answer.read()]


def _pieces(environ: Environ) -> Iterable[bytes]:
    """A request as it comes over the wire: with its length, or in chunks."""
    query = environ.get("QUERY_STRING", "")
    way = environ.get("PATH_INFO", "") + (f"?{query}" if query else "")
    length = environ.get("CONTENT_LENGTH")
    lines = [f"{environ['REQUEST_METHOD']} {way} HTTP/1.1"]
    lines += [
        f"{name[5:].lower().replace('_', '-')}: {value}"
        for name, value in environ.items()
        if name.startswith("HTTP_") and name != "HTTP_TRANSFER_ENCODING"
    ]
    is_chunked = length is None and environ.get("wsgi.input_terminated", False)
    if is_chunked:
        lines.append("transfer-encoding: chunked")
    elif length is not None:
        lines.append(f"content-length: {length}")
    yield "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1", "replace")
    if is_chunked:
        while piece := environ["wsgi.input"].read(PIECE):
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"
        return
    # On a kept connection nothing ends the stream; a length that is none is for the door to refuse.
    left = 0 if length is None else int(length) if length.isdigit() else PIECE
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, PIECE))):
        left -= len(piece)
        yield piece


async def _exchanged(door: Door, pieces: Iterable[bytes], client: str) -> bytes:
    """What the door's server answers to these bytes on a new connection."""
    wire = Wire(client)

    async def answer(request: Request) -> Answer:
        try:
            return await door.answer(request)
        except crash.Crashed as crashed:  # the process is gone: nobody is answered
            wire.sent.set_exception(crashed)
            raise asyncio.CancelledError from None

    connection = Server(answer).connection()
    connection.connection_made(wire)
    for piece in pieces:
        if wire.has_ended:
            break  # nobody reads it any more
        connection.data_received(piece)
    return await wire.sent


class Wire(asyncio.Transport):
    """A connection in memory, as the door's server holds it; what it did with it."""

    def __init__(self, client: str | None = "127.0.0.1") -> None:
        super().__init__({"peername": client and (client, 1)})
        self.sent: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.told = b""
        self.is_closed = self.has_ended = self.is_paused = False

    def write(self, data: Any) -> None:
        self.told += data
        if not self.sent.done():
            self.sent.set_result(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def write_eof(self) -> None:
        self.has_ended = True

    def pause_reading(self) -> None:
        self._require_open()
        self.is_paused = True

    def resume_reading(self) -> None:
        self._require_open()
        self.is_paused = False

    def _require_open(self) -> None:
        if self.is_closed:
            raise RuntimeError("the connection is being closed")


class Received:
    """What came over a connection, to be read as a socket is."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream = stream

    def makefile(self, *_: object) -> io.BytesIO:
        stream = self._stream
        stream.close = lambda: None  # type: ignore[method-assign] # several answers are read from it
        return stream


_asking = threading.Lock()


def _loop() -> asyncio.AbstractEventLoop:
    """The one event loop, which runs until this process ends: also for threads that ask for it at once."""
    with _asking:
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="loop", daemon=True).start()
    return loop


def begun(work: Coroutine[Any, Any, Value]) -> Future[Value]:
    """A coroutine, running on that loop; any thread may ask."""
    return Context().run(asyncio.run_coroutine_threadsafe, work, _loop())


def finished(work: Coroutine[Any, Any, Value]) -> Value:
    """What a coroutine gives in the end."""
    return begun(work).result()
