"""The service as its proxy shows it: pushes go to the door, on an event loop, the rest to the pages."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import Future
from contextvars import Context
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask

from handlers.door import Door
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
    """Put a request to the door as its server does, whichever thread asks."""
    exchange = _Exchange(environ)
    work = door.__rsgi__(_Scope(environ), exchange)
    finished(work)
    status = HTTPStatus(exchange.status)
    start_response(f"{status.value} {status.phrase}", exchange.headers)
    return [exchange.body]


class _Scope:
    """A request's head as RSGI has it."""

    def __init__(self, environ: Environ) -> None:
        self.method = environ["REQUEST_METHOD"]
        self.path = environ.get("PATH_INFO", "")
        self.query_string = environ.get("QUERY_STRING", "")
        self.client = f"{environ.get('REMOTE_ADDR', '127.0.0.1')}:1"
        self.authority = environ.get("HTTP_HOST")
        self.headers = _fields(environ)


def _fields(environ: Environ) -> dict[str, str]:
    found = {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    length = environ.get("CONTENT_LENGTH")
    return found if length is None else {**found, "content-length": length}


class _Exchange:
    """A request's body, and what was answered."""

    def __init__(self, environ: Environ) -> None:
        self._input = environ["wsgi.input"]
        self._length = environ.get("CONTENT_LENGTH")
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    async def __call__(self) -> bytes:
        raw: bytes = self._input.read(int(self._length or 0))
        return raw

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := self._input.read(PIECE):
            yield piece

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        length = ("content-length", str(len(body)))
        self.status, self.headers, self.body = status, [*headers, length], body


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """An event loop that runs in a thread of its own until this process ends."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="loop", daemon=True).start()
    return loop


def begun(work: Coroutine[Any, Any, Value]) -> Future[Value]:
    """A coroutine, running on that loop; any thread may ask."""
    return Context().run(asyncio.run_coroutine_threadsafe, work, _loop())


def finished(work: Coroutine[Any, Any, Value]) -> Value:
    """What a coroutine gives in the end."""
    return begun(work).result()
