"""A server that plays the merchant's side: keeps what it is sent and answers as told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, bytes]
STILL_SECONDS = 60.0


def accept(_request: Received) -> Answer:
    return 200, b"success"


class Receiver:
    """Listens on the loopback interface; `answer` may be exchanged at any time."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = accept
        self._answering = 0
        self._turn = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                got = Received(self.command, parts.path, query, dict(self.headers), body)
                receiver.received.append(got)
                status, content = receiver._answered(got)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = take  # noqa: N815 - names fixed by http.server

            def log_message(self, *_: Any) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @contextmanager
    def answered_by(self, answer: Callable[[Received], Answer]) -> Iterator[None]:
        """Whoever is meant answers inside of the block, and has done with all of it when the block is over.

        What comes late finds somebody who answers by himself, and no application that is closed already.
        """
        self.answer = answer
        yield
        with self._turn:
            self.answer = accept
            assert self._turn.wait_for(lambda: self._answering == 0, STILL_SECONDS)

    def _answered(self, got: Received) -> Answer:
        with self._turn:
            answer = self.answer
            self._answering += 1
        try:
            return answer(got)
        finally:
            with self._turn:
                self._answering -= 1
                self._turn.notify_all()

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
