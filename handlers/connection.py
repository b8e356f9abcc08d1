"""One connection of the push door: requests read by httptools, answered one after another.

Whoever sends too much, too slowly or what is not HTTP gets one answer, and the connection ends.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, cast

import httptools

from handlers.body import BODY_MAX
from handlers.http import Answer, Request, written

log = logging.getLogger(__name__)

CONNECTIONS_MAX: Final = 4_096
HEAD_MAX: Final = 16 * 1024
REQUEST_MAX: Final = 8 * BODY_MAX  # a body in the smallest of chunks
READ_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0  # longer than the proxy keeps one: it is the proxy that ends it
WAITING_MAX: Final = 32  # sent ahead, without waiting for the answers before
LINGER_SECONDS: Final = 1.0  # for the caller to read his answer who is still sending

NOT_HTTP: Final = Answer(400, b"bad request")
TOO_LARGE: Final = Answer(413, b"too large")
HEAD_TOO_LARGE: Final = Answer(431, b"head too large")
FAILED: Final = Answer(500, b"failed")
TOO_MANY: Final = Answer(503, b"too many connections")
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NEVER: Final = float("inf")

Answering = Callable[[Request], Awaitable[Answer]]


class Host(Protocol):
    """What the connections of a server share."""

    answer: Answering
    date: bytes
    is_ending: bool
    connections: set["Connection"]


class _Refused(Exception):
    """Nothing more of this connection is read."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Connection(asyncio.Protocol):
    """Requests of one connection are answered in their order, one at a time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request | Answer] = deque()  # requests, and one refusal as the last
        self._task: asyncio.Task[None] | None = None
        self._is_refused = self._is_held = self._is_paused = False
        self._begin_message()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The server took the connection."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer is None:  # gone before he was taken
            self._transport.abort()
            return
        self._client = str(peer[0])
        self.until = self._loop.time() + READ_SECONDS
        self._host.connections.add(self)
        if len(self._host.connections) > CONNECTIONS_MAX:
            self._refuse(TOO_MANY)

    def connection_lost(self, _error: Exception | None) -> None:
        """The caller is gone; what he asked for is done all the same."""
        self._waiting.clear()
        self._is_refused = True
        if self._task is None:
            self._host.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        if self._is_refused:
            return
        self._taken += len(data)
        try:
            self._parser.feed_data(data)
            self._check_size()
        except _Refused as refused:
            self._refuse(refused.answer)
        except httptools.HttpParserCallbackError as error:
            reason = error.__context__
            self._refuse(reason.answer if isinstance(reason, _Refused) else FAILED)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(NOT_HTTP)

    def pause_writing(self) -> None:
        """The caller does not read his answers: no more of him is read either."""
        self._is_held = True
        self._mind_reading()

    def resume_writing(self) -> None:
        """He reads again."""
        self._is_held = False
        self._mind_reading()

    def end(self, *, at: float) -> None:
        """End as soon as what is under way is answered, at once after this moment on the loop's clock.

        Who asks until then, over a connection that was idle, is still answered.
        """
        if self._task is None and not self._is_reading:
            self.until = min(self.until, at)

    def close(self) -> None:
        """End now."""
        self._transport.abort()

    # What httptools calls while it reads.

    def on_message_begin(self) -> None:
        self._is_reading = True
        if self._task is None:
            self.until = self._loop.time() + READ_SECONDS

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # after the body: nobody asks for it
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._has_head = True
        if self._parser.should_upgrade():
            raise _Refused(NOT_HTTP)
        for name, value in self._fields:
            if name.lower() == b"content-length" and int(value) > BODY_MAX:
                raise _Refused(TOO_LARGE)
            if name.lower() == b"expect" and self._task is None:
                self._transport.write(CONTINUE)

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > BODY_MAX:
            raise _Refused(TOO_LARGE)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode("ascii"),
            path=path,
            query=query,
            fields=self._fields,
            body=b"".join(self._pieces),
            client=self._client,
            is_last=not self._parser.should_keep_alive()
            or self._parser.get_http_version() == "1.0",
        )
        if len(self._waiting) == WAITING_MAX:
            raise _Refused(NOT_HTTP)
        self._begin_message()
        self._append(request)

    # What is done with it.

    def _begin_message(self) -> None:
        self._url = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._length = self._taken = 0
        self._has_head = self._is_reading = False

    def _check_size(self) -> None:
        if not self._is_reading:
            return
        if not self._has_head and self._taken > HEAD_MAX:
            raise _Refused(HEAD_TOO_LARGE)
        if self._taken > REQUEST_MAX:
            raise _Refused(TOO_LARGE)

    def _refuse(self, answer: Answer) -> None:
        """Answer once more, after whoever was before; all that comes is thrown away."""
        self._is_refused = True
        self._is_reading = False
        self._append(answer)

    def _append(self, given: Request | Answer) -> None:
        self._waiting.append(given)
        if self._task is None:
            self._go_on()
        self._mind_reading()

    def _go_on(self) -> None:
        """Answer who waits first."""
        first = self._waiting.popleft()
        if isinstance(first, Answer):
            self._send(first, is_last=True)
            self._transport.write_eof()
            self.until = self._loop.time() + LINGER_SECONDS
        else:
            self.until = _NEVER
            self._task = self._loop.create_task(self._answer(first))

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._host.answer(request)
        except Exception:
            log.exception("request failed")
            answer = FAILED
        self._task = None
        if self._transport.is_closing():
            self._host.connections.discard(self)
            return
        is_last = request.is_last or self._host.is_ending
        self._send(answer, is_last=is_last, has_body=request.method != "HEAD")
        if is_last:
            self._waiting.clear()
            self.until = self._loop.time() + READ_SECONDS
            self._transport.close()
        elif self._waiting:
            self._go_on()
            self._mind_reading()
        else:
            self.until = self._loop.time() + (READ_SECONDS if self._is_reading else IDLE_SECONDS)

    def _send(self, answer: Answer, *, is_last: bool, has_body: bool = True) -> None:
        date = self._host.date
        self._transport.write(written(answer, date=date, has_body=has_body, is_last=is_last))

    def _mind_reading(self) -> None:
        """Read on unless the caller reads nothing, or somebody of his waits already."""
        if self._transport.is_closing():
            return
        is_too_much = self._is_held or (bool(self._waiting) and not self._is_refused)
        if is_too_much and not self._is_paused:
            self._transport.pause_reading()
        elif self._is_paused and not is_too_much:
            self._transport.resume_reading()
        self._is_paused = is_too_much
