"""Typed dataclasses out of what the platform sent: each field names its place and its kind."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Final, NoReturn, TypeVar, cast, get_type_hints

from wechat import conversions
from wx_backend.strict import Malformed

T = TypeVar("T")
Convert = Callable[[Any], Any]


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
    return Place(tuple(path.split(".")), conversions.as_text)


def string(path: str) -> Place:
    """Text that must arrive as text."""
    return Place(tuple(path.split(".")), conversions.as_string)


def whole(path: str) -> Place:
    """A whole number >= 0 below 2**63, as an integer or as ASCII digits."""
    return Place(tuple(path.split(".")), conversions.as_whole)


def integer(path: str) -> Place:
    """A whole number >= 0 that must arrive as a JSON integer: money in fen, for one."""
    return Place(tuple(path.split(".")), conversions.as_integer)


def flag(path: str) -> Place:
    """A yes or no, as 0 or 1 or as a JSON boolean."""
    return Place(tuple(path.split(".")), conversions.as_flag)


def decimal(path: str) -> Place:
    """A finite number, as a JSON number or as plain decimal digits."""
    return Place(tuple(path.split(".")), conversions.as_decimal)


def unix(path: str) -> Place:
    """An instant (aware UTC) from whole seconds since 1970."""
    return Place(tuple(path.split(".")), conversions.as_instant)


def rfc3339(path: str) -> Place:
    """An instant (aware UTC) from RFC 3339 text, which must name its offset."""
    return Place(tuple(path.split(".")), conversions.as_moment)


def outcome(path: str) -> Place:
    """Text in lower case, without blanks round its colons and with single ones elsewhere."""
    return Place(tuple(path.split(".")), conversions.as_outcome)


def many(path: str, kind: type[Any]) -> Places:
    """A tuple of `kind`; a missing or empty list is (), a lone object a list of one."""
    return Places(tuple(path.split(".")), kind)


def read(kind: type[T], sent: Mapping[str, Any], **known: Any) -> T:
    """Build a dataclass whose fields are annotated with places; `known` fills the others.

    A field with a default may be missing or empty. Raises Malformed for a field that is missing
    or of another kind.
    """
    shape: Any = kind
    built: T = _reader(shape)(sent, **known)
    return built


def reader(kind: type[T]) -> Callable[..., T]:
    """What `read` calls for this class: takes what was sent, and by name what is known."""
    shape: Any = kind
    return cast("Callable[..., T]", _reader(shape))


@cache
def _reader(kind: Any) -> Callable[..., Any]:
    """The function that reads one class, written once, as dataclasses write `__init__`.

    Every push and notice comes through here; text, which is nearly all they say, costs no call.
    The source is made of the constants of our own classes, never of what was sent.
    """
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} is read without its __post_init__")
    source = _Source(kind)
    hints = get_type_hints(kind, include_extras=True)
    for each in fields(kind):
        note = getattr(hints[each.name], "__metadata__", (None,))[0]
        if isinstance(note, Place):
            source.add(each.name, note, each.default)
        elif isinstance(note, Places):
            source.add_list(each.name, note)
        else:
            source.add_known(each.name, each.default)
    return source.compiled()


class _Source:
    """The text of a reader in the making, and the objects it names: `_...`, as no field is."""

    def __init__(self, kind: Any) -> None:
        self._objects: dict[str, Any] = {"_kind": kind, "_read": read, "_new": object.__new__}
        self._objects |= {"_set": object.__setattr__, "_at": _at, "_entries": _entries}
        self._objects["_missing"] = _missing
        self._parents: dict[tuple[str, ...], str] = {}
        self._parameters: list[str] = []
        self._fields: list[str] = []

    def add(self, name: str, place: Place, default: Any) -> None:
        """Read a field from its place."""
        *parent, tag = place.path
        is_text = place.convert in (conversions.as_text, conversions.as_string)
        self._set(
            name,
            _EXPRESSIONS[is_text, default is MISSING].format(
                found=f"(_v := {self._getter(tuple(parent))}({tag!r}))",
                tag=tag,
                convert=self._named(place.convert),
                default=self._named(default),
            ),
        )

    def add_list(self, name: str, places: Places) -> None:
        """Read a field from a list of objects."""
        each = f"_read({self._named(places.kind)}, each)"
        self._set(name, f"tuple({each} for each in _entries(_sent, {places.path}))")

    def add_known(self, name: str, default: Any) -> None:
        """Take a field from whoever asks for the reading."""
        self._parameters.append(name if default is MISSING else f"{name}={self._named(default)}")
        self._set(name, name)

    def compiled(self) -> Callable[..., Any]:
        """The reader: sets what a frozen dataclass's own `__init__` would set."""
        places = {path: f"_at(_sent, {path})" if path else "_sent" for path in self._parents}
        getters = [f"{get} = {places[path]}.get" for path, get in self._parents.items()]
        lines = [*getters, "_self = _new(_kind)", *self._fields, "return _self"]
        known = ", ".join(["", "*", *self._parameters]) if self._parameters else ""
        source = f"def _reader(_sent{known}):\n " + "\n ".join(lines)
        exec(source, self._objects)  # noqa: S102 - see _reader: nothing of it comes from outside
        return cast("Callable[..., Any]", self._objects["_reader"])

    def _set(self, name: str, expression: str) -> None:
        self._fields.append(f"_set(_self, {name!r}, {expression})")

    def _getter(self, parent: tuple[str, ...]) -> str:
        return self._parents.setdefault(parent, f"_get{len(self._parents)}")

    def _named(self, thing: Any) -> str:
        name = f"_object{len(self._objects)}"
        self._objects[name] = thing
        return name


# How a value is read, by whether it is text and whether it must be there.
_EXPRESSIONS: Final = {
    (True, True): (
        "_v if {found}.__class__ is str else {convert}(_missing({tag!r}) if _v is None else _v)"
    ),
    (True, False): (
        "_v if {found}.__class__ is str and _v"
        " else {default} if _v is None or _v == '' else {convert}(_v)"
    ),
    (False, True): "{convert}(_missing({tag!r}) if {found} is None else _v)",
    (False, False): "{default} if {found} is None or _v == '' else {convert}(_v)",
}


def _missing(tag: str) -> NoReturn:
    raise Malformed(f"{tag} is missing")


def _at(sent: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """The object at the end of a path; empty where there is none."""
    found: Any = sent
    for tag in path:
        found = found.get(tag)
        if found is None or found == "":
            return {}
        if found.__class__ is not dict and not isinstance(found, Mapping):
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
