"""The stage of a poster: its background with everything that many posters have in common.

Posters are drawn in batches: a campaign's, an outlet's. What does not belong to one rep (fixed
texts, product, price, slogan, last day) is drawn once and kept. Imports Pillow.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from PIL import Image

from referral.poster.pictures import paste_frame
from referral.poster.reading import TemplateInvalid
from referral.poster.template import Template
from referral.poster.typesetting import typeset

PAGES_KEPT = 16  # 4 MB each

Key = tuple[str, ...]

_pages: OrderedDict[Key, Image.Image] = OrderedDict()
_lock = threading.Lock()


def stage(template: Template, words: Mapping[str, str]) -> Image.Image:
    """The background with frames and all texts that name nobody; shared, never to be drawn on.

    Raises TemplateInvalid when the background is damaged or not as large as the template says.
    """
    common = [text for text in template.texts if not text.is_personal]
    filled = [text.filled(words) for text in common]

    def set_up() -> Image.Image:
        page = _kept((template.digest,), lambda: _background(template)).copy()
        for picture in template.pictures:
            if picture.initial:
                paste_frame(page, picture)
        for text, line in zip(common, filled, strict=True):
            typeset(page, text, line)
        return page

    return _kept((template.digest, "stage", *filled), set_up)


def _kept(key: Key, make: Callable[[], Image.Image]) -> Image.Image:
    """A page made before, or made now; the least recently used are forgotten."""
    with _lock:
        if (page := _pages.get(key)) is not None:
            _pages.move_to_end(key)
            return page
    page = make()
    with _lock:
        _pages[key] = page
        while len(_pages) > PAGES_KEPT:
            _pages.popitem(last=False)
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
