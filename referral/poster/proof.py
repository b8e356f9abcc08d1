"""The proof that a finished poster leads where it should: its own pixels, decoded again.

Imports Pillow and the QR library.
"""

import io

from PIL import Image

from referral.poster import code
from referral.poster.template import Template

MOMENTS_WIDTH = 1080
MOMENTS_QUALITY = 50


class PosterUnreadable(Exception):
    """A finished poster does not scan to its link. A fault of the template, never shown to people.

    Such a poster must not be handed out: every follower it brought would be lost.
    """


def prove(jpeg: bytes, template: Template, link: str) -> None:
    """Read the code box alone and then the whole poster; both must say exactly `link`.

    A second code anywhere on the poster is refused too. Raises PosterUnreadable.
    """
    page = _grey(jpeg)
    if code.texts_in(page.crop(template.code.corners)) != [link]:
        raise PosterUnreadable(f"{template.name}: the code box does not say the link")
    if code.texts_in(page) != [link]:
        raise PosterUnreadable(f"{template.name}: the poster does not say the link alone")


def survives_moments(jpeg: bytes, link: str) -> bool:
    """True when the poster still scans to `link` after what chats and Moments do to a picture.

    Modelled harder than life: scaled to 1080 pixels wide and saved again at JPEG quality 50.
    """
    page = Image.open(io.BytesIO(jpeg)).convert("RGB")
    height = round(page.height * MOMENTS_WIDTH / page.width)
    out = io.BytesIO()
    page.resize((MOMENTS_WIDTH, height), Image.Resampling.BILINEAR).save(
        out, "JPEG", quality=MOMENTS_QUALITY
    )
    return code.texts_in(_grey(out.getvalue())) == [link]


def _grey(jpeg: bytes) -> Image.Image:
    """Only the brightness of a JPEG, which is all a code needs: half the decoding time."""
    page = Image.open(io.BytesIO(jpeg))
    page.draft("L", page.size)
    return page.convert("L")
