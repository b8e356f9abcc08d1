"""Numbers out of a file: all rows or none, and every bad row is named."""

from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from catalog.number_models import NumberClass, NumberState, PhoneNumber
from catalog.numbers import NumberData
from flows.number_file import BadNumberFile, import_number_file, numbers_in
from tests.catalog.pool import fill_pool, number_row
from tests.catalog.shelf import NOON
from wx_backend import cli_numbers
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound

NUMBERS = ("14012340001", "14012340888")


@pytest.fixture
def pool(app: Flask) -> str:
    """The code of an outlet that has a pool."""
    assert app.testing
    fill_pool()
    return "POOL"


def a_csv(folder: Path, text: str) -> Path:
    file = folder / "numbers.csv"
    file.write_text(text, "utf-8-sig")
    return file


def test_a_csv_is_brought_in_once(pool: str, tmp_path: Path) -> None:
    file = a_csv(tmp_path, "号码,等级\n14012340001,\n14012340888,靓号\n\n")
    for new in (2, 0):
        with transaction():
            done = import_number_file(file, node_code=pool, now=NOON)
        assert (done.read, done.new) == (2, new)
    assert number_row(NUMBERS[1]).state == "free"


def test_a_file_may_say_the_least_monthly_fee_of_each_number() -> None:
    rows = [("号码", "等级", "最低月费"), (NUMBERS[0], "", ""), (NUMBERS[1], "靓号", "88.00")]
    assert [each.minimum_fen for each in numbers_in(rows)] == [0, 8_800]
    for wrong in ("88.005", "-1", "free", "20000"):
        with pytest.raises(BadNumberFile):
            numbers_in([*rows[:2], (NUMBERS[1], "靓号", wrong)])


def test_a_spreadsheet_may_hold_its_numbers_as_figures(pool: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        for row, values in enumerate(
            [("Number", "Class"), (14012340001, "premium"), ("14012340888", "普通")]
        ):
            sheet.write_row(row, 0, values)
    with transaction():
        assert import_number_file(file, node_code=pool, now=NOON).new == 2
    assert number_row(NUMBERS[0]).state == "free"


def test_every_bad_row_is_named() -> None:
    rows = [["号码", "等级"], ["123", ""], ["14012340001", "好"], ["14012340001"], ["14012340001"]]
    with pytest.raises(BadNumberFile) as refusal:
        numbers_in(rows)
    assert refusal.value.details["rows"] == [
        "第 2 行：“123”不是手机号码",
        "第 3 行：等级应为普通、靓号或精品",
        "第 5 行：号码 14012340001 在文件中重复",
    ]
    assert numbers_in([["msisdn"], ["14012340001"]]) == [
        NumberData("14012340001", NumberClass.ORDINARY)
    ]


def test_one_bad_row_brings_nothing_in(pool: str, tmp_path: Path) -> None:
    file = a_csv(tmp_path, "号码\n14012340001\nabc\n")
    with pytest.raises(BadNumberFile), transaction():
        import_number_file(file, node_code=pool, now=NOON)
    with pytest.raises(Exception, match="No row was found"):
        number_row(NUMBERS[0])
    db.session.rollback()


@pytest.mark.parametrize("text", ["", "名称\n1\n"])
def test_a_file_without_numbers_is_refused(pool: str, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadNumberFile):
        import_number_file(a_csv(tmp_path, text), node_code=pool, now=NOON)


def test_a_broken_file_or_an_unknown_pool_is_refused(pool: str, tmp_path: Path) -> None:
    broken = tmp_path / "numbers.xlsx"
    broken.write_bytes(b"PK nothing")
    with pytest.raises(BadNumberFile):
        import_number_file(broken, node_code=pool, now=NOON)
    with pytest.raises(NotFound):
        import_number_file(a_csv(tmp_path, "号码\n"), node_code="XX", now=NOON)


def test_the_command_says_what_it_did(pool: str, tmp_path: Path, config: Config) -> None:
    file = a_csv(tmp_path, "号码\n14012340001\n")
    command, say = cli_numbers.import_numbers, CliRunner().invoke
    db.session.remove()
    good = say(command, [str(file), "--node", pool], obj=lambda: config)
    assert (good.exit_code, good.output) == (0, "1 numbers read, 1 new\n")
    bad = say(command, [str(a_csv(tmp_path, "号码\nx\n")), "--node", pool], obj=lambda: config)
    assert bad.exit_code == 1
    assert "第 2 行" in bad.output


def test_the_command_takes_numbers_out_and_puts_them_back(
    pool: str, tmp_path: Path, config: Config
) -> None:
    first, second = NUMBERS
    file = a_csv(tmp_path, f"号码\n{first}\n{second}\n")

    def say(*more: str) -> str:
        db.session.remove()
        done = CliRunner().invoke(
            cli_numbers.import_numbers, [str(file), "--node", pool, *more], obj=lambda: config
        )
        assert done.exit_code == 0, done.output
        return done.output

    assert say() == "2 numbers read, 2 new\n"
    with transaction() as session:
        row = session.scalars(select(PhoneNumber).where(PhoneNumber.msisdn == first)).one()
        row.state, row.key = NumberState.SOLD, "line:1"
    assert say("--gone").splitlines() == [
        "2 numbers read, 1 taken out; held, ordered or sold, and left as they are:",
        first,
    ]
    assert (number_row(first).state, number_row(second).state) == ("sold", "withdrawn")
    assert say() == "2 numbers read, 0 new\n"
    assert number_row(second).state == "withdrawn"
    assert say("--back") == "2 numbers read, 1 put back\n"
    assert number_row(second).state == "free"
