"""The poster font: opened once per size and thread, and what it can draw.

Imports Pillow.
"""

import threading
import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

from referral.poster.content import FONT

MISSING = "□"
SIZES_KEPT = 64


class _ThreadFonts(threading.local):
    """FreeType faces must not be shared between threads: each thread opens its own."""

    def __init__(self) -> None:
        self.by_size: dict[int, ImageFont.FreeTypeFont] = {}


_opened = _ThreadFonts()


def font(size: int) -> ImageFont.FreeTypeFont:
    """The poster font at a size in pixels, for use in this thread only."""
    kept = _opened.by_size
    if size not in kept:
        if len(kept) >= SIZES_KEPT:
            kept.pop(next(iter(kept)))
        kept[size] = ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)
    return kept[size]


def drawable(text: str) -> str:
    """The text with nothing in it that the font lacks.

    A rare ideograph becomes `□`, so that a name visibly misses a character; emoji, control and
    direction characters are dropped, any run of blanks but a line break becomes one space.
    """
    covered = _characters()
    kept = []
    for char in unicodedata.normalize("NFC", text.replace("\r\n", "\n")):
        if char in covered or char == "\n":
            kept.append(char)
        elif char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) == "Lo":
            kept.append(MISSING)
    lines = "".join(kept).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


@cache
def _characters() -> frozenset[str]:
    listed = Path(FONT).with_name("characters.txt").read_text(encoding="utf-8")
    return frozenset(listed) - {"\n"}
