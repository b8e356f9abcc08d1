"""Spreadsheet files: every cell a text or a number, never a formula; the same rows, the same bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

import xlsxwriter
from flask import Response

from console.export import NUMBERS, fitting

MIMETYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a few lines of names and values above it; `made_at` is in the file's papers."""

    name: str
    head: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    made_at: datetime


def xlsx_file(name: str, sheet: Sheet) -> Response:
    """An attachment: numbers stay numbers, all else is text, also what looks like a formula."""
    response = Response(_workbook(sheet), mimetype=MIMETYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _workbook(sheet: Sheet) -> bytes:
    out = BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": sheet.made_at.replace(tzinfo=None, microsecond=0)})
    page = book.add_worksheet(sheet.name)
    bold = book.add_format({"bold": True, "bg_color": "#EEF1F7"})
    page.set_column(0, max(len(sheet.columns) - 1, 1), 18)
    page.freeze_panes(len(sheet.head) + 1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    row = 0
    for label, value in sheet.head:
        page.write_string(row, 0, label)
        page.write_string(row, 1, fitting(value))
        row += 1
    for column, title in enumerate(sheet.columns):
        page.write_string(row, column, title, bold)
    for cells in sheet.rows:
        row += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, NUMBERS):
                page.write_number(row, column, cell)
            else:
                page.write_string(row, column, fitting(str(cell)))
    book.close()
    return out.getvalue()
