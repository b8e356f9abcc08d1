"""Reading request fields as strictly as WeChat Pay does; every fault is PARAM_ERROR with the field's name."""

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.errors import PayError
from simulator.records import JSON


def wrong(field: str, issue: str) -> PayError:
    detail = {"field": field, "issue": issue, "location": "body"}
    return PayError(400, "PARAM_ERROR", f"参数错误：{field} {issue}", detail)


def text(body: JSON, field: str, longest: int, *, pattern: str = "", optional: bool = False) -> str:
    """A text field of at most `longest` characters; raises PayError."""
    value = _at(body, field)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise wrong(field, f"必须为1到{longest}个字符的字符串")
    if pattern and not re.fullmatch(pattern, value):
        raise wrong(field, "含有不允许的字符")
    return value


def fen(body: JSON, field: str, *, least: int = 1) -> int:
    """A whole amount in fen: a JSON number, never text, fraction or boolean; raises PayError."""
    value = _at(body, field)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise wrong(field, "必须为正整数，单位为分")
    return value


def currency(body: JSON) -> str:
    value = _at(body, "amount.currency")
    if value not in (None, "CNY"):
        raise wrong("amount.currency", "只支持CNY")
    return "CNY"


def notify_url(body: JSON, longest: int, *, optional: bool = False) -> str:
    """HTTPS (plain HTTP only on this machine) and no query string; raises PayError."""
    value = text(body, "notify_url", longest, optional=optional)
    if not value:
        return ""
    parts = urlsplit(value)
    is_local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if (parts.scheme != "https" and not is_local) or parts.query or not parts.hostname:
        raise wrong("notify_url", "必须为不带参数的https地址")
    return value


def _at(body: JSON, field: str) -> Any:
    value: Any = body
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
