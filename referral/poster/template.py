"""A poster template as data: where each text, picture and the code sit on the background."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from string import Formatter
from typing import Literal

from referral.poster.values import PERSONAL_FIELDS, PictureName

Align = Literal["left", "center", "right"]
VerticalAlign = Literal["top", "middle", "bottom"]
Weight = Literal["regular", "bold"]
Shape = Literal["circle", "rounded"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the poster, in pixels from its top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom: what picture libraries take."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True)
class TextBox:
    """One text: fixed, or with placeholders such as `{name}`.

    Sizes are in pixels. Too long a text is first drawn smaller, down to `min_size`, then
    wrapped into at most `lines` lines and ended with an ellipsis.
    """

    text: str
    box: Box
    size: int
    min_size: int
    lines: int = 1
    line_height: float = 1.4
    colour: str = "#000000"
    align: Align = "left"
    valign: VerticalAlign = "middle"
    weight: Weight = "regular"

    @cached_property
    def fields(self) -> frozenset[str]:
        """The placeholders in the text; none in a fixed one."""
        return frozenset(field for _, field, _, _ in Formatter().parse(self.text) if field)

    @cached_property
    def is_personal(self) -> bool:
        """True when the text differs from rep to rep."""
        return not PERSONAL_FIELDS.isdisjoint(self.fields)

    def filled(self, words: Mapping[str, str]) -> str:
        """The text with its placeholders filled in; empty when every one of them is empty."""
        if self.fields and not any(words[field] for field in self.fields):
            return ""
        return self.text.format_map(words).strip()


@dataclass(frozen=True, slots=True)
class PictureBox:
    """Where an uploaded picture goes, and its outline.

    `initial` is the colour of the letter that stands in for a missing picture; ring and `fill`
    then belong to the background. Without it a missing picture leaves the background as it is.
    """

    source: PictureName
    box: Box
    shape: Shape = "circle"
    radius: int = 0
    ring: int = 0
    ring_colour: str = "#ffffff"
    fill: str = "#ffffff"
    initial: str = ""


@dataclass(frozen=True)
class Template:
    """A background picture file and the boxes on it. `digest` changes whenever any of it does."""

    name: str
    title: str
    width: int
    height: int
    background: bytes = field(repr=False)
    code: Box
    texts: tuple[TextBox, ...]
    pictures: tuple[PictureBox, ...]
    digest: str

    @cached_property
    def word_fields(self) -> frozenset[str]:
        """Every placeholder the template shows."""
        return frozenset().union(*(text.fields for text in self.texts))

    @cached_property
    def picture_fields(self) -> frozenset[PictureName]:
        """Every uploaded picture the template shows."""
        return frozenset(picture.source for picture in self.pictures)

    @cached_property
    def shows_initial(self) -> bool:
        """True when the name's first character may stand in for the avatar."""
        return any(picture.initial for picture in self.pictures)
