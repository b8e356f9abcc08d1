"""The pay file and finance's answer to it: counted, deterministic, and booked once."""

import csv
import zipfile
from io import BytesIO, StringIO

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from console.sheets import Sheet, xlsx_file
from flows.payout.pay_file import AMOUNT, COLUMNS, NUMBER, OUTCOME, WHY, NotReleased, pay_file
from flows.payout.return_file import (
    Verdict,
    apply_return,
    preview,
    read_return,
    take_return,
)
from flows.spreadsheets import UnreadableFile
from ledger.models import AccountKind
from ledger.values import of_company
from settlement.payouts.ending import AFTER_BOOKS
from settlement.payouts.models import BatchStatus, PayoutStatus
from settlement.periods import SamePerson
from tests.payouts.world import (
    CAROL,
    DAN,
    World,
    approve,
    assert_books_balance,
    batch,
    events,
    free,
    on,
    open_kinds,
    payout_to,
    propose,
    released,
    statuses,
    transit,
)
from wx_backend import clock, crash
from wx_backend.db import retried

BANK = of_company(AccountKind.PAYOUT_FUNDS)
PAID, FAILED = PayoutStatus.PAID, PayoutStatus.FAILED
Rows = list[tuple[str, str, str, str]]


def fetched(world: World, number: str, by: str = DAN) -> list[tuple[str, ...]]:
    """The file's head and rows as somebody downloads it."""
    made = retried(
        lambda: pay_file(number=number, scope_id=world.tree.group, by=by, now=clock.now())
    )
    return [*made.head, *(tuple(row) for row in made.rows)]


def answer(rows: Rows) -> bytes:
    """A return file as finance saves it in a spreadsheet."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["批次号", "PB1"])
    sheet.write_row(1, 0, [NUMBER, AMOUNT, OUTCOME, WHY])
    for line, (number, amount, outcome, why) in enumerate(rows, 2):
        sheet.write_string(line, 0, number)
        sheet.write_number(line, 1, float(amount))
        sheet.write_row(line, 2, [outcome, why])
    book.close()
    return out.getvalue()


def as_csv(rows: Rows, encoding: str = "utf-8-sig") -> bytes:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([NUMBER, AMOUNT, OUTCOME, WHY])
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def take(world: World, number: str, raw: bytes) -> int:
    file = read_return(raw, "回盘.xlsx")
    return retried(
        lambda: take_return(
            number=number,
            scope_id=world.tree.group,
            file=file,
            by=DAN,
            now=clock.now(),
        )
    )


def look(world: World, number: str, return_id: int) -> list[Verdict]:
    return preview(number=number, return_id=return_id, scope_id=world.tree.group)[1]


def book(world: World, number: str, return_id: int) -> int:
    return retried(
        lambda: apply_return(
            number=number,
            return_id=return_id,
            scope_id=world.tree.group,
            by=DAN,
            now=clock.now(),
        )
    )


def both(outcome: str = "成功") -> Rows:
    alice, amy = payout_to("爱丽丝").number, payout_to("艾米").number
    return [(alice, "50.00", outcome, ""), (amy, "20.00", "失败", "账号有误")]


def test_the_file_says_whom_how_much_and_how_much_in_all(world: World) -> None:
    number = released(world)
    rows = fetched(world, number)
    head = {row[0]: row[1] for row in rows[:5]}
    assert (head["批次号"], head["笔数"], head["实发合计（元）"]) == (number, "2", "70.00")
    assert len(head["控制码"]) == 16
    table = [dict(zip(COLUMNS, row, strict=True)) for row in rows[5:]]
    assert {(row["收款人"], row[AMOUNT], row[OUTCOME]) for row in table} == {
        ("爱丽丝", "50.00", ""),
        ("艾米", "20.00", ""),
    }
    assert fetched(world, number) == rows


def test_the_file_is_for_a_second_person_and_after_approval(world: World) -> None:
    number = propose(world)
    with pytest.raises(NotReleased):
        fetched(world, number)
    approve(world, number)
    world.work()
    with pytest.raises(SamePerson):
        fetched(world, number, by=CAROL)
    fetched(world, number)
    assert [event for event in events() if event[0] == "downloaded"] == [("downloaded", DAN)]


@pytest.mark.parametrize("form", ["xlsx", "csv", "gbk"])
def test_what_finance_says_is_booked(world: World, form: str) -> None:
    number = released(world)
    rows = both()
    raw = {
        "xlsx": answer(rows),
        "csv": as_csv(rows),
        "gbk": as_csv(rows, "gb18030"),
    }[form]
    return_id = take(world, number, raw)
    assert [each.what for each in look(world, number, return_id)] == ["paid", "failed"]
    assert statuses()["爱丽丝"] == PayoutStatus.READY
    assert book(world, number, return_id) == 2
    assert statuses() == {"爱丽丝": PAID, "艾米": FAILED, "戴夫": "left_out"}
    assert payout_to("艾米").reason == "账号有误"
    assert (free(world.alice), transit(world.alice)) == (0, 0)
    assert (free(world.amy), transit(world.amy)) == (2_000, 0)
    assert on(BANK) == -5_000
    assert batch(number).status == BatchStatus.DONE
    assert_books_balance()


def test_the_same_file_twice_changes_nothing(world: World) -> None:
    number = released(world)
    raw = answer(both())
    first = take(world, number, raw)
    assert book(world, number, first) == 2
    second = take(world, number, raw)
    assert second == first
    assert book(world, number, second) == 0
    third = take(world, number, as_csv(both()))
    assert {each.what for each in look(world, number, third)} == {"repeat"}
    assert book(world, number, third) == 0
    assert on(BANK) == -5_000
    assert open_kinds() == []


def test_each_odd_row_is_told_and_set_aside(world: World) -> None:
    number = released(world)
    alice, amy = payout_to("爱丽丝").number, payout_to("艾米").number
    rows = [
        ("PO999", "1.00", "成功", ""),
        (alice, "50.01", "成功", ""),
        (amy, "20.00", "也许", ""),
        (alice, "50.00", "成功", ""),
    ]
    return_id = take(world, number, answer(rows))
    assert [each.what for each in look(world, number, return_id)] == [
        "unknown",
        "amount",
        "unreadable",
        "repeat",
    ]
    assert book(world, number, return_id) == 0
    assert transit(world.alice) == 5_000
    assert open_kinds() == ["payout_unknown", "payout_mismatch"]


def test_the_opposite_of_what_was_booked_is_set_aside(world: World) -> None:
    number = released(world)
    book(world, number, take(world, number, answer(both())))
    return_id = take(world, number, answer(both("失败")))
    assert [each.what for each in look(world, number, return_id)] == ["contradiction", "repeat"]
    assert book(world, number, return_id) == 0
    assert statuses()["爱丽丝"] == PAID
    assert open_kinds() == ["payout_mismatch"]


def test_an_unfilled_row_waits_for_the_next_file(world: World) -> None:
    number = released(world)
    alice = payout_to("爱丽丝").number
    rows = [(alice, "50.00", "成功", ""), (payout_to("艾米").number, "20.00", "", "")]
    book(world, number, take(world, number, answer(rows)))
    assert statuses()["艾米"] == PayoutStatus.READY
    assert batch(number).status == BatchStatus.RELEASED


@pytest.mark.parametrize(
    "raw", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00", b"a,b\r\n1,2\r\n", b"x" * 2_000_001]
)
def test_what_cannot_be_read_is_refused(world: World, raw: bytes) -> None:
    number = released(world)
    with pytest.raises(UnreadableFile):
        take(world, number, raw)


def test_a_death_while_booking_books_all_or_nothing(world: World) -> None:
    number = released(world)
    return_id = take(world, number, answer(both()))
    crash.arm(AFTER_BOOKS, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        book(world, number, return_id)
    crash.disarm()
    assert set(statuses().values()) == {PayoutStatus.READY, "left_out"}
    assert transit(world.alice) == 5_000
    assert book(world, number, return_id) == 2
    assert_books_balance()


def test_a_sheet_has_no_formula_whatever_a_name_is(world: World) -> None:
    sheet = Sheet("t", [("a", "=1+1")], ["x"], [["=cmd|' /C calc'!A0"], ["@x"]], clock.now())
    raw = xlsx_file("t.xlsx", sheet).get_data()
    assert b"<f>" not in _unpacked(raw)
    cells = CalamineWorkbook.from_filelike(BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert cells[0][1] == "=1+1"
    assert raw == xlsx_file("t.xlsx", sheet).get_data()
    assert world


def _unpacked(raw: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(raw)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())
