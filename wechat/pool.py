"""urllib3 behind `wechat.transport`: every read counts against one deadline per call."""

import io
import logging
import ssl
import threading
import time
from http import client as http
from typing import TYPE_CHECKING, Any, Final, cast

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from wechat.transport import Request, Response
from wx_backend.errors import PlatformError

if TYPE_CHECKING:
    from wechat.transport import Http

_CHUNK: Final = 65_536
_call = threading.local()

# It writes whole addresses, and ours carry tokens.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class Pool:
    """The connections of one transport, shared by its threads."""

    def __init__(self, settings: "Http") -> None:
        self._total_seconds = settings.total_seconds
        self._timeout = urllib3.Timeout(settings.connect_seconds, settings.read_seconds)
        options: dict[str, Any] = {
            "maxsize": settings.connections,
            "block": False,
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": settings.ca_file,
        }
        self._manager: urllib3.PoolManager = (
            urllib3.ProxyManager(settings.proxy_url, **options)
            if settings.proxy_url
            else urllib3.PoolManager(**options)
        )
        self._manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(self, request: Request) -> Response:
        """Send a request; see `wechat.transport.Transport`."""
        _call.deadline = time.monotonic() + self._total_seconds
        try:
            return self._exchange(request)
        except _TooLong:
            failure = PlatformError(
                request.api, "answer_too_long", permanent=True, unknown=not request.is_safe
            )
        except (exceptions.HTTPError, OSError, http.HTTPException) as error:
            failure = _failure(request, error)
        raise failure  # outside the handler: the cause would bring the address along

    def _exchange(self, request: Request) -> Response:
        answer = self._manager.urlopen(
            request.method,
            request.url,
            body=request.body,
            headers=dict(request.headers),
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            body = _read(cast(urllib3.HTTPResponse, answer), request.max_bytes)
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, headers, body)


class _TooLong(Exception):
    pass


class _Reader(io.RawIOBase):
    """A socket as a file whose every read may take only what is left of the call's time."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", 0)
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _call.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is up")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return cast("int | None", self._file.readinto(buffer))

    def close(self) -> None:
        self._file.close()
        super().close()


class _Timed:
    """What `http.client` takes for a socket when it opens an answer."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))


class _Answer(http.HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(cast(Any, _Timed(sock)), *arguments, **options)


class _HttpConnection(HTTPConnection):
    response_class = _Answer


class _HttpsConnection(HTTPSConnection):
    response_class = _Answer


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _read(answer: urllib3.HTTPResponse, max_bytes: int) -> bytes:
    body = bytearray()
    while chunk := answer.read(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise _TooLong
    return bytes(body)


def _failure(request: Request, error: BaseException) -> PlatformError:
    """What went wrong, in our words; only before a connection stood is nothing unknown."""
    before_sending = isinstance(
        error,
        (
            exceptions.ConnectTimeoutError,
            exceptions.NewConnectionError,
            exceptions.ProxyError,
            exceptions.LocationValueError,
        ),
    ) or _is_certificate_refused(error)
    if isinstance(error, exceptions.SSLError):
        code = "tls_refused"
    elif before_sending:
        code = "not_reached"
    elif isinstance(error, (exceptions.TimeoutError, TimeoutError)):
        code = "timeout"
    else:
        code = "broken_off"
    unknown = not (before_sending or request.is_safe)
    return PlatformError(request.api, code, permanent=False, unknown=unknown)


def _is_certificate_refused(error: BaseException) -> bool:
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, *error.args))
