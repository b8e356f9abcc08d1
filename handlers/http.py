"""A request and its answer, as HTTP/1.1 has them on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

_ALWAYS: Final = b"x-content-type-options: nosniff\r\ncache-control: no-store\r\n"


@dataclass(slots=True)
class Request:
    """One request, whole; path and query as they were sent, the caller's address without its port.

    `is_last` says that its connection ends with the answer.
    """

    method: str
    path: str
    query: str
    fields: Sequence[tuple[bytes, bytes]]
    body: bytes
    client: str
    is_last: bool = False

    def field(self, name: str) -> str | None:
        """The first of the head's fields with this name, which is given in lower case."""
        wanted = name.encode()
        for given, value in self.fields:
            if given.lower() == wanted:
                return value.decode("latin-1")
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `allow` names the methods where another was used."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    allow: str = ""


def written(answer: Answer, *, date: bytes, has_body: bool, is_last: bool) -> bytes:
    """An answer as it is sent; `is_last` says that the connection ends with it."""
    head = _head(answer.status, answer.content_type, answer.allow, is_last)
    rest = b"date: %b\r\ncontent-length: %d\r\n\r\n" % (date, len(answer.body))
    return b"".join((head, rest, answer.body)) if has_body else head + rest


@lru_cache(256)
def _head(status: int, content_type: str, allow: str, is_last: bool) -> bytes:
    """All that is the same for every answer of a kind."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-type: {content_type}"]
    if allow:
        lines.append(f"allow: {allow}")
    if is_last:
        lines.append("connection: close")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii") + _ALWAYS
