"""The application on a real port, and the pretend WeChat told where it is."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from tests.simulator.stage import Stage
from wx_backend.config import Config


class _Quiet(WSGIRequestHandler):
    """Keeps connections and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


class _Server(ThreadedWSGIServer):
    """Ends whole: nothing that came in goes on, on a connection that is kept, when it is closed."""

    daemon_threads = False  # `server_close` waits for them

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__("127.0.0.1", 0, app, handler=_Quiet)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):  # it may be closing by itself
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """Serve a WSGI application on a free loopback port while inside; gives its address."""
    server = _Server(app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()


def reaching(config: Config, url: str) -> Config:
    """The configuration with every remote system at one address."""
    return replace(
        config,
        wechat=replace(config.wechat, api_url=url, oauth_url=url),
        billing=replace(config.billing, url=f"{url}/billing") if config.billing else None,
        pay=replace(config.pay, api_url=url) if config.pay else None,
        sms=replace(config.sms, url=f"{url}/sms") if config.sms else None,
        real_name=(replace(config.real_name, url=f"{url}/realname") if config.real_name else None),
    )


def announce(wechat: Stage, config: Config, url: str) -> None:
    """Set the configured accounts up in the pretend WeChat, their callbacks at `url`."""
    for account in config.accounts:
        wechat.control(
            "PUT",
            f"/accounts/{account.appid}",
            name=account.title,
            gh_id=account.original_id,
            secret=account.secret,
            token=account.token,
            encoding_aes_key=account.aes_key,
            mode="plaintext" if "plaintext" in account.modes else "safe",
            open_platform="group",
            callback_url=f"{url}/wechat/{account.name}/callback",
        )
    for name, phone in (
        ("Alice", "13800000001"),
        ("Bob", "13800000002"),
        ("Mallory", "13800000009"),
    ):
        wechat.control("PUT", f"/people/{name}", phone=phone, real_name=name)
