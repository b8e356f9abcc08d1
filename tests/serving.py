"""The application on a real port, and the pretend WeChat told where it is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.simulator.stage import Stage
from wx_backend.config import Config


class _Quiet(WSGIRequestHandler):
    """Keeps connections and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """Serve a WSGI application on a free loopback port while inside; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # ThreadingMixIn
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
