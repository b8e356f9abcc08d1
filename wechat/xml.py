"""The one XML layer: small documents, nothing of XML but elements and text.

Most of what the platform pushes is one flat run of elements: a pattern takes those apart in a
third of the time, and whatever it does not cover to the last byte is expat's.
"""

import re
from typing import Any, Final, NoReturn, TypeAlias
from xml.parsers import expat

from wx_backend.strict import Malformed

Value: TypeAlias = "str | dict[str, Value] | list[Value]"

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 6
# The two tags the platform repeats: items of pictures and articles, entries of the
# subscription events. One alone is a value, several are a list.
REPEATED: Final = frozenset({"item", "List"})
# An element with text only, as XML and expat read it: no markup, no CR (a parser would change it),
# nothing that is no character of XML. Possessive, so that a hostile text costs one pass.
_FLAT = re.compile(
    r"<([A-Za-z_][A-Za-z0-9_]*+)>(<!\[CDATA\[)?"
    "([^\\]<&\x00-\x08\x0b-\x1f\ufffe\uffff]*+)"
    r"(?(2)\]\]>)</\1>[ \t\n]*+"
)


def parse(raw: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Value]:
    """Read one `<xml>` document into the fields under its root.

    An element with children becomes a dict, any other its text exactly as written. Raises
    Malformed for a DTD, an entity, a processing instruction, a repeated tag (`REPEATED` apart),
    text beside elements, nesting deeper than `MAX_DEPTH`, a bad size or bad XML.
    """
    if len(raw) > max_bytes:
        raise Malformed("too long")
    return _flat(raw) or _parsed(raw)


def _flat(raw: bytes) -> dict[str, Value] | None:
    """The fields of a document that is one flat run of elements; None for any other."""
    try:
        pieces = _FLAT.split(raw.decode())
    except UnicodeDecodeError:
        return None
    if pieces[0] != "<xml>" or pieces[-1] != "</xml>" or any(pieces[4:-1:4]):
        return None
    names = pieces[1::4]
    found: dict[str, Value] = dict(zip(names, pieces[3::4], strict=True))
    return found if len(found) == len(names) else None


def _parsed(raw: bytes) -> dict[str, Value]:
    reader = expat.ParserCreate("UTF-8")
    reader.buffer_text = True
    reader.StartDoctypeDeclHandler = _refuse
    reader.EntityDeclHandler = _refuse
    reader.ProcessingInstructionHandler = _refuse
    tree = _Tree()
    reader.StartElementHandler = tree.start
    reader.EndElementHandler = tree.end
    reader.CharacterDataHandler = tree.texts.append
    try:
        reader.Parse(raw, True)
    except expat.ExpatError:
        raise Malformed("not XML") from None
    found = tree.root.get("xml")
    if not isinstance(found, dict):
        raise Malformed("no fields under <xml>")
    return found


def cdata(text: str) -> str:
    """Write text as CDATA that cannot be left early: `]]>` is split over two sections."""
    if "]]>" in text:
        text = text.replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


class _Tree:
    """What the parser has seen so far, as its three handlers build it."""

    __slots__ = ("open_elements", "root", "texts")

    def __init__(self) -> None:
        self.root: dict[str, Value] = {}
        self.open_elements: list[dict[str, Value] | None] = [self.root]
        self.texts: list[str] = []

    def start(self, _name: str, _attributes: Any) -> None:
        if self.texts:
            self._between()
        path = self.open_elements
        if len(path) > MAX_DEPTH:
            raise Malformed("nested too deeply")
        if path[-1] is None:
            path[-1] = {}
        path.append(None)

    def end(self, name: str) -> None:
        path = self.open_elements
        value: Value | None = path.pop()
        if value is None:
            value = "".join(self.texts)
            self.texts.clear()
        elif self.texts:
            self._between()
        siblings = path[-1]
        if siblings is not None:  # it never is: start() put a dict there
            if name in siblings:
                _repeat(siblings, name, value)
            else:
                siblings[name] = value

    def _between(self) -> None:
        if not "".join(self.texts).isspace():
            raise Malformed("text beside elements")
        self.texts.clear()


def _repeat(siblings: dict[str, Value], name: str, value: Value) -> None:
    if name not in REPEATED:
        raise Malformed("a tag stands twice")
    before = siblings[name]
    if isinstance(before, list):
        before.append(value)
    else:
        siblings[name] = [before, value]


def _refuse(*_declaration: object) -> NoReturn:
    raise Malformed("more than elements and text")
