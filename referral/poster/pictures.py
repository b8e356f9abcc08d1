"""Pictures people upload: opened with limits, turned upright, cut to their outline.

Imports Pillow. Nothing of the file but its pixels survives: metadata such as the place a photo
was taken never reaches a poster.
"""

import io
import struct
import zlib
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from referral.poster.template import PictureBox, Shape
from referral.poster.values import PICTURE_BYTES_MAX
from wx_backend.errors import BadInput

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXELS_MAX = 24_000_000
SIDE_MAX = 8_000
SMOOTH = 4  # outlines are drawn this many times larger and scaled down

# What Pillow's decoders raise for damaged or hostile files.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PictureRefused(BadInput):
    """An uploaded picture is too large, damaged, or no JPEG, PNG, WebP or GIF."""

    code, message = "picture_refused", "图片无法使用，请换一张 JPG 或 PNG 图片"


def opened(data: bytes, *, width: int, height: int) -> Image.Image:
    """An uploaded picture as RGB of exactly this size, centred and cropped to fill it.

    Transparent parts become white. Size and format are judged by the header, before any pixel
    is decoded. Raises PictureRefused.
    """
    if len(data) > PICTURE_BYTES_MAX:
        raise PictureRefused
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if max(picture.size) > SIDE_MAX or picture.width * picture.height > PIXELS_MAX:
            raise PictureRefused
        picture.draft("RGB", (width, height))
        upright = ImageOps.exif_transpose(picture)
        cut = ImageOps.fit(_on_white(upright), (width, height), Image.Resampling.BILINEAR)
    except _DAMAGED as error:
        raise PictureRefused from error
    cut.info = {}  # else a comment in the file would be written out again
    return cut


def cleaned(data: bytes, *, side: int = 512) -> bytes:
    """An uploaded avatar as a plain square JPEG without metadata, for keeping.

    Raises PictureRefused.
    """
    out = io.BytesIO()
    opened(data, width=side, height=side).save(out, "JPEG", quality=88)
    return out.getvalue()


@lru_cache(maxsize=32)
def outline(width: int, height: int, shape: Shape, radius: int) -> Image.Image:
    """The mask of a picture box: a circle (an ellipse in an oblong box) or rounded corners."""
    large = Image.new("L", (width * SMOOTH, height * SMOOTH), 0)
    corners = (0, 0, large.width - 1, large.height - 1)
    draw = ImageDraw.Draw(large)
    if shape == "circle":
        draw.ellipse(corners, fill=255)
    else:
        draw.rounded_rectangle(corners, radius * SMOOTH, fill=255)
    return large.resize((width, height), Image.Resampling.BOX)


def paste_outlined(page: Image.Image, picture: Image.Image | str, box: PictureBox) -> None:
    """Put a picture, or a plain colour, on the page in the outline of its box."""
    mask = outline(box.box.width, box.box.height, box.shape, box.radius)
    page.paste(picture, box.box.corners, mask)


def paste_frame(page: Image.Image, box: PictureBox) -> None:
    """Draw the ring around a picture box and fill the inside, for a picture or letter to cover."""
    x, y, width, height = box.box.x, box.box.y, box.box.width, box.box.height
    if box.ring:
        ring = outline(
            width + 2 * box.ring, height + 2 * box.ring, box.shape, box.radius + box.ring
        )
        page.paste(
            box.ring_colour,
            (x - box.ring, y - box.ring, x + width + box.ring, y + height + box.ring),
            ring,
        )
    paste_outlined(page, box.fill, box)


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGB", layered.size, "#ffffff")
    white.paste(layered, mask=layered.getchannel("A"))
    return white
