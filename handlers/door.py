"""The push door: takes the platform's pushes, and nothing else, on an event loop of its own process.

Thirty-two pushes wait for the database at once without a thread each, and a page that is slow or
a crowd that looks at pages holds up none of them.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from werkzeug.test import EnvironBuilder, run_wsgi_app

from handlers.http import Answer, Request
from handlers.messages import Letter, Messages
from wx_backend import clock

QUERY_FIELDS_MAX: Final = 12
MONITORED: Final = frozenset({"/healthz", "/readyz", "/metrics"})

NOT_FOUND = Answer(404, b"not found")
NOT_ALLOWED = Answer(405, b"method not allowed", allow="GET, POST")

_PATH = re.compile(r"/wechat/([a-z0-9-]{1,32})/callback")
_PLAIN_QUERY = re.compile(
    rf"[\w.-]+=[\w.-]*(&[\w.-]+=[\w.-]*){{0,{QUERY_FIELDS_MAX - 1}}}", re.ASCII
)
_TOLD = ("host", "authorization")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Door:
    """Answers pushes, and what a monitor asks of this process; knows no other page."""

    def __init__(self, messages: Messages, pages: Wsgi) -> None:
        """`pages` answers the monitor, in a thread."""
        self._messages = messages
        self._pages = pages

    async def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        path = _PATH.fullmatch(request.path)
        if path is None:
            return await self._monitored(request)
        letter = Letter(read_query(request.query) or {}, request.body)
        if request.method == "POST":
            return await self._messages.answer(path[1], letter, clock.now())
        if request.method == "GET":
            return self._messages.verify_url(path[1], letter)
        return NOT_ALLOWED

    async def _monitored(self, request: Request) -> Answer:
        """Whoever watches asks this process itself: what comes by a proxy is somebody else's."""
        if request.path not in MONITORED or request.field("x-forwarded-for") is not None:
            return NOT_FOUND
        return await asyncio.to_thread(_page, self._pages, request)


def _page(pages: Wsgi, request: Request) -> Answer:
    """What the pages answer to the same request from the same caller."""
    told = [(name, value) for name in _TOLD if (value := request.field(name)) is not None]
    environ = EnvironBuilder(request.path, method=request.method, headers=told).get_environ()
    environ["REMOTE_ADDR"] = request.client
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
