"""The QR code of a poster: drawn by the compiled encoder, read back by its decoder.

Imports Pillow and the QR library.
"""

import zxingcpp
from PIL import Image

from referral.poster.template import Box
from wx_backend.errors import BadInput

ERROR_CORRECTION = "M"
READABLE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
QUIET_MODULES = 4  # ISO/IEC 18004: the light margin on every side
MODULE_MIN_PX = 4  # below this a phone cannot read the poster once it was scaled in a chat


class LinkTooLong(BadInput):
    """The link needs a finer code than the template's code box can hold legibly."""

    code, message = "poster_link_too_long", "链接太长，二维码放不下"


def drawn(link: str, box: Box) -> Image.Image:
    """The code for a link on white, as large as whole pixels per module allow, centred in `box`.

    Quiet zone included, error correction level M or better. Raises LinkTooLong.
    """
    barcode = zxingcpp.create_barcode(
        link, zxingcpp.BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION
    )
    modules = Image.fromarray(barcode.to_image(scale=1, add_quiet_zones=False))
    side = min(box.width, box.height)
    scale = side // (modules.width + 2 * QUIET_MODULES)
    if scale < MODULE_MIN_PX:
        raise LinkTooLong
    enlarged = modules.resize(
        (modules.width * scale, modules.height * scale), Image.Resampling.NEAREST
    )
    white = Image.new("L", (box.width, box.height), 255)
    white.paste(enlarged, ((box.width - enlarged.width) // 2, (box.height - enlarged.height) // 2))
    return white


def texts_in(picture: Image.Image) -> list[str]:
    """What every QR code found in a greyscale picture says."""
    found = zxingcpp.read_barcodes(picture, formats=READABLE)
    return [barcode.text for barcode in found]
