"""What people typed or an address says, as the terminal's pages take it."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

from flask import request

from wx_backend.clock import SHANGHAI
from wx_backend.errors import BadInput
from wx_backend.words import printable

LINE_MAX: Final = 120
TEXT_MAX: Final = 1_000
POSITION_DIGITS: Final = 12


def typed_line(source: Mapping[str, str], name: str) -> str:
    """One line of a form or an address, without what cannot be printed."""
    return printable(source.get(name, "")).strip()[:LINE_MAX]


def typed_text(source: Mapping[str, str], name: str) -> str:
    """A text of several lines."""
    lines = source.get(name, "").splitlines()
    kept = (printable(line).rstrip() for line in lines)
    return "\n".join(kept).strip()[:TEXT_MAX]


def as_day(typed: str, name: str) -> date:
    """A day as a form or an address says it. Raises BadInput naming the field."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        raise BadInput("请选择日期", fields=[name]) from None
    if not 2000 <= found.year <= 2100:  # what instants of both databases hold with room to spare
        raise BadInput("日期超出范围", fields=[name])
    return found


def day_asked(name: str) -> datetime | None:
    """The beginning of a Shanghai day in the address; None without one. Raises BadInput."""
    typed = request.args.get(name, "")
    return datetime.combine(as_day(typed, name), time(), SHANGHAI) if typed else None


def position(name: str) -> int | None:
    """Where a list goes on, as its address says; None for the beginning."""
    typed = request.args.get(name, "")
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= POSITION_DIGITS
    return int(typed) if is_number else None
