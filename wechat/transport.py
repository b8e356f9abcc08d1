"""The one way out: HTTP with a deadline, a size limit, no redirect and nothing told in errors.

urllib3 is loaded by the first call, so that the push path never pays for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from wechat.pool import Pool

MAX_ANSWER_BYTES: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `api` is the name that errors and logs use: a path without query or ids.

    `max_bytes` limits the answer; `is_safe` says that repeating the call changes nothing there,
    which is so for GET unless said otherwise.
    """

    method: str
    url: str = field(repr=False)
    api: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    max_bytes: int = MAX_ANSWER_BYTES

    @property
    def is_safe(self) -> bool:
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came; header names are lower case, the body is not decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport(Protocol):
    """What clients send through; tests put a double here and nowhere else."""

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, whatever its status.

        Raises PlatformError: `unknown` when the request may have been acted on.
        """


@dataclass(frozen=True)
class Http:
    """Keep-alive connections with certificates verified.

    `total_seconds` bounds sending and reading together by the wall clock, however the far side
    drips. The environment's proxy is never used; `proxy_url` names one.
    """

    connect_seconds: float = 3.0
    read_seconds: float = 5.0
    total_seconds: float = 8.0
    proxy_url: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    connections: int = 32

    @cached_property
    def _pool(self) -> "Pool":
        from wechat.pool import Pool

        return Pool(self)

    def send(self, request: Request) -> Response:
        """Send a request and read the whole answer; see `Transport`."""
        return self._pool.send(request)
