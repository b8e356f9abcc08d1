"""What people typed or an address says, as the terminal's pages take it."""

from collections.abc import Mapping
from typing import Final

from flask import request

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


def position(name: str) -> int | None:
    """Where a list goes on, as its address says; None for the beginning."""
    typed = request.args.get(name, "")
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= POSITION_DIGITS
    return int(typed) if is_number else None
