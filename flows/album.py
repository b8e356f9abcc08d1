"""Pictures of products: drawn anew in two sizes, kept as files under the digest of what they show."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from PIL import Image

from catalog.showing import Picture
from flows.safe_picture import as_jpeg, pixels_of
from wx_backend.db import take_turns
from wx_backend.errors import BadInput, NotFound
from wx_backend.platform import config
from wx_backend.whole_file import keep_file

SIDE: Final = 1_280
COVER_SIDE: Final = 480
_ADDRESS: Final = "/pictures/"
_COVER: Final = "-cover"
_NAME: Final = re.compile(r"[0-9a-f]{32}(-cover)?")


class PictureGone(BadInput):
    code, message = "picture_gone", "图片上传后太久没有使用，已被清理，请重新选择图片"


def keep_picture(data: bytes) -> Picture:
    """Keep an upload for an album; its address and size. Slow: call it outside of any transaction.

    The same picture is the same file. Raises BadPicture.
    """
    pixels = pixels_of(data, side=SIDE)
    large = as_jpeg(pixels, side=SIDE)
    name = blake2b(large.jpeg, digest_size=16).hexdigest()
    keep_file(_place(name), large.jpeg)
    keep_file(_place(name + _COVER), as_jpeg(pixels, side=COVER_SIDE).jpeg)
    return Picture(f"{_ADDRESS}{name}.jpg", large.width, large.height)


def cover_of(picture: Picture) -> str:
    """The address of its small form, for lists. One that was put in by other ways is its own."""
    if not picture.path.startswith(_ADDRESS):
        return picture.path
    return picture.path.removesuffix(".jpg") + f"{_COVER}.jpg"


def kept_picture(path: str) -> Picture | None:
    """A picture that was kept here under this address, with its size; None for any other address."""
    name = path.removeprefix(_ADDRESS).removesuffix(".jpg")
    if path != f"{_ADDRESS}{name}.jpg" or not _NAME.fullmatch(name) or not _place(name).is_file():
        return None
    with Image.open(_place(name), formats=("JPEG",)) as picture:
        return Picture(path, *picture.size)


def require_kept(pictures: Iterable[Picture]) -> None:
    """Before a row refers to pictures: they are there, and stay until it does. Raises PictureGone."""
    in_turn()
    ours = (each.path for each in pictures if each.path.startswith(_ADDRESS))
    if any(kept_picture(path) is None for path in ours):
        raise PictureGone(fields=["file"])


def let_go(paths: Iterable[str]) -> None:
    """A row refers to them no more: pages that were loaded before may still ask for them a while."""
    for name in map(name_in, paths):
        for file in (_place(name), _place(name + _COVER)):
            with suppress(FileNotFoundError):
                os.utime(file)


def in_turn() -> None:
    """Let whoever refers to pictures and whoever takes them away pass one after the other."""
    take_turns(b"pictures")


def name_in(path: str) -> str:
    """The name of a picture in the address or the file of any of its forms."""
    return path.rpartition("/")[2].partition(".")[0].removesuffix(_COVER)


def albums() -> Path:
    """Where they lie, in folders by the first two digits of their names."""
    return config().service.data_dir / "albums"


def picture_named(name: str) -> bytes:
    """The picture of a name. Raises NotFound."""
    place = _place(name) if _NAME.fullmatch(name) else None
    if place is None or not place.is_file():
        raise NotFound("没有找到这张图片")
    return place.read_bytes()


def _place(name: str) -> Path:
    return albums() / name[:2] / f"{name}.jpg"
