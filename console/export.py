"""Files for spreadsheets: UTF-8 with a mark, and no cell that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO
from typing import Final

from flask import Response

BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel reads Chinese as Latin letters
CELL_MAX: Final = (
    32_767  # of UTF-16, as spreadsheets count: a longer cell makes a file one they refuse
)
NUMBERS: Final = (int, float, Decimal)  # ours: what people typed is text
# OWASP, "CSV Injection": what begins so is a formula to a spreadsheet.
_BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: object) -> str:
    """A cell as text; one that would be a formula begins with an apostrophe. A number stays one, below zero too."""
    text = str(cell)
    is_formula = not isinstance(cell, NUMBERS) and text.startswith(_BEGINS_FORMULA)
    return fitting(f"'{text}" if is_formula else text)


def fitting(text: str) -> str:
    """A text that a cell can hold: of a longer one the beginning, and an ellipsis."""
    if len(text) * 2 <= CELL_MAX:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= CELL_MAX * 2:
        return text
    return units[: (CELL_MAX - 1) * 2].decode("utf-16-le", "ignore") + "…"


def in_yuan(amount_fen: int) -> Decimal:
    """An amount as a number for a spreadsheet: `199900` -> `1999.00`."""
    return Decimal(amount_fen).scaleb(-2)


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """An attachment of these rows under a heading."""
    out = StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
