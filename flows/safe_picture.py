"""Pictures that people upload: told by decoding them, never by name or type, and drawn anew."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from wx_backend.errors import BadInput

FORMATS: Final = ("JPEG", "PNG", "WEBP")
BYTES_MAX: Final = 8 * 1024 * 1024
PIXELS_MAX: Final = 50_000_000
WHOLE_MAX: Final = 20_000_000
"""Of what cannot be decoded at a smaller scale: every pixel of it takes memory."""
SIDE_MAX: Final = 1_600
QUALITY: Final = 82
_SCALABLE: Final = ("RGB", "RGBA", "L", "LA")
_TOO_LARGE: Final = "图片太大，请降低分辨率后再上传"
_BROKEN: Final = (UnidentifiedImageError, OSError, ValueError, SyntaxError)
_BURSTING: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class BadPicture(BadInput):
    code, message = "bad_picture", "图片无法识别，请上传 JPG、PNG 或 WebP 图片"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A JPEG of our own making and its size."""

    jpeg: bytes
    width: int
    height: int


def drawn_anew(data: bytes, *, side: int = SIDE_MAX) -> Drawn:
    """An upload upright, as JPEG, at most so many pixels a side. Raises BadPicture.

    Nothing of it survives but its pixels: no metadata, no place where it was taken.
    """
    return as_jpeg(pixels_of(data, side=side), side=side)


def pixels_of(data: bytes, *, side: int = SIDE_MAX) -> Image.Image:
    """The upright pixels of an upload; what is transparent is white. Raises BadPicture.

    How many there are is read from the head of the file, before memory is set aside for them;
    `side` lets a large JPEG be decoded at a smaller scale.
    """
    if not 0 < len(data) <= BYTES_MAX:
        raise BadPicture
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(data), formats=FORMATS)
            most = PIXELS_MAX if picture.format == "JPEG" else WHOLE_MAX
            if picture.width * picture.height > most:
                raise BadPicture(_TOO_LARGE)
            picture.draft("RGB", (side, side))
            return _on_white(ImageOps.exif_transpose(_small(picture, side)))
    except _BURSTING as error:
        raise BadPicture(_TOO_LARGE) from error
    except _BROKEN as error:
        raise BadPicture from error


def _small(picture: Image.Image, side: int) -> Image.Image:
    """Its pixels at most so many a side; made smaller before anything else copies them."""
    if picture.mode not in _SCALABLE:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((side, side))
    return picture


def as_jpeg(picture: Image.Image, *, side: int) -> Drawn:
    """A picture as JPEG, at most so many pixels a side."""
    small, out = picture.copy(), BytesIO()
    small.thumbnail((side, side))
    small.save(out, "JPEG", quality=QUALITY)
    return Drawn(out.getvalue(), small.width, small.height)


def _on_white(picture: Image.Image) -> Image.Image:
    """The pixels alone: what else a picture carries goes along with every way of changing it."""
    found = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    bare = Image.new("RGB", found.size, "white")
    bare.paste(found, mask=found if found.mode == "RGBA" else None)
    return bare
