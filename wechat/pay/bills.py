"""Daily bills: asked for, downloaded packed, and shown to be the file the signed answer promised.

A day is Beijing's; files exist from about 10:00 of the next. The download itself is unsigned: the
SHA-1 over the unpacked bytes, from the signed answer, is its only proof.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import urlencode, urlsplit

from wechat.pay.calls import Calls
from wx_backend.errors import PlatformError
from wx_backend.strict import Malformed

MAX_PACKED_BYTES: Final = 67_108_864
MAX_UNPACKED_BYTES: Final = 1_073_741_824
NOT_YET: Final = "STATEMENT_CREATING"
_CHUNK: Final = 262_144


class BillKind(StrEnum):
    """Which file: what was traded, or how the account's money moved."""

    TRADE = "trade"
    FUND_FLOW = "fund_flow"


@dataclass(frozen=True, slots=True)
class BillFile:
    """A day's bill as it came, packed; `sha1` is of the unpacked bytes and has been checked."""

    packed: bytes = field(repr=False)
    sha1: str
    unpacked_bytes: int


_ASKED: Final = {
    BillKind.TRADE: ("/v3/bill/tradebill", {"bill_type": "ALL"}),
    BillKind.FUND_FLOW: ("/v3/bill/fundflowbill", {"account_type": "BASIC"}),
}


def fetch_bill(calls: Calls, kind: BillKind, on: date) -> BillFile | None:
    """The bill of a business day; None when there was none that day.

    Raises PlatformError (NOT_YET: come back later) and Malformed for a file that contradicts its
    digest. The link lives for minutes, so both calls belong together.
    """
    api, asked = _ASKED[kind]
    query = {"bill_date": on.isoformat(), **asked, "tar_type": "GZIP"}
    try:
        sent = calls.call("GET", f"{api}?{urlencode(query)}", api=api)
    except PlatformError as refusal:
        if refusal.code == "NO_STATEMENT_EXIST":
            return None
        raise
    path, digest = _path_of(sent.get("download_url")), sent.get("hash_value")
    if path is None or not isinstance(digest, str) or sent.get("hash_type") != "SHA1":
        raise PlatformError(api, "unreadable_answer", permanent=False)
    packed = calls.download(path, api="/v3/billdownload/file", max_bytes=MAX_PACKED_BYTES)
    return _checked(packed, digest.lower())


def opened(file: Path | BytesIO) -> TextIO:
    """A packed bill as lines of text, read bit by bit."""
    return gzip.open(file, "rt", encoding="utf-8-sig", newline="\n")


def _path_of(url: object) -> str | None:
    """Path and query of the link to a file; None for a link that has none of WeChat Pay's paths.

    It is opened at our own base URL, whatever host it names, so that no other hears a signature of
    ours: a path without its slash would make the base URL another host's.
    """
    try:
        place = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return None
    if place is None or not place.path.startswith("/v3/"):
        return None
    return f"{place.path}?{place.query}"


def _checked(packed: bytes, promised: str) -> BillFile:
    digest, length = hashlib.sha1(usedforsecurity=False), 0
    for chunk in _unpacked(packed):
        length += len(chunk)
        digest.update(chunk)
    if digest.hexdigest() != promised:
        raise Malformed("the bill is not the file its digest promised")
    return BillFile(packed, promised, length)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    unzip, left, length = zlib.decompressobj(wbits=31), packed, 0
    while left or not unzip.eof:
        try:
            chunk = unzip.decompress(left, _CHUNK)
        except zlib.error:
            raise Malformed("the bill is not gzip") from None
        left, length = unzip.unconsumed_tail, length + len(chunk)
        if length > MAX_UNPACKED_BYTES or unzip.unused_data or not (chunk or left or unzip.eof):
            raise Malformed("the bill is cut off or too long")
        yield chunk
