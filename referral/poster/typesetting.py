"""Setting one text into its box: size, line breaks, position.

Imports Pillow.
"""

from functools import partial

from PIL import Image, ImageColor

from referral.poster.fonts import advance, drawable, glyph, width
from referral.poster.template import TextBox
from referral.poster.wrapping import wrapped

BOLD = 1 / 44  # stroke of a bold text, as a part of its size: the font has one weight
MIDDLE = 0.38  # from the middle of a line down to its baseline, as a part of the size
SHRINK_PX = 2


def typeset(page: Image.Image, text: TextBox, words: str) -> None:
    """Draw `words` into the box of `text`, smaller if need be, ending in `…` if it must."""
    words = drawable(words)
    if not words:
        return
    size, lines = _fitted(text, words)
    line_height = size * text.line_height
    top = text.box.y + _offset(text.valign, text.box.height - line_height * len(lines))
    stroke = size * BOLD if text.weight == "bold" else 0
    for at, line in enumerate(lines):
        left = text.box.x + _offset(text.align, text.box.width - width(line, size))
        baseline = top + line_height * (at + 0.5) + size * MIDDLE
        stamp(page, line, (left, baseline), size=size, stroke=stroke, colour=text.colour)


def stamp(
    page: Image.Image,
    line: str,
    start: tuple[float, float],
    *,
    size: int,
    stroke: float,
    colour: str,
) -> None:
    """Put a line on the page, its first character's baseline starting at `start`."""
    x, baseline = start
    ink = ImageColor.getrgb(colour)
    for char in line:
        mask, left, top = glyph(char, size, stroke)
        page.paste(ink, (round(x) + left, round(baseline) + top), mask)
        x += advance(char, size)


def _fitted(text: TextBox, words: str) -> tuple[int, list[str]]:
    """The largest size at which everything fits, else the smallest with an ellipsis."""
    for size in range(text.size, text.min_size, -SHRINK_PX):
        lines = _lines(text, words, size, most=text.lines + 1)
        if len(lines) <= text.lines:
            return size, lines
    return text.min_size, _lines(text, words, text.min_size, most=text.lines)


def _lines(text: TextBox, words: str, size: int, *, most: int) -> list[str]:
    return wrapped(words, width=text.box.width, lines=most, measure=partial(width, size=size))


def _offset(side: str, slack: float) -> float:
    """How far from the left or top edge something with this much room left over starts."""
    if side in {"left", "top"}:
        return 0
    return slack / 2 if side in {"center", "middle"} else slack
