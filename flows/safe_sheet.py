"""An XLSX made anew of parts that were looked at, before a parser sets memory aside for them.

The parser lays out the whole rectangle from the first cell to the last one, and copies a shared text
into every cell that names it: two kilobytes can ask for half a terabyte, and the process is gone.
So the parts are read here first, and what is handed on holds nothing else: no lying sizes in the
archive, no other format behind the same ending, no part this code and the parser read differently.
"""

import re
import zipfile
from io import BytesIO
from typing import Any, Final
from xml.parsers import expat

CELLS_MAX: Final = 1_000_000
UNPACKED_MAX: Final = 50_000_000
TEXT_MAX: Final = 200_000_000
"""Characters: the longest shared text times the number of cells, which may all name it."""

_BOOK: Final = "xl/workbook.xml"
_PART: Final = re.compile(r"(\[Content_Types\]|_rels/.*|xl/.*)\.(xml|rels)", re.IGNORECASE)
_PLACE: Final = re.compile(r"([A-Za-z]{1,7})([0-9]{1,9})")
_BROKEN: Final = (
    *(zipfile.BadZipFile, expat.ExpatError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError),
)


class NotASheet(Exception):
    """The file is no XLSX."""


class TooLarge(Exception):
    """Reading it would take more memory than a file of this kind is worth."""


def safe_sheet(raw: bytes) -> bytes:
    """The same workbook of checked parts only. Raises NotASheet and TooLarge."""
    try:
        parts = _parts(raw)
        sizes = [_size_of(text) for text in parts.values()]
    except _BROKEN as error:
        raise NotASheet from error
    cells = sum(size.cells for size in sizes)
    longest = max(size.longest_text for size in sizes)
    if any(size.area > CELLS_MAX for size in sizes) or longest * cells > TEXT_MAX:
        raise TooLarge
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name, text in parts.items():
            out.writestr(name, text)
    return packed.getvalue()


def _parts(raw: bytes) -> dict[str, bytes]:
    """The parts that make up a workbook, by name; without pictures, macros and the like."""
    with zipfile.ZipFile(BytesIO(raw)) as packed:
        infos = {
            each.filename: each for each in packed.infolist() if _PART.fullmatch(each.filename)
        }
        if _BOOK not in infos:
            raise NotASheet
        if sum(each.file_size for each in infos.values()) > UNPACKED_MAX:
            raise TooLarge
        return {name: packed.read(info) for name, info in infos.items()}


class _Size:
    """How far the cells of one part reach, and how long its longest shared text is."""

    def __init__(self) -> None:
        self.row = self.column = self.cells = 0
        self.last_row = self.last_column = 0
        self.text = self.longest_text = 0
        self.is_shared = False

    @property
    def area(self) -> int:
        return self.last_row * self.last_column

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. A row or cell that does not say where it is comes after the furthest one."""
        kind, place = name.rpartition(":")[2], attributes.get("r")
        if kind == "row":
            self.row, self.column = max(self.row, int(place)) if place else self.row + 1, 0
        elif kind == "c":
            self._cell(place)
        elif kind == "dimension" and "ref" in attributes:
            for corner in attributes["ref"].split(":"):
                self._reach(*_row_and_column(corner))
        elif kind == "si":
            self.is_shared, self.text = True, 0

    def add_text(self, text: str) -> None:
        """Text; of a shared one all pieces count together."""
        if self.is_shared:
            self.text += len(text)
            self.longest_text = max(self.longest_text, self.text)

    def _cell(self, place: str | None) -> None:
        self.cells += 1
        self.column += 1
        if place:
            row, column = _row_and_column(place)
            self.row, self.column = max(self.row, row), max(self.column, column)
        self._reach(self.row, self.column)

    def _reach(self, row: int, column: int) -> None:
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)


def _size_of(text: bytes) -> _Size:
    size, reader = _Size(), expat.ParserCreate("UTF-8")
    reader.buffer_text = True
    reader.StartDoctypeDeclHandler = _refuse
    reader.StartElementHandler = size.start
    reader.CharacterDataHandler = size.add_text
    reader.Parse(text, True)
    return size


def _refuse(*_: Any) -> None:
    raise NotASheet


def _row_and_column(place: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise NotASheet
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column
