"""The push door: a WSGI callable before Flask that takes encrypted pushes and nothing else.

Flask and its routing cost several times what answering a push does. Whatever is unusual (another
method or path, no or a large Content-Length) falls through to the Flask route, which calls the
same `Messages.answer`.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from handlers.body import BODY_MAX
from handlers.messages import Answer, Letter, Messages
from wx_backend import clock

QUERY_FIELDS_MAX = 12

_PATH = re.compile(r"/wechat/([a-z0-9-]{1,32})/callback")
_PLAIN_QUERY = re.compile(
    rf"[\w.-]+=[\w.-]*(&[\w.-]+=[\w.-]*){{0,{QUERY_FIELDS_MAX - 1}}}", re.ASCII
)
_LENGTH = re.compile(r"[0-9]{1,6}")
_REASONS = {
    200: "200 OK",
    403: "403 Forbidden",
    404: "404 Not Found",
    503: "503 Service Unavailable",
}

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class Door:
    """Answers pushes itself, hands everything else on."""

    def __init__(self, app: Wsgi, messages: Messages) -> None:
        self._app = app
        self._messages = messages

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        push = _push(environ)
        if push is None:
            return self._app(environ, start_response)
        account, letter = push
        answer = self._messages.answer(account, letter, clock.now())
        start_response(_REASONS[answer.status], _headers(answer))
        return [answer.body]


def _push(environ: Environ) -> tuple[str, Letter] | None:
    """The account and letter of a push in its usual shape; None for any other request."""
    if environ["REQUEST_METHOD"] != "POST":
        return None
    path = _PATH.fullmatch(environ.get("PATH_INFO", ""))
    length = environ.get("CONTENT_LENGTH") or ""
    if path is None or not _LENGTH.fullmatch(length) or not 0 < int(length) <= BODY_MAX:
        return None
    query = read_query(environ.get("QUERY_STRING", ""))
    if query is None:
        return None
    return path[1], Letter(query, environ["wsgi.input"].read(int(length)))


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
    return [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
