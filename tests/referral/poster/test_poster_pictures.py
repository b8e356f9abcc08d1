import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from referral.poster.pictures import PictureRefused, cleaned, opened
from referral.poster.values import PICTURE_BYTES_MAX
from tests.referral.poster.samples import photo

ORIENTATION, MAKER = 0x0112, 0x010F


def huge_png(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(1, 1), (300, 200), (40, 900)])
def test_a_picture_fills_its_box_whatever_its_shape(kind: str, size: tuple[int, int]) -> None:
    picture = opened(photo(kind, size), width=132, height=120)
    assert (picture.mode, picture.size) == ("RGB", (132, 120))


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_pictures_of_unusual_modes_are_drawn(mode: str) -> None:
    data = photo(
        "JPEG" if mode == "CMYK" else "PNG",
        colour=(0,) * len(mode) if mode == "CMYK" else 0,
        mode=mode,
    )
    assert opened(data, width=64, height=64).mode == "RGB"


def test_transparent_parts_become_white() -> None:
    data = photo("PNG", colour=(255, 0, 0, 0), mode="RGBA")
    assert opened(data, width=10, height=10).getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_taken_sideways_is_turned_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "where Alice lives"
    sideways = Image.new("RGB", (200, 200), "#ffffff")
    sideways.paste("#000000", (0, 0, 100, 200))
    out = io.BytesIO()
    sideways.save(out, "JPEG", exif=exif, comment=b"private")

    kept = cleaned(out.getvalue(), side=100)

    assert b"Alice" in out.getvalue()
    assert b"Alice" not in kept
    assert b"private" not in kept
    upright = Image.open(io.BytesIO(kept)).convert("L")
    assert upright.size == (100, 100)
    assert (upright.getpixel((50, 10)), upright.getpixel((50, 90))) == (0, 255)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo()[:200],
        photo("TIFF"),
        photo("BMP"),
        huge_png(50_000, 50_000),
        huge_png(12_000, 8_000),
        huge_png(7_000, 7_000),
        huge_png(9_000, 10),
        huge_png(0, 10),
        b"\xff\xd8" + b"\0" * PICTURE_BYTES_MAX,
    ],
    ids=lambda data: f"{len(data)} bytes",
)
def test_bombs_and_what_is_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        opened(data, width=100, height=100)


# Pillow warns about damaged metadata; a warning is no fault in production.
@pytest.mark.filterwarnings("default::UserWarning")
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
    st.integers(0, 400),
)
def test_a_damaged_file_is_drawn_or_refused(
    kind: str, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(photo(kind, (60, 60)))
    for place, value in edits:
        data[place % len(data)] = value
    try:
        picture = opened(bytes(data[: len(data) - cut]), width=30, height=30)
    except PictureRefused:
        return
    assert picture.size == (30, 30)
