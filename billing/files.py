"""The nightly files: every order of a day for billing, and its acknowledgement of each.

A file is UTF-8 text of comma-separated lines: a heading, a line per order line (or per order, in
an acknowledgement), and a last line `#,<lines>,<sum of fen>,<signature>`. The signature is the
hex HMAC-SHA256 of everything before it under the secret shared with billing, so that a file that
was cut off, or put there by somebody else, is not believed.
"""

import csv
import hmac
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final

from billing.client import NotAuthentic, signature
from billing.values import HandOver, Line
from wx_backend.strict import Malformed, whole_number

MAX_BYTES: Final = 64 * 1024 * 1024
_FILE_MODE: Final = 0o640
_FOLDER_MODE: Final = 0o770
_LINE_FIELDS: Final = tuple(field.name for field in fields(Line))
HEADING: Final = ("order_number", "outlet_code", *_LINE_FIELDS)
ACK_HEADING: Final = ("order_number", "result", "receipt_no", "reason", "decided_at")
_RESULTS: Final = frozenset({"accepted", "refused"})
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}\.csv(\.[A-Za-z0-9]{1,8})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What billing says of one order of a file; `receipt_no` of an accepted one, else a reason."""

    order_number: str
    is_accepted: bool
    receipt_no: str
    reason: str
    decided_at: datetime


def content_of(orders: Iterable[HandOver], key: str) -> bytes:
    """The file of these orders; equal orders give equal bytes."""
    rows = [
        (order.order_number, order.outlet_code, *asdict(line).values())
        for order in orders
        for line in order.lines
    ]
    paid_fen = sum(line.paid_fen for order in orders for line in order.lines)
    return _signed(HEADING, rows, paid_fen, key)


def acknowledged(raw: bytes, key: str) -> list[Acknowledged]:
    """The lines of an acknowledgement.

    Raises NotAuthentic unless billing signed these very bytes, Malformed for what makes no sense
    although it did.
    """
    rows = _read(raw, key)
    if tuple(next(rows, ())) != ACK_HEADING:
        raise Malformed("not the heading of an acknowledgement")
    return [_acknowledged(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The folder both sides see (a mounted SFTP directory); ours to write is `to_billing`.

    A file appears under its name at once and whole: it is written beside and renamed. It holds
    phone numbers: beside us and the group of the folder nobody may read it.
    """

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        """Leave a file for billing; the same again changes nothing."""
        _replace(self._place("to_billing") / _checked(name), content)

    def waiting(self) -> list[str]:
        """The names of the acknowledgements that lie there, oldest name first."""
        found = self._place("from_billing").iterdir()
        return sorted(path.name for path in found if _NAME.fullmatch(path.name))

    def read(self, name: str) -> bytes | None:
        """One of them; None when it is gone. Raises Malformed for a file beyond all measure."""
        path = self._place("from_billing") / _checked(name)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise Malformed("too long")
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def put_away(self, name: str, *, is_good: bool) -> None:
        """Move what was read out of the way, to `done` or `refused`; nothing if it is gone."""
        source = self._place("from_billing") / _checked(name)
        if source.exists():
            source.replace(self._place("done" if is_good else "refused") / name)

    def _place(self, name: str) -> Path:
        place = self.folder / name
        self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        place.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        return place


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of an exchanged file")
    return name


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)  # left by a crash; its mode may be another
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _signed(
    heading: Sequence[str], rows: Sequence[Sequence[object]], total_fen: int, key: str
) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    body = f"{out.getvalue()}#,{len(rows)},{total_fen},"
    return f"{body}{signature(key, body.encode())}\n".encode()


def _read(raw: bytes, key: str) -> Iterator[list[str]]:
    """The lines between nothing and the last one, whose count and signature hold."""
    body, comma, signed = raw.rstrip(b"\r\n").rpartition(b",")
    if not comma or not hmac.compare_digest(signature(key, body + comma).encode(), signed):
        raise NotAuthentic
    try:
        rows = list(csv.reader(StringIO(body.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Malformed("not a file of comma-separated lines") from None
    last = rows.pop()
    if (
        len(last) != 3
        or last[0] != "#"
        or whole_number(last[1], low=0, high=10**9) + 1 != len(rows)
    ):
        raise Malformed("the last line does not count the others")
    return iter(rows)


def _acknowledged(row: Sequence[str]) -> Acknowledged:
    if len(row) != len(ACK_HEADING) or row[1] not in _RESULTS or not row[0]:
        raise Malformed("not a line of an acknowledgement")
    number, result, receipt_no, reason, decided = row
    is_accepted = result == "accepted"
    if is_accepted and not receipt_no:
        raise Malformed("accepted without a receipt number")
    try:
        decided_at = datetime.fromisoformat(decided)
    except ValueError:
        raise Malformed("no instant") from None
    if decided_at.tzinfo is None:
        raise Malformed("an instant needs a time zone")
    return Acknowledged(
        order_number=number,
        is_accepted=is_accepted,
        receipt_no=receipt_no,
        reason=reason[:200],
        decided_at=decided_at,
    )
