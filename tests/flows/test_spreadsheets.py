"""Spreadsheets of people who want the process gone; the parser never sees one of them."""

import zipfile
from io import BytesIO

import pytest
import xlsxwriter

from flows import safe_sheet, spreadsheets
from flows.spreadsheets import UnreadableFile, table_of

LAST = "XFD1048576"


def sheet(cells: str, **other: str) -> bytes:
    """A workbook whose first sheet holds these cells, with other parts replaced or added."""
    plain = BytesIO()
    with xlsxwriter.Workbook(plain) as book:
        book.add_worksheet().write_string(0, 0, "x")
    out = BytesIO()
    body = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
    parts = {"xl/worksheets/sheet1.xml": body, **other}
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, text in parts.items():
            new.writestr(name, text)
    return out.getvalue()


def strings(text: str) -> dict[str, str]:
    return {"xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>"}


@pytest.mark.parametrize(
    "raw",
    [
        sheet(f'<row r="1"><c r="A1"><v>1</v></c><c r="{LAST}"><v>1</v></c></row>'),
        sheet(f'<row><c r="A1"/></row></sheetData><dimension ref="A1:{LAST}"/><sheetData>'),
        sheet('<row r="1048576"><c r="A1"/>' + "<c/>" * 9 + "</row>"),
        sheet("<x:row><x:c/></x:row>" * 50_001 + "<row>" + "<c/>" * 20 + "</row>"),
        sheet("", **{"xl/media/../odd.xml": f'<row><c r="{LAST}"/></row>'}),
        sheet("<row>" + "<c/>" * 30_000 + "</row>", **strings("x" * 10_000)),
        sheet("<row/>", **{"xl/huge.xml": " " * (safe_sheet.UNPACKED_MAX + 1)}),
    ],
    ids=["corner", "dimension", "unplaced", "prefixed", "elsewhere", "shared", "unpacked"],
)
def test_what_asks_for_too_much_memory_never_reaches_the_parser(
    raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "CalamineWorkbook", None)
    assert len(raw) < spreadsheets.BYTES_MAX
    with pytest.raises(UnreadableFile, match="表格范围过大"):
        table_of(raw)


@pytest.mark.parametrize(
    "raw",
    [
        sheet('<row><c r="1A"/></row>'),
        sheet('<row><c r="A1"></row>'),
        sheet("", **{"xl/odd.xml": '<!DOCTYPE c [<!ATTLIST c r CDATA "A9">]><c/>'}),
        b"PK\x03\x04broken",
    ],
    ids=["place", "xml", "doctype", "archive"],
)
def test_what_two_readers_might_read_differently_is_refused(
    raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "CalamineWorkbook", None)
    with pytest.raises(UnreadableFile, match="无法读取文件"):
        table_of(raw)


@pytest.mark.parametrize("part", ["content.xml", "xl/workbook.bin"])
def test_another_format_behind_the_same_ending_is_refused(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "CalamineWorkbook", None)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(part, "<x/>")
    with pytest.raises(UnreadableFile):
        table_of(out.getvalue())


def test_only_what_was_looked_at_is_handed_on() -> None:
    raw = sheet('<row r="1"><c r="A1"><v>1</v></c></row>', **{"content.xml": "<", "xl/a.bin": "x"})
    with zipfile.ZipFile(BytesIO(safe_sheet.safe_sheet(raw))) as packed:
        assert {"content.xml", "xl/a.bin"}.isdisjoint(packed.namelist())
    assert table_of(raw) == [["1"]]


def test_a_height_given_to_the_last_row_is_no_cell() -> None:
    cells = '<row r="1"><c r="B1"><v>7</v></c></row><row r="1048576" ht="20"/>'
    assert table_of(sheet(cells)) == [["", "7"]]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_cell_longer_than_any_spreadsheet_holds_is_named_by_its_line(form: str) -> None:
    def file(length: int) -> bytes:
        text = "长" * length
        if form == "csv":
            return f"姓名\n{text}\n".encode()
        cells = '<row><c r="A1"><v>1</v></c></row><row><c r="A2" t="s"><v>0</v></c></row>'
        return sheet(cells, **strings(text))

    assert table_of(file(32_767))[1] == ["长" * 32_767]
    with pytest.raises(UnreadableFile, match="第 2 行有超过 32,767 字的单元格"):
        table_of(file(32_768))
