"""Where bills lie as they came: one file per digest, written once, read by hash."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TextIO

from wechat.pay.bills import opened
from wx_backend import platform
from wx_backend.strict import Malformed
from wx_backend.whole_file import keep_file


def keep(packed: bytes) -> str:
    """Keep a packed bill; the SHA-256 it is found by. Whole or not at all."""
    digest = hashlib.sha256(packed).hexdigest()
    place = _place(digest)
    if not place.exists():
        keep_file(place, packed)
    return digest


def unpacked(digest: str) -> TextIO:
    """A kept bill as lines of text. Raises Malformed when the file is not what it was."""
    return opened(BytesIO(raw(digest)))


def raw(digest: str) -> bytes:
    """A kept bill, packed, as it came. Raises Malformed when the file is not what it was."""
    try:
        packed = _place(digest).read_bytes()
    except FileNotFoundError:
        raise Malformed("the bill's file is missing") from None
    if hashlib.sha256(packed).hexdigest() != digest:
        raise Malformed("the bill's file was changed")
    return packed


def _place(digest: str) -> Path:
    return platform.config().service.data_dir / "bills" / digest[:2] / f"{digest}.csv.gz"
