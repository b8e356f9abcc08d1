"""One table as a file of either kind: CSV or XLSX, the same cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response

from console.export import csv_file
from console.sheets import Sheet, xlsx_file
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class Table:
    """What both kinds of file hold; `head` stands above the table in a workbook only."""

    file: str
    title: str
    head: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    made_at: datetime


def table_file(kind: str, table: Table) -> Response:
    """The file of a kind, `csv` or `xlsx`; NotFound for any other."""
    if kind == "csv":
        return csv_file(f"{table.file}.csv", table.columns, table.rows)
    if kind != "xlsx":
        raise NotFound
    sheet = Sheet(table.title, table.head, table.columns, table.rows, table.made_at)
    return xlsx_file(f"{table.file}.xlsx", sheet)
