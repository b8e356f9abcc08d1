"""The push door: takes the platform's pushes, and nothing else, on an event loop of its own process.

Thirty-two pushes wait for the database at once without a thread each, and a page that is slow or
a crowd that looks at pages holds up none of them. It speaks RSGI, granian's own interface:
https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from werkzeug.test import EnvironBuilder, run_wsgi_app

from handlers.body import BODY_MAX
from handlers.messages import Answer, Letter, Messages
from wx_backend import clock

log = logging.getLogger(__name__)

QUERY_FIELDS_MAX: Final = 12
MONITORED: Final = frozenset({"/healthz", "/readyz", "/metrics"})

NOT_FOUND = Answer(404, b"not found")
NOT_ALLOWED = Answer(405, b"method not allowed")
TOO_LARGE = Answer(413, b"too large")
FAILED = Answer(500, b"failed")

_PATH = re.compile(r"/wechat/([a-z0-9-]{1,32})/callback")
_PLAIN_QUERY = re.compile(
    rf"[\w.-]+=[\w.-]*(&[\w.-]+=[\w.-]*){{0,{QUERY_FIELDS_MAX - 1}}}", re.ASCII
)
_TOLD = ("host", "authorization")
_LENGTH = re.compile(r"[0-9]{1,6}")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Headers(Protocol):
    """The fields of a request's head, by their names in lower case."""

    def get(self, key: str, default: Any = None) -> Any: ...


class Scope(Protocol):
    """What a request asks for."""

    method: str
    path: str
    query_string: str
    client: str
    authority: str | None

    @property
    def headers(self) -> Headers: ...


class Exchange(AsyncIterable[bytes], Protocol):
    """Reads a request's body, whole or in pieces, and answers it."""

    def __call__(self) -> Awaitable[bytes]: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


class Door:
    """Answers pushes, and what a monitor asks of this process; knows no other page."""

    def __init__(self, messages: Messages, pages: Wsgi) -> None:
        """`pages` answers the monitor, in a thread."""
        self._messages = messages
        self._pages = pages

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, exchange)
        except Exception:
            log.exception("push failed")
            answer = FAILED
        exchange.response_bytes(answer.status, _headers(answer), answer.body)

    async def _answer(self, scope: Scope, exchange: Exchange) -> Answer:
        path = _PATH.fullmatch(scope.path)
        if path is None:
            return await self._monitored(scope)
        if scope.method == "GET":
            query = read_query(scope.query_string) or {}
            return self._messages.verify_url(path[1], Letter(query, b""))
        if scope.method != "POST":
            return NOT_ALLOWED
        length = scope.headers.get("content-length")
        if length is not None and not (_LENGTH.fullmatch(length) and int(length) <= BODY_MAX):
            return TOO_LARGE
        raw = await exchange() if length is not None else await _pieces(exchange)
        if raw is None:
            return TOO_LARGE
        query = read_query(scope.query_string) or {}
        return await self._messages.answer(path[1], Letter(query, raw), clock.now())

    async def _monitored(self, scope: Scope) -> Answer:
        """Whoever watches asks this process itself: what comes by a proxy is somebody else's."""
        if scope.path not in MONITORED or scope.headers.get("x-forwarded-for") is not None:
            return NOT_FOUND
        return await asyncio.to_thread(_page, self._pages, scope)


async def _pieces(exchange: Exchange) -> bytes | None:
    """A body without a Content-Length; None when it is larger than `BODY_MAX`."""
    raw = b""
    async for piece in exchange:
        raw += piece
        if len(raw) > BODY_MAX:
            return None
    return raw


def _page(pages: Wsgi, scope: Scope) -> Answer:
    """What the pages answer to the same request from the same caller."""
    given = {name: scope.headers.get(name) for name in _TOLD}
    headers = {name: value for name, value in given.items() if value is not None}
    environ = EnvironBuilder(
        scope.path, method=scope.method, headers=list(headers.items())
    ).get_environ()
    environ["REMOTE_ADDR"] = scope.client.rpartition(":")[0].strip("[]")
    content, status, sent = run_wsgi_app(pages, environ, buffered=True)
    return Answer(int(status.split()[0]), b"".join(content), sent["Content-Type"])


def read_query(text: str) -> dict[str, str] | None:
    """The query's fields; None when one is there twice or there are too many."""
    if _PLAIN_QUERY.fullmatch(text):  # the platform's always are: nothing to unquote
        pairs = [pair.partition("=")[::2] for pair in text.split("&")]
        return _unique(pairs)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        return None
    return _unique(pairs)


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str] | None:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _headers(answer: Answer) -> list[tuple[str, str]]:
    headers = [
        ("content-type", answer.content_type),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ]
    return [*headers, ("allow", "GET, POST")] if answer is NOT_ALLOWED else headers
