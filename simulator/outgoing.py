"""HTTP from the platform to the merchant's server: one POST, a hard time limit, no redirects, no proxy."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import urllib3

_POOL = urllib3.PoolManager(num_pools=16, maxsize=8, retries=False)
_LARGEST_ANSWER = 1 << 20


@dataclass(frozen=True)
class Reaction:
    """What the server did: an HTTP status and a body, or a fault in words."""

    status: int = 0
    body: bytes = b""
    fault: str = ""
    seconds: float = 0.0


def send(
    method: str, url: str, body: bytes, headers: Mapping[str, str], *, limit: float
) -> Reaction:
    """Send one request; whatever goes wrong comes back as a fault, `limit` in real seconds."""
    started = time.monotonic()
    try:
        answer = _POOL.request(
            method,
            url,
            body=body,
            headers=dict(headers),
            timeout=urllib3.Timeout(total=limit),
            redirect=False,
            preload_content=False,
        )
        try:
            content = _read(answer, started + limit)
        finally:
            answer.release_conn()
    except (urllib3.exceptions.HTTPError, TimeoutError, OSError) as error:
        return Reaction(fault=type(error).__name__, seconds=time.monotonic() - started)
    return Reaction(answer.status, content, seconds=time.monotonic() - started)


def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    content = bytearray()
    for chunk in answer.stream(65536):
        content += chunk
        if time.monotonic() > deadline:
            answer.close()
            raise TimeoutError
        if len(content) > _LARGEST_ANSWER:
            answer.close()
            raise urllib3.exceptions.HTTPError("the answer is too large")
    return bytes(content)
