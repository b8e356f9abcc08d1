"""Security headers and the request id, on every answer of the application."""

import secrets

from flask import Flask, Response, g

from wx_backend import log
from wx_backend.platform import config

# A form of a visitor may end at the sign-in: browsers hold its redirects to `form-action` too.
CSP = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' https://res.wx.qq.com; connect-src 'self'; font-src 'self'; "
    "form-action 'self' {oauth_url}; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def install(app: Flask) -> None:
    """Number every request, put its id on every log line, and close the usual holes."""
    app.before_request(_begin)
    app.after_request(_close)
    app.teardown_request(_end)


def policy(*, frames: str = "") -> str:
    """The content security policy; `frames` are the sources a page may frame, usually none."""
    rules = CSP.format(oauth_url=config().wechat.oauth_url)
    return f"{rules}; frame-src {frames}" if frames else rules


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.log_context = log.context(request_id=g.request_id)
    g.log_context.__enter__()


def _close(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self)")
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Request-ID"] = g.get("request_id", "")
    if config().service.base_url.startswith("https://"):  # the proxy in front ends TLS
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _end(_error: BaseException | None) -> None:
    if context := g.pop("log_context", None):
        context.__exit__(None, None, None)
