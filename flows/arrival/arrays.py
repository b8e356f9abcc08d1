"""Arrays in PostgreSQL's binary form: `of_*` write one element, `columns` many rows of elements."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Final

from psycopg import adapters

NULL: Final = b"\xff\xff\xff\xff"

_HEAD: Final = Struct("!iiIii").pack  # dimensions, whether NULLs occur, type, length, lower bound
_LENGTH: Final = Struct("!i").pack
_FLAGS: Final = (b"\x00\x00\x00\x01\x00", b"\x00\x00\x00\x01\x01")
_INT8: Final = Struct("!iq").pack
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def of_bytes(value: bytes) -> bytes:
    return _LENGTH(len(value)) + value


def of_text(value: str | None) -> bytes:
    """Raises UnicodeEncodeError for half a surrogate pair."""
    return NULL if value is None else of_bytes(value.encode())


of_word = lru_cache(4_096)(of_text)  # names and kinds: few, and again and again the same


def of_instant(value: datetime) -> bytes:
    return _INT8(8, (value - _EPOCH) // _MICROSECOND)


def of_flag(value: bool | None) -> bytes:
    return NULL if value is None else _FLAGS[value]


def of_number(value: int | None) -> bytes:
    """A number of 64 bits."""
    return NULL if value is None else _INT8(8, value)


def array(kind: str, cells: Sequence[bytes]) -> bytes:
    """An array of cells, all of the type `kind`."""
    return _HEAD(1, 1, adapters.types[kind].oid, len(cells), 1) + b"".join(cells)


def columns(kinds: Iterable[str], rows: Iterable[Sequence[bytes]]) -> list[bytes]:
    """Rows of cells as one array per column."""
    return [array(kind, cells) for kind, cells in zip(kinds, zip(*rows, strict=True), strict=True)]
