"""The phone's camera: reading a code from the pixels of a picture."""

import io

import zxingcpp
from PIL import Image, UnidentifiedImageError

from simulator.errors import Refused


def read_picture(content: bytes) -> str:
    """The text of the first QR code in a picture; raises Refused when none can be read."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise Refused("not a picture") from error
    found = zxingcpp.read_barcodes(picture)
    texts = [str(one.text) for one in found if one.text]
    if not texts:
        raise Refused("no code can be read in the picture")
    return texts[0]
