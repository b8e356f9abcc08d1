"""Typed dataclasses out of what the platform sent: each field names its place and its kind."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from wx_backend.strict import Malformed, whole_number

T = TypeVar("T")
Convert = Callable[[Any], Any]

# name, tag, how to read it, whether it is text, whether it must be there
_Entry = tuple[str, str, Convert, bool, bool]
_Group = tuple[tuple[str, ...], tuple[_Entry, ...]]
_Several = tuple[str, tuple[str, ...], type[Any]]
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


def outcome(path: str) -> Place:
    """Text in lower case, without blanks round its colons and with single ones elsewhere."""
    return Place(tuple(path.split(".")), _as_outcome)


def many(path: str, kind: type[Any]) -> Places:
    """A tuple of `kind`; a missing or empty list is (), a lone object a list of one."""
    return Places(tuple(path.split(".")), kind)


def read(kind: type[T], sent: Mapping[str, Any], **known: Any) -> T:
    """Build a dataclass whose fields are annotated with places; `known` fills the others.

    A field with a default may be missing or empty. Raises Malformed for a field that is missing
    or of another kind.
    """
    shape: Any = kind
    groups, lists = _layout(shape)
    for parent, entries in groups:
        _fill(known, (_at(sent, parent) or {}) if parent else sent, entries)
    for name, path, each in lists:
        known[name] = tuple(read(each, entry) for entry in _entries(sent, path))
    return kind(**known)


def _fill(known: dict[str, Any], sent: Mapping[str, Any], entries: tuple[_Entry, ...]) -> None:
    """Read the fields that stand beside each other; an absent one is left to its default."""
    for name, tag, convert, is_text, is_required in entries:
        value = sent.get(tag)
        if is_text and value.__class__ is str and value:  # nearly every field of everything
            known[name] = value
        elif value is not None and (value != "" or is_required):
            known[name] = convert(value)
        elif is_required:
            raise Malformed(f"{tag} is missing")


@cache
def _layout(kind: Any) -> tuple[tuple[_Group, ...], tuple[_Several, ...]]:
    """Where the fields of a dataclass come from, by parent; worked out once per class."""
    hints = get_type_hints(kind, include_extras=True)
    groups: dict[tuple[str, ...], list[_Entry]] = {}
    lists: list[_Several] = []
    for each in fields(kind):
        for note in getattr(hints[each.name], "__metadata__", ()):
            if isinstance(note, Places):
                lists.append((each.name, note.path, note.kind))
            else:
                *parent, tag = note.path
                is_text = note.convert in (_as_text, _as_string)
                entry = (each.name, tag, note.convert, is_text, each.default is MISSING)
                groups.setdefault(tuple(parent), []).append(entry)
    return tuple((parent, tuple(group)) for parent, group in groups.items()), tuple(lists)


def _at(sent: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any] | None:
    """The object at the end of a path; None where there is none."""
    found: Any = sent
    for tag in path:
        found = found.get(tag)
        if found is None or found == "":
            return None
        if not isinstance(found, Mapping):
            raise Malformed(f"{tag} is not an object")
    return cast("Mapping[str, Any]", found)


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


def _as_outcome(value: Any) -> str:
    parts = _as_text(value).lower().split(":")
    return ":".join(" ".join(part.split()) for part in parts)


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
