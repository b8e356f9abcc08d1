"""Phone numbers in a file of the operator, to be sold here or no more; every bad row is named."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, load_workbook

from catalog.number_models import NumberClass
from catalog.number_queries import taken_among
from catalog.numbers import NumberData, import_numbers, put_back, withdraw
from catalog.plans import FEE_MAX_FEN
from org.models import OrgNode, Tier
from org.queries import node_by_code
from wx_backend.errors import BadInput, NotFound
from wx_backend.money import fen_from_yuan, yuan

ROWS_MAX: Final = 200_000
ERRORS_SHOWN: Final = 20
_MSISDN: Final = re.compile(r"1[3-9][0-9]{9}\Z")
_HEADINGS: Final = {"号码": "msisdn", "手机号": "msisdn", "msisdn": "msisdn", "number": "msisdn"}
_HEADINGS_GRADE: Final = {"等级": "grade", "级别": "grade", "class": "grade", "grade": "grade"}
_HEADINGS_MINIMUM: Final = {"最低月费": "minimum", "最低消费": "minimum", "minimum": "minimum"}
_GRADES: Final = {
    "": NumberClass.ORDINARY,
    "普通": NumberClass.ORDINARY,
    "靓号": NumberClass.FINE,
    "精品": NumberClass.PREMIUM,
    **{grade.value: grade for grade in NumberClass},
}


class BadNumberFile(BadInput):
    """Nothing was brought in; `details.rows` says what is wrong in which row."""

    code, message = "bad_number_file", "号码文件有误，没有改动任何号码"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many numbers a file named, and how many of them were new to the pool."""

    read: int
    new: int


def import_number_file(path: Path, *, node_code: str, now: datetime) -> Imported:
    """Bring the numbers of a file into the pool of a city or outlet: all rows, or none.

    Raises NotFound for a node that has no pool, BadNumberFile.
    """
    node_id, found = _pool(node_code).id, numbers_in(_rows(path))
    return Imported(len(found), import_numbers(node_id=node_id, numbers=found, now=now))


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many numbers a file named, how many were taken out, and which ones somebody has."""

    read: int
    out: int
    taken: list[str]


def withdraw_number_file(path: Path, *, node_code: str, now: datetime) -> Withdrawn:
    """Take the numbers of a file out of a pool; what somebody holds or has stays. Raises as above."""
    node_id, numbers = _pool(node_code).id, _numbers_of(path)
    out = withdraw(node_id=node_id, numbers=numbers, now=now)
    return Withdrawn(len(numbers), out, taken_among(node_id, numbers))


def put_back_number_file(path: Path, *, node_code: str, now: datetime) -> Imported:
    """Offer the numbers of a file again that were taken out of a pool. Raises as above."""
    node_id, numbers = _pool(node_code).id, _numbers_of(path)
    return Imported(len(numbers), put_back(node_id=node_id, numbers=numbers, now=now))


def _numbers_of(path: Path) -> list[str]:
    return [each.msisdn for each in numbers_in(_rows(path))]


def _pool(code: str) -> OrgNode:
    node = node_by_code(code)
    if node is None or node.tier not in {Tier.CITY, Tier.OUTLET}:
        raise NotFound(f"没有代码为 {code} 的城市或网点")
    return node


def numbers_in(rows: Sequence[Sequence[str]]) -> list[NumberData]:
    """The numbers under a heading row. Raises BadNumberFile with each bad row's number."""
    if not rows:
        raise BadNumberFile(rows=["第 1 行：文件是空的"])
    columns = {_column(cell): place for place, cell in enumerate(rows[0])}
    if "msisdn" not in columns:
        raise BadNumberFile(rows=["第 1 行：没有“号码”列"])
    found: dict[str, NumberData] = {}
    faults: list[str] = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        number, fault = _number(row, columns, found)
        if number is None:
            faults.append(f"第 {line} 行：{fault}")
        else:
            found[number.msisdn] = number
    if faults:
        raise BadNumberFile(rows=faults[:ERRORS_SHOWN], count=len(faults))
    return [*found.values()]


def _number(
    row: Sequence[str], columns: dict[str, int], found: dict[str, NumberData]
) -> tuple[NumberData | None, str]:
    """The number of one row, or what is wrong with it."""
    msisdn = _cell(row, columns["msisdn"])
    grade = _GRADES.get(_cell(row, columns["grade"]) if "grade" in columns else "")
    if not _MSISDN.match(msisdn):
        return None, f"“{msisdn[:20]}”不是手机号码"
    if grade is None:
        return None, "等级应为普通、靓号或精品"
    if msisdn in found:
        return None, f"号码 {msisdn} 在文件中重复"
    try:
        minimum_fen = fen_from_yuan(_cell(row, columns.get("minimum", len(row))) or "0")
    except ValueError:
        return None, "最低月费应为元，最多两位小数"
    if not 0 <= minimum_fen <= FEE_MAX_FEN:
        return None, f"最低月费应在 0 至 {yuan(FEE_MAX_FEN)} 元之间"
    return NumberData(msisdn, grade, minimum_fen), ""


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _column(heading: str) -> str:
    name = heading.strip().lstrip("\ufeff").lower()
    return {**_HEADINGS, **_HEADINGS_GRADE, **_HEADINGS_MINIMUM}.get(name, "")


def _rows(path: Path) -> list[list[str]]:
    reader = _sheet_rows if path.suffix.lower() in {".xlsx", ".xls", ".ods"} else _csv_rows
    rows: list[list[str]] = []
    try:
        for row in reader(path):
            rows.append(row)
            if len(rows) > ROWS_MAX:
                raise BadNumberFile(f"文件超过 {ROWS_MAX} 行，请拆分后导入")
    except (OSError, UnicodeError, csv.Error, CalamineError) as error:
        raise BadNumberFile("无法读取号码文件", rows=[type(error).__name__]) from error
    return rows


def _csv_rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file)


def _sheet_rows(path: Path) -> Iterator[list[str]]:
    sheet = load_workbook(str(path)).get_sheet_by_index(0)
    for row in sheet.to_python(skip_empty_area=False):
        yield [_text(cell) for cell in row]


def _text(cell: object) -> str:
    """Spreadsheets keep a number typed without an apostrophe as a float."""
    return f"{cell:.0f}" if isinstance(cell, float) else str(cell)
