"""Small pictures drawn on the spot: the code of an address, as SVG inside the page."""

from io import BytesIO

from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """A QR code of a text, black on white whatever the theme, that scales with its box."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    code = qrcode.QRCode(border=3, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    out = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(out)
    svg = out.getvalue().decode()
    return Markup(svg[svg.index("<svg") :])  # noqa: S704 - drawn by us; the text is only dots in it
