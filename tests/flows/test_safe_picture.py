"""Uploads are told by decoding them: what is no picture, lies or would burst is refused."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from flows.safe_picture import BYTES_MAX, BadPicture, drawn_anew


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_jpeg_of_our_own(kind: str) -> None:
    drawn = drawn_anew(saved(Image.new("RGB", (3_000, 1_500), "red"), kind))
    assert (drawn.width, drawn.height) == (1_600, 800)
    assert Image.open(BytesIO(drawn.jpeg)).format == "JPEG"


def test_nothing_of_the_upload_stays_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[2] = (22.5, 30.0, 0.0)
    raw = saved(Image.new("RGB", (80, 40), "red"), "JPEG", exif=exif, comment=b"secret place")
    assert b"a camera" in raw
    drawn = drawn_anew(raw)
    picture = Image.open(BytesIO(drawn.jpeg))
    assert (drawn.width, drawn.height) == (40, 80)
    assert not picture.getexif()
    assert b"a camera" not in drawn.jpeg
    assert b"secret place" not in drawn.jpeg


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0)).convert(mode)
    drawn = Image.open(BytesIO(drawn_anew(saved(clear, "PNG")).jpeg))
    if mode != "P":  # a palette made of it has lost what was clear
        assert drawn.getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script></html>",
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n",
        saved(Image.new("RGB", (4, 4)), "GIF"),
        saved(Image.new("RGB", (4, 4)), "BMP"),
        saved(Image.new("RGB", (4, 4)), "TIFF"),
        saved(Image.new("RGB", (200, 200), "red"), "PNG")[:-60],
        b"\0" * (BYTES_MAX + 1),
        bomb(60_000, 60_000),
        bomb(10_000, 6_000),
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPicture):
        drawn_anew(raw)


def test_only_what_is_decoded_at_a_smaller_scale_may_have_many_pixels() -> None:
    large = Image.new("L", (6_000, 4_000))
    with pytest.raises(BadPicture, match="图片太大"):
        drawn_anew(saved(large, "PNG"))
    drawn = drawn_anew(saved(large, "JPEG"))
    assert (drawn.width, drawn.height) == (1_600, 1_067)


@pytest.mark.parametrize("mode", ["1", "I;16", "CMYK", "P"])
def test_unusual_pixels_are_drawn_too(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    drawn = drawn_anew(saved(Image.new(mode, (2_000, 1_000)), kind))
    assert (drawn.width, drawn.height) == (1_600, 800)
