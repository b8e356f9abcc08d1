"""Drawing a poster: a cached stage, the words, the pictures, the code, the proof.

Imports Pillow and the QR library; meant for the worker. Safe to call from several threads.
"""

import io
import threading
from collections import OrderedDict

from PIL import Image, ImageDraw

from referral.poster import code, pictures
from referral.poster.fonts import drawable, font
from referral.poster.proof import prove
from referral.poster.reading import TemplateInvalid
from referral.poster.template import PictureBox, Template
from referral.poster.typesetting import typeset
from referral.poster.values import PosterValues

JPEG_BYTES_MAX = 300 * 1024
JPEG_QUALITIES = (86, 78, 68, 56, 44)
STAGES_KEPT = 16

_stages: OrderedDict[str, Image.Image] = OrderedDict()
_stages_lock = threading.Lock()


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
    page = _stage(template).copy()
    for box in template.pictures:
        _place_picture(page, box, values)
    words = values.words()
    for text in template.texts:
        if text.fields:
            typeset(page, text, text.filled(words))
    page.paste(code.drawn(values.link, template.code), (template.code.x, template.code.y))
    return _encoded(page)


def _stage(template: Template) -> Image.Image:
    """The decoded background with all fixed text on it; shared, never drawn on."""
    with _stages_lock:
        if (kept := _stages.get(template.digest)) is not None:
            _stages.move_to_end(template.digest)
            return kept
    stage = _background(template)
    for text in template.texts:
        if not text.fields:
            typeset(stage, text, text.filled({}))
    with _stages_lock:
        _stages[template.digest] = stage
        while len(_stages) > STAGES_KEPT:
            _stages.popitem(last=False)
    return stage


def _background(template: Template) -> Image.Image:
    """The background picture; it must be exactly as large as the template says."""
    size = (template.width, template.height)
    try:
        with Image.open(template.background, formats=("JPEG", "PNG")) as picture:
            if picture.size == size:
                stage = picture.convert("RGB")
                stage.info = {}  # the tool that drew it may have signed it
                return stage
    except (OSError, SyntaxError, ValueError) as error:
        raise TemplateInvalid(background="背景图片无法读取") from error
    raise TemplateInvalid(background=f"背景图片应为 {size[0]}×{size[1]} 像素")


def _place_picture(page: Image.Image, box: PictureBox, values: PosterValues) -> None:
    data: bytes | None = getattr(values, box.source)
    if data is not None:
        picture = pictures.opened(data, width=box.box.width, height=box.box.height)
        pictures.paste_outlined(page, picture, box)
    elif box.initial and (initial := drawable(values.initial())):
        pictures.paste_outlined(page, box.fill, box)
        centre = (box.box.x + box.box.width // 2, box.box.y + box.box.height // 2)
        ImageDraw.Draw(page).text(
            centre, initial, fill=box.initial, font=font(box.box.height // 2), anchor="mm"
        )


def _encoded(page: Image.Image) -> bytes:
    """JPEG, at the best quality that stays within the limit."""
    for quality in JPEG_QUALITIES:
        out = io.BytesIO()
        page.save(out, "JPEG", quality=quality)
        if out.tell() <= JPEG_BYTES_MAX:
            return out.getvalue()
    raise PosterTooHeavy
