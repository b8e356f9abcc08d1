"""XML as the message platform writes and reads it."""

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

Fields = dict[str, Any]
_REPEATABLE = {"item"}
_MAX_DEPTH = 6


class NotXml(ValueError):
    """A document the platform would not take."""


def render(fields: Mapping[str, Any]) -> str:
    """`<xml>` with text in CDATA, numbers bare, lists as repeated elements."""
    return f"<xml>{_children(fields)}</xml>"


def _children(fields: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, Mapping):
        return f"<{name}>{_children(value)}</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    safe = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"


def parse(raw: bytes) -> Fields:
    """The fields under `<xml>`; raises NotXml for DTDs, repeated tags, depth or broken text."""
    reader = _Reader()
    try:
        reader.parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise NotXml(str(error)) from error
    return reader.root


class _Reader:
    """Builds nested dictionaries from expat's events."""

    def __init__(self) -> None:
        self.root: Fields = {}
        self._path: list[tuple[str, Fields, list[str]]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: Any) -> None:
        raise NotXml("a document type is not allowed")

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        if not self._path and name != "xml":
            raise NotXml("the root is not <xml>")
        if len(self._path) >= _MAX_DEPTH:
            raise NotXml("too deep")
        self._path.append((name, {}, []))

    def _text(self, data: str) -> None:
        self._path[-1][2].append(data)

    def _end(self, _name: str) -> None:
        name, children, text = self._path.pop()
        if not self._path:
            self.root = children
            return
        value: Any = children or "".join(text)
        siblings = self._path[-1][1]
        if name in _REPEATABLE:
            siblings.setdefault(name, []).append(value)
        elif name in siblings:
            raise NotXml(f"<{name}> twice")
        else:
            siblings[name] = value
