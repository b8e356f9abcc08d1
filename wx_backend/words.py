"""Texts as people type them: what nobody can see or mean is left out, everything else stays as it is.

`str.isprintable` alone would take more: the wide space between the characters of a Chinese name, and
what joins several emoji to one.
"""

import unicodedata
from typing import Final

# Joiners of emoji and of letters, and the tags that make a flag of a region.
_JOIN: Final = frozenset("\u200c\u200d") | frozenset(map(chr, range(0xE0020, 0xE0080)))


def printable(text: str) -> str:
    """One line: without control characters, line ends, half surrogates and turned directions."""
    return text if text.isprintable() else "".join(filter(_is_kept, text))


def one_line(text: str) -> str:
    """The same of several lines, which become one: a space is left where each ended."""
    return printable(" ".join(text.splitlines()))


def printable_lines(text: str) -> str:
    """The same for several lines, each ended by a newline."""
    return "".join(each for each in text if each == "\n" or _is_kept(each))


def _is_kept(character: str) -> bool:
    is_seen = character.isprintable() or character in _JOIN
    return is_seen or unicodedata.category(character) == "Zs"
