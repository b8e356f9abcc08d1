"""Pictures on the phone: reading a code from pixels, and squeezing as Moments does."""

import io

import zxingcpp
from PIL import Image, ImageOps

from simulator.errors import Refused

_MOST_PIXELS = 50_000_000
_MOMENTS_WIDTH = 1080
_MOMENTS_QUALITY = 50


def opened(content: bytes) -> Image.Image:
    """A picture in RGB, upright, on white; raises Refused when it is none or far too large."""
    try:
        with Image.open(io.BytesIO(content)) as found:
            if found.width * found.height > _MOST_PIXELS:
                raise Refused("the picture is too large")
            upright = ImageOps.exif_transpose(found).convert("RGBA")
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Refused("not a picture") from error
    ground = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(ground, upright).convert("RGB")


def read_picture(content: bytes) -> str:
    """The text of the first QR code in a picture; raises Refused when none can be read."""
    found = zxingcpp.read_barcodes(opened(content))
    texts = [str(one.text) for one in found if one.text]
    if not texts:
        raise Refused("no code can be read in the picture")
    return texts[0]


def squeezed(content: bytes) -> bytes:
    """The JPEG that is left of a picture after Moments; raises Refused."""
    picture = opened(content)
    if picture.width > _MOMENTS_WIDTH:
        height = max(1, round(picture.height * _MOMENTS_WIDTH / picture.width))
        picture = picture.resize((_MOMENTS_WIDTH, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_MOMENTS_QUALITY)
    return buffer.getvalue()
