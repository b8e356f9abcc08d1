"""Breaking Chinese text into lines: punctuation stays where it belongs, too much ends in `…`.

The basics of the Chinese layout requirements (避头尾): closing punctuation never starts a
line, opening punctuation never ends one, a Latin word or a number is not torn apart unless it
is wider than the line.
"""

import re
from collections.abc import Callable

Measure = Callable[[str], float]

ELLIPSIS = "…"
NEVER_FIRST = frozenset("，。、；：？！）》〉」』】〕〗］｝”’…—～·％℃,.;:?!)]}%")
NEVER_LAST = frozenset("（《〈「『【〔〖［｛“‘￥¥$([{")

_PIECE = re.compile(r"[ \t\u3000]+|[A-Za-z0-9][A-Za-z0-9+\-_/.,:'@&#]*|.", re.DOTALL)


def wrapped(text: str, *, width: float, lines: int, measure: Measure) -> list[str]:
    """The text in at most `lines` lines no wider than `width`, the last one cut with `…`.

    `measure` tells how wide a string is. A line break in the text starts a new line.
    """
    if "\n" not in text and measure(text) <= width:
        return [text] if text.strip() else []
    found: list[str] = []
    for paragraph in text.splitlines():
        found += _filled_lines(_units(paragraph.strip()), width, measure)
        if len(found) > lines:
            break
    if len(found) <= lines:
        return found
    return [*found[: lines - 1], shortened(found[lines - 1], width, measure)]


def shortened(text: str, width: float, measure: Measure) -> str:
    """As much of the text as fits with `…` behind it; empty when not even that fits."""
    while text and measure(text + ELLIPSIS) > width:
        text = text[:-1]
    text = text.rstrip()
    return text + ELLIPSIS if text or measure(ELLIPSIS) <= width else ""


def _units(text: str) -> list[str]:
    """Pieces between which a line may end."""
    units: list[str] = []
    for piece in _PIECE.findall(text):
        glued = units and (piece[0] in NEVER_FIRST or units[-1][-1] in NEVER_LAST)
        if glued:
            units[-1] += piece
        else:
            units.append(piece)
    return units


def _filled_lines(units: list[str], width: float, measure: Measure) -> list[str]:
    lines: list[str] = []
    line = ""
    for unit in units:
        if measure((line + unit).rstrip()) <= width:
            line += unit
            continue
        if line.strip():
            lines.append(line.rstrip())
        *full, line = _torn(unit.lstrip(), width, measure)
        lines += full
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _torn(unit: str, width: float, measure: Measure) -> list[str]:
    """A unit wider than a line, cut between any two characters."""
    parts = [""]
    for char in unit:
        if parts[-1] and measure(parts[-1] + char) > width:
            parts.append("")
        parts[-1] += char
    return parts
