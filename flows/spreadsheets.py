"""Files people made with a spreadsheet, as rows of text: XLSX, or CSV in either encoding."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from flows.safe_sheet import NotASheet, TooLarge, safe_sheet
from wx_backend.errors import BadInput
from wx_backend.words import printable

BYTES_MAX: Final = 2_000_000
CELL_MAX: Final = 32_767
_SHEET: Final = b"PK\x03\x04"


class UnreadableFile(BadInput):
    code, message = "unreadable_file", "无法读取文件，请上传 XLSX 或 CSV"


def table_of(raw: bytes) -> list[list[str]]:
    """The file as rows of text, whichever of the two forms it has. Raises UnreadableFile."""
    if len(raw) > BYTES_MAX:
        raise UnreadableFile("文件过大")
    rows = _sheet(raw) if raw.startswith(_SHEET) else _text(raw)
    for number, row in enumerate(rows, 1):
        if any(len(cell) > CELL_MAX for cell in row):
            raise UnreadableFile(f"第 {number} 行有超过 {CELL_MAX:,} 字的单元格，请修改后再上传")
    return rows


def plain_cell(cells: Sequence[str], position: int) -> str:
    """A cell without blanks and without the apostrophe that kept it from being a formula."""
    if position >= len(cells):
        return ""
    return printable(cells[position]).strip().removeprefix("'")


def _sheet(raw: bytes) -> list[list[str]]:
    try:
        packed = BytesIO(safe_sheet(raw))
        rows = (
            CalamineWorkbook.from_filelike(packed)
            .get_sheet_by_index(0)
            .to_python(skip_empty_area=False)
        )
    except TooLarge as error:
        raise UnreadableFile("表格范围过大，请删除多余的行、列后再上传") from error
    except (NotASheet, CalamineError, OSError, IndexError) as error:
        raise UnreadableFile from error
    return [[_cell(value) for value in row] for row in rows]


def _text(raw: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return list(csv.reader(StringIO(raw.decode(encoding), newline="")))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise UnreadableFile from error
    raise UnreadableFile


def _cell(value: Any) -> str:
    """Spreadsheets keep a number typed without an apostrophe as a float."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    return str(value)
