"""The one JSON layer: what arrives is refused unless it can mean one thing only."""

import json
import math
import re
from typing import Any, Final, NoReturn, TypeAlias

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 16
_INT_LOW, _INT_HIGH = -(2**63), 2**63 - 1
_NUMBER_LENGTH = 40
# A string (even one cut off at the end, so that a hostile text costs one pass) or a bracket.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)
_HIDDEN = re.compile("[\0\ud800-\udfff]")


class Malformed(ValueError):
    """The text is not what its format allows; says what is wrong, never repeats the content."""


def loads(raw: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> JSON:
    """Read one JSON text.

    Raises Malformed (and nothing else) for what Python would let pass or trip over: duplicate
    keys, NaN and infinities, integers beyond 64 bits, floats that overflow, nesting deeper than
    `max_depth`, more than `max_bytes` of UTF-8, invalid UTF-8, lone surrogates and NUL.
    """
    sent = raw if isinstance(raw, bytes) else _encoded(raw)
    if len(sent) > max_bytes:
        raise Malformed("too long")
    try:
        text = sent.decode()
    except UnicodeError:
        raise Malformed("not UTF-8") from None
    if sent.count(b"[") + sent.count(b"{") > max_depth and _depth(text) > max_depth:
        raise Malformed("nested too deeply")
    try:
        value: JSON
        value, end = _decoder.raw_decode(text)
    except Malformed:
        raise
    except ValueError:
        value, end = None, -1  # blanks in front, or no JSON at all
    if end != len(text):
        value = _among_blanks(text)
    if b"\\" in sent and "\\u" in text:
        _refuse_hidden(value)
    return value


def fields(raw: bytes | str, *, max_bytes: int = MAX_BYTES) -> dict[str, JSON]:
    """Read one JSON object; raises Malformed as `loads` does, and for any other kind of value."""
    value = loads(raw, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def dumps(value: Any) -> bytes:
    """Write canonical JSON: sorted keys, no spaces, UTF-8; equal values give equal bytes.

    Raises Malformed for NaN, infinities and lone surrogates, TypeError for what JSON cannot say.
    """
    try:
        return _encoder.encode(value).encode()
    except ValueError:
        raise Malformed("cannot be written as JSON") from None


def whole_number(text: str, *, low: int, high: int) -> int:
    """Read ASCII digits (no sign, blank, `_` or full-width digit); Malformed outside the range."""
    if not (0 < len(text) <= 19 and text.isascii() and text.isdigit()):
        raise Malformed("not a whole number")
    number = int(text)
    if not low <= number <= high:
        raise Malformed("number out of range")
    return number


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeError:
        raise Malformed("not UTF-8") from None


def _among_blanks(text: str) -> JSON:
    """The value of a text with blanks before or after it."""
    try:
        value: JSON = _decoder.decode(text)
    except Malformed:
        raise
    except ValueError:
        raise Malformed("not JSON") from None
    return value


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        sign = text[match.start()]
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign != '"':
            depth -= 1
    return deepest


def _refuse_hidden(value: JSON) -> None:
    if isinstance(value, str):
        if _HIDDEN.search(value):
            raise Malformed("NUL or lone surrogate")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_hidden(key)
            _refuse_hidden(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_hidden(item)


def _unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("duplicate key")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or not _INT_LOW <= (number := int(text)) <= _INT_HIGH:
        raise Malformed("integer out of range")
    return number


def _float(text: str) -> float:
    if len(text) > _NUMBER_LENGTH or not math.isfinite(number := float(text)):
        raise Malformed("number out of range")
    return number


def _constant(_name: str) -> NoReturn:
    raise Malformed("NaN or infinity")


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
_encoder = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
