"""Drawing a poster: a copy of its stage, the words, the pictures, the code, the proof.

Imports Pillow and the QR library; meant for the worker. Safe to call from several threads.
"""

import io

from PIL import Image

from referral.poster import code
from referral.poster.fonts import drawable
from referral.poster.pictures import opened, paste_frame, paste_outlined
from referral.poster.proof import prove
from referral.poster.stage import stage
from referral.poster.template import PictureBox, Template, TextBox
from referral.poster.typesetting import typeset
from referral.poster.values import PosterValues

JPEG_BYTES_MAX = 300 * 1024
JPEG_QUALITIES = (86, 78, 68, 56, 44)


class PosterTooHeavy(Exception):
    """A poster stays above 300 KB at the lowest quality: the background is pure noise."""


def render(template: Template, values: PosterValues) -> bytes:
    """A finished poster as JPEG of at most 300 KB that was seen to scan to its link.

    Raises PictureRefused for an avatar or picture that cannot be used, LinkTooLong,
    TemplateInvalid for a background that cannot be read, PosterUnreadable, PosterTooHeavy.
    """
    jpeg = draw(template, values)
    prove(jpeg, template, values.link)
    return jpeg


def draw(template: Template, values: PosterValues) -> bytes:
    """The poster without its proof; for previews of a template and for measuring."""
    words = values.words()
    page = stage(template, words).copy()
    for picture in template.pictures:
        _place_picture(page, picture, values)
    for text in template.texts:
        if text.is_personal:
            typeset(page, text, text.filled(words))
    page.paste(code.drawn(values.link, template.code), (template.code.x, template.code.y))
    return _encoded(page)


def _place_picture(page: Image.Image, picture: PictureBox, values: PosterValues) -> None:
    data: bytes | None = getattr(values, picture.source)
    if data is not None:
        if not picture.initial:
            paste_frame(page, picture)
        box = picture.box
        paste_outlined(page, opened(data, width=box.width, height=box.height), picture)
    elif picture.initial:
        typeset(page, _letter(picture), drawable(values.initial()))


def _letter(picture: PictureBox) -> TextBox:
    """Where and how the initial stands in for a picture."""
    size = picture.box.height // 2
    return TextBox(
        text="", box=picture.box, size=size, min_size=size, colour=picture.initial, align="center"
    )


def _encoded(page: Image.Image) -> bytes:
    """JPEG, at the best quality that stays within the limit."""
    for quality in JPEG_QUALITIES:
        out = io.BytesIO()
        page.save(out, "JPEG", quality=quality)
        if out.tell() <= JPEG_BYTES_MAX:
            return out.getvalue()
    raise PosterTooHeavy
