"""Typed dataclasses out of what the platform sent: each field names its place and its kind."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, get_type_hints

from wx_backend.strict import Malformed, whole_number

T = TypeVar("T")
Convert = Callable[[Any], Any]

_REQUIRED: Final = object()
_INT64 = 2**63 - 1
_SECONDS_MAX = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in what was sent, and how its value is read."""

    path: tuple[str, ...]
    convert: Convert


@dataclass(frozen=True, slots=True)
class Places:
    """Where a list stands and what each of its entries is."""

    path: tuple[str, ...]
    kind: type[Any]


def text(path: str) -> Place:
    """Text; a JSON integer counts as its digits. `path` is dotted: `ScanCodeInfo.ScanResult`."""
    return Place(tuple(path.split(".")), _as_text)


def string(path: str) -> Place:
    """Text that must arrive as text."""
    return Place(tuple(path.split(".")), _as_string)


def whole(path: str) -> Place:
    """A whole number >= 0 below 2**63, as an integer or as ASCII digits."""
    return Place(tuple(path.split(".")), _as_whole)


def integer(path: str) -> Place:
    """A whole number >= 0 that must arrive as a JSON integer: money in fen, for one."""
    return Place(tuple(path.split(".")), _as_integer)


def flag(path: str) -> Place:
    """A yes or no, as 0 or 1 or as a JSON boolean."""
    return Place(tuple(path.split(".")), _as_flag)


def decimal(path: str) -> Place:
    """A finite number, as a JSON number or as plain decimal digits."""
    return Place(tuple(path.split(".")), _as_decimal)


def unix(path: str) -> Place:
    """An instant (aware UTC) from whole seconds since 1970."""
    return Place(tuple(path.split(".")), _as_instant)


def rfc3339(path: str) -> Place:
    """An instant (aware UTC) from RFC 3339 text, which must name its offset."""
    return Place(tuple(path.split(".")), _as_moment)


def many(path: str, kind: type[Any]) -> Places:
    """A tuple of `kind`; a missing or empty list is (), a lone object a list of one."""
    return Places(tuple(path.split(".")), kind)


def read(kind: type[T], sent: Mapping[str, Any], **known: Any) -> T:
    """Build a dataclass whose fields are annotated with places; `known` fills the others.

    A field with a default may be missing or empty. Raises Malformed for a field that is missing
    or of another kind.
    """
    shape: Any = kind
    places, lists = _layout(shape)
    for name, path, convert, default in places:
        value = sent.get(path[0]) if len(path) == 1 else _at(sent, path)
        if value is not None and (value != "" or default is _REQUIRED):
            plain = type(value) is str and convert is _as_text  # nearly every field of a push
            known[name] = value if plain else convert(value)
        elif default is _REQUIRED:
            raise Malformed(f"{path[-1]} is missing")
    for name, path, each in lists:
        known[name] = tuple(read(each, entry) for entry in _entries(sent, path))
    return kind(**known)


_Single = tuple[str, tuple[str, ...], Convert, Any]
_Several = tuple[str, tuple[str, ...], type[Any]]


@cache
def _layout(kind: Any) -> tuple[tuple[_Single, ...], tuple[_Several, ...]]:
    """Where the fields of a dataclass come from, worked out once per class."""
    hints = get_type_hints(kind, include_extras=True)
    noted = [
        (each.name, note, _REQUIRED if each.default is MISSING else each.default)
        for each in fields(kind)
        for note in getattr(hints[each.name], "__metadata__", ())
    ]
    return (
        tuple((name, at.path, at.convert, to) for name, at, to in noted if isinstance(at, Place)),
        tuple((name, at.path, at.kind) for name, at, _ in noted if isinstance(at, Places)),
    )


def _at(sent: Any, path: tuple[str, ...]) -> Any:
    for tag in path:
        if sent is None or sent == "":
            return None
        if not isinstance(sent, Mapping):
            raise Malformed(f"{tag} has no place")
        sent = sent.get(tag)
    return sent


def _entries(sent: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Everything at the end of `path`, whichever steps arrived as lists and which as objects."""
    found: list[Any] = [sent]
    for tag in path:
        below = [value for each in found if (value := each.get(tag)) not in (None, "")]
        several = (value if isinstance(value, list) else [value] for value in below)
        found = [each for values in several for each in values if each != ""]
        if not all(isinstance(each, Mapping) for each in found):
            raise Malformed(f"{tag} is not a list of objects")
    return found


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Malformed("not text")


def _as_string(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("not text")
    return value


def _as_whole(value: Any) -> int:
    if isinstance(value, str):
        return whole_number(value, low=0, high=_INT64)
    return _as_integer(value)


def _as_integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT64:
        raise Malformed("not a whole number")
    return value


def _as_flag(value: Any) -> bool:
    if value not in (0, 1, "0", "1"):
        raise Malformed("neither yes nor no")
    return value in (1, "1")


def _as_decimal(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise Malformed("not a number")
    digits = value.removeprefix("-").replace(".", "", 1)
    whole_number(digits[:19], low=0, high=10**19)
    if len(digits) > 40 or not (digits.isascii() and digits.isdigit()):
        raise Malformed("not a number")
    return float(value)


def _as_instant(value: Any) -> datetime:
    seconds = _as_whole(value)
    if seconds > _SECONDS_MAX:
        raise Malformed("not a time")
    return datetime.fromtimestamp(seconds, UTC)


def _as_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_as_string(value))
    except ValueError:
        raise Malformed("not a time") from None
    if moment.tzinfo is None:
        raise Malformed("a time without its offset")
    return moment.astimezone(UTC)
