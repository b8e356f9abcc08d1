"""The one seam where tests stand in for the network."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wechat.transport import Request, Response

BASE = "http://127.0.0.1:9"
APPID, SECRET = "wx1234567890abcdef", "secret-canary"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STABLE = "/cgi-bin/stable_token"

Answer = Response | Exception | Mapping[str, Any]


class ScriptedTransport:
    """Answers each path from its script, the last answer for ever; keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self._scripts: dict[str, list[Answer | Callable[[Request], Answer]]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *answers: Answer | Callable[[Request], Answer]) -> None:
        self._scripts[path] = list(answers)

    def send(self, request: Request) -> Response:
        with self._lock:
            self.sent.append(request)
            script = self._scripts[urlsplit(request.url).path]
            answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Response):
            return answer
        return Response(200, {}, json.dumps(answer).encode())

    def calls(self, path: str) -> list[Request]:
        return [each for each in self.sent if urlsplit(each.url).path == path]


def query_of(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def json_of(request: Request) -> Any:
    return json.loads(request.body or b"null")
