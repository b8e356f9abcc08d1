"""The stage of a poster: its background with all that is the same on every copy, decoded once.

Imports Pillow.
"""

import io
import threading
from collections import OrderedDict

from PIL import Image

from referral.poster.pictures import paste_frame
from referral.poster.reading import TemplateInvalid
from referral.poster.template import Template
from referral.poster.typesetting import typeset

STAGES_KEPT = 16  # 4 MB each

_stages: OrderedDict[str, Image.Image] = OrderedDict()
_lock = threading.Lock()


def stage(template: Template) -> Image.Image:
    """The decoded background with fixed text and frames on it; shared, never to be drawn on.

    Raises TemplateInvalid when the background is damaged or not as large as the template says.
    """
    with _lock:
        if (kept := _stages.get(template.digest)) is not None:
            _stages.move_to_end(template.digest)
            return kept
    made = _set_up(template)
    with _lock:
        _stages[template.digest] = made
        while len(_stages) > STAGES_KEPT:
            _stages.popitem(last=False)
    return made


def _set_up(template: Template) -> Image.Image:
    page = _background(template)
    for picture in template.pictures:
        if picture.initial:
            paste_frame(page, picture)
    for text in template.texts:
        if not text.fields:
            typeset(page, text, text.filled({}))
    return page


def _background(template: Template) -> Image.Image:
    size = (template.width, template.height)
    try:
        with Image.open(io.BytesIO(template.background), formats=("JPEG", "PNG")) as picture:
            if picture.size == size:
                page = picture.convert("RGB")
                page.info = {}  # the tool that drew it may have signed it
                return page
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TemplateInvalid(background="背景图片无法读取") from error
    raise TemplateInvalid(background=f"背景图片应为 {size[0]}×{size[1]} 像素")
