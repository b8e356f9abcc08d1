"""Logs are events with ids: one JSON object a line, secrets and phone numbers masked."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_context: ContextVar[dict[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - never changed in place

SECRET_FIELDS = frozenset(
    {
        *("access_token", "refresh_token", "session_key", "ticket", "token", "js_code"),
        *("secret", "appsecret", "secret_key", "shared_key", "aes_key", "api_key", "apiv3_key"),
        *("authorization", "cookie", "password", "paysign", "signature"),
        *("openid", "unionid", "phone"),
    }
)
_SECRET_PAIR = re.compile(
    r"(?i)\b(access_token|refresh_token|appsecret|secret|session_key|apiv3_key|aes_key|password|ticket"
    r"|signature|paysign|js_code|code|token|sign|key)(=|\"?'?\s*:\s*\"?'?)[^\s&\"',;}]+"
)
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_OPENID = re.compile(r"(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL)
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
TEXT_LIMIT = 4_000


def masked(text: str) -> str:
    """`text` without key material, tokens, openids and the middle of phone numbers."""
    text = _PRIVATE_KEY.sub("[key]", text)
    text = _SECRET_PAIR.sub(r"\1\2[masked]", text)
    text = _OPENID.sub("[openid]", text)
    text = _PHONE.sub(r"\1****\2", text)
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…"


def _value(name: str, value: Any) -> Any:
    if name.lower() in SECRET_FIELDS:
        return "[masked]"
    if isinstance(value, dict):
        return {str(k): _value(str(k), v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value("", v) for v in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return masked(str(value))


class JsonLines(logging.Formatter):
    """Renders a record as one JSON object; line breaks and control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        event: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": masked(record.getMessage()),
        }
        for name, value in {**_context.get(), **fields}.items():
            event[name] = _value(name, value)
        if record.exc_info:
            event["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(event, ensure_ascii=False)


@contextmanager
def context(**ids: Any) -> Iterator[None]:
    """Put ids (request, job, order number ...) on every line logged inside."""
    token = _context.set({**_context.get(), **ids})
    try:
        yield
    finally:
        _context.reset(token)


def configure(level: int = logging.INFO) -> None:
    """Send everything to stderr as JSON lines; called once per process."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[stream], force=True)
    for name in ("urllib3", "werkzeug", "PIL", "alembic", "rq"):
        logging.getLogger(name).setLevel(logging.WARNING)
