"""WeChat and WeChat Pay that take everything at once, in a process of their own: none of their CPU is counted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import Any, Final

from bench.campaign import Stub
from bench.pay_notice import signed
from wechat.transport import Request
from wx_backend import clock

_PREPAY: Final = "/v3/pay/transactions/jsapi"
_PREPAID: Final = "wx"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    account = Stub(0)

    def do_POST(self) -> None:
        """Take what is asked: a prepay is answered under the platform's key, anything else is well."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == _PREPAY:
            told = {"prepay_id": _PREPAID + json.loads(raw)["out_trade_no"]}
            headers, body = signed(json.dumps(told).encode(), int(clock.now().timestamp()))
        else:
            headers, body = {}, self.account.send(_asked(self.path, raw)).body
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the name http.server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _asked(path: str, raw: bytes) -> Request:
    return Request("POST", path, path.partition("?")[0], body=raw)


@contextmanager
def pretending() -> Iterator[tuple[str, int]]:
    """Such a process; its address and its number."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    process = get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    server.server_close()  # it is the other's now
    try:
        assert process.pid is not None  # noqa: S101 - started
        yield f"http://127.0.0.1:{server.server_address[1]}", process.pid
    finally:
        process.terminate()
        process.join()


def paid_number(sheet: dict[str, str]) -> str:
    """The out_trade_no that a pay sheet is about."""
    return sheet["package"].removeprefix(f"prepay_id={_PREPAID}")
