"""The poster font: opened once per size and thread; its characters, drawn once and kept.

Imports Pillow.
"""

import threading
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from referral.poster.content import FONT

MISSING = "□"
SIZES_KEPT = 64
GLYPHS_KEPT = 4096  # about 10 MB


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


@lru_cache(maxsize=32_768)
def advance(char: str, size: int) -> float:
    """How far a character moves the pen, in pixels."""
    return font(size).getlength(char)


def width(text: str, size: int) -> float:
    """How wide a text is at a size, in pixels.

    The font carries no kerning, so a text is as wide as its characters together; each is
    measured once.
    """
    return sum([advance(char, size) for char in text])


class Glyph(NamedTuple):
    """A character as a mask, and where its corner lies from the pen position on the baseline."""

    mask: Image.Image
    left: int
    top: int


@lru_cache(maxsize=GLYPHS_KEPT)
def glyph(char: str, size: int, stroke: float) -> Glyph:
    """A character ready to be stamped on a page; shared between threads, never drawn on.

    `stroke` thickens it by so many pixels on each side: the font has a single weight.
    """
    face = font(size)
    left, top, right, bottom = map(round, face.getbbox(char, anchor="ls", stroke_width=stroke))
    left, top, right, bottom = left - 1, top - 1, right + 1, bottom + 1
    mask = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(mask).text(
        (-left, -top), char, fill=255, font=face, anchor="ls", stroke_width=stroke
    )
    return Glyph(mask, left, top)


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
