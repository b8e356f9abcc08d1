"""How refusals and faults leave the service: one JSON shape and one page shape."""

import errno
import logging
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, current_app, jsonify, request
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError

from wx_backend.db import db, is_away
from wx_backend.errors import AppError, TooMany, Unavailable

log = logging.getLogger(__name__)

PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<title>{{ message }}</title>
<style>
:root{color-scheme:light dark;--bg:#ededed;--card:#fff;--fg:#191919;--dim:#737373;--line:#067a3c}
@media(prefers-color-scheme:dark){:root{--bg:#111;--card:#191919;--fg:#e6e6e6;--dim:#8c8c8c}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);color:var(--fg);
font:17px/1.6 -apple-system,"PingFang SC","Noto Sans SC",sans-serif}
main{background:var(--card);border-radius:12px;padding:40px 32px;margin:24px;max-width:420px;text-align:center}
.mark{width:56px;height:56px;line-height:56px;border-radius:50%;margin:0 auto 16px;color:#fff;background:#fa9d3b;font-size:32px}
p{color:var(--dim);margin:8px 0 24px;font-size:14px}
a{display:inline-block;padding:8px 32px;border-radius:8px;background:var(--line);color:#fff;text-decoration:none}
</style></head><body><main><div class="mark" aria-hidden="true">!</div><h2>{{ message }}</h2>
<p>错误代码 {{ code }}</p><a href="{{ back }}">返回上一页</a>
</main></body></html>"""

_HTTP_MESSAGES = {
    400: ("bad_request", "请求无法处理"),
    404: ("not_found", "没有找到"),
    405: ("method_not_allowed", "不支持的请求方式"),
    413: ("too_large", "内容太大"),
    415: ("unsupported_type", "不支持的内容类型"),
}


# This machine has no files, memory or room left for now: no fault of what was asked.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC})

Look = Callable[[str], str | None]
"""Which template shows an error at an address; None for the plain page."""


def install(app: Flask, look: Look = lambda _path: None) -> None:
    """Answer every error of the application in the two shapes."""
    app.extensions["wx_error_look"] = look
    app.register_error_handler(AppError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database_refused)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(OSError, _maybe_exhausted)
    app.register_error_handler(MemoryError, _exhausted)
    app.register_error_handler(Exception, _fault)


def wants_json() -> bool:
    """Whether the caller is a program rather than a person looking at a page."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def _page_before() -> str:
    """Where the person came from on this site, else the front page; our policy allows no script here."""
    referrer = request.referrer or ""
    try:
        return referrer if referrer.startswith(request.host_url) else "/"
    except SecurityError:  # the host asked for is none of ours
        return "/"


def _answer(error: AppError, status: int) -> Response:
    body = error.as_json()["error"]
    if wants_json():
        response = jsonify(error=body)
    else:
        page = _page(status=status, message=body["message"], code=body["code"])
        response = Response(page, mimetype="text/html")
    response.status_code = status
    return response


def _page(**values: Any) -> str:
    """The page by itself: what blueprints add to theirs may need the very database that is away.

    Where even the template, or what it is made of, cannot be read it is the plain one.
    """
    name, templates = current_app.extensions["wx_error_look"](request.path), current_app.jinja_env
    values |= {"back": _page_before(), "again": request.method == "GET"}
    try:
        if name:
            return templates.get_template(name).render(**values)
    except OSError as error:
        if error.errno not in _EXHAUSTED:
            raise
    return templates.from_string(PAGE).render(**values)


def _refused(error: AppError) -> Response:
    response = _answer(error, error.status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = _HTTP_MESSAGES.get(status, ("error", "请求无法处理"))
    refusal = AppError(message)
    refusal.code = code  # type: ignore[misc]  # this one instance stands for many HTTP errors
    response = _answer(refusal, status)
    for name, value in error.get_headers(None, None):
        if name in {"Allow", "Retry-After", "Location"}:
            response.headers[name] = value
    return response


def _database_refused(error: DBAPIError) -> Response:
    return _database_away(error) if is_away(error) else _fault(error)


def _database_away(error: SQLAlchemyError) -> Response:
    cause = error.orig if isinstance(error, DBAPIError) else error
    log.error("database away", extra={"error": repr(cause)})
    db.session.rollback()
    return _answer(Unavailable(), 503)


def _maybe_exhausted(error: OSError) -> Response:
    return _exhausted(error) if error.errno in _EXHAUSTED else _fault(error)


def _exhausted(error: OSError | MemoryError) -> Response:
    """Come again: what was begun is rolled back, and somebody has to look at the machine."""
    log.error("machine exhausted", extra={"error": repr(error)})
    db.session.rollback()
    return _answer(Unavailable(), 503)


def _fault(error: Exception) -> Response:
    log.error("fault", exc_info=error, extra={"path": request.path, "method": request.method})
    fault = AppError("系统出错了，我们已记录，请稍后再试")
    fault.code = "fault"  # type: ignore[misc]  # this one instance stands for every bug
    return _answer(fault, 500)
