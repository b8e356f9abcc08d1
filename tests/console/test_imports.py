"""Reps and outlets from a file: checked by line and column, made as a job, taken back while unused."""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
import time_machine
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flows.figures.counting import count_waiting
from flows.imports import taking
from flows.imports.columns import COLUMNS, checked, lines_of
from flows.imports.lines import Known
from flows.spreadsheets import UnreadableFile, table_of
from org.import_models import ImportKind, PeopleImport
from org.models import OrgNode, Rep, Role, Staff
from org.reps import move_rep
from org.staff import change_role
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.test_staff import row_of
from tests.console.world import World, share
from tests.jobs import run_jobs
from wx_backend import clock, outbox
from wx_backend.db import db, retried, transaction

HEAD = "姓名,网点编码,渠道,职务,发展人编码,渠道编码,受理工号\n"
GOOD = "张三,SC1,自有营业厅,店长,DV77,CH77,SN77\n李四,O1,加盟店,,,,\n"


def send(desk: Desk, text: str | bytes, kind: str = "reps") -> TestResponse:
    raw = text if isinstance(text, bytes) else text.encode()
    return desk.upload("/imports", BytesIO(raw), "people.csv", kind=kind)


def taken(desk: Desk, text: str | bytes, kind: str = "reps") -> str:
    """A file that was checked; its page."""
    answer = send(desk, text, kind)
    assert answer.status_code == 302, answer.text
    return urlsplit(answer.headers["Location"]).path.removeprefix("/console")


def brought_in(desk: Desk, text: str, kind: str = "reps") -> str:
    page = taken(desk, text, kind)
    assert desk.post(f"{page}/start").status_code == 302
    run_jobs()
    return page


def named(*names: str) -> list[Rep]:
    db.session.rollback()
    return list(db.session.scalars(select(Rep).where(Rep.name.in_(names)).order_by(Rep.id)))


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_bad_line_is_named_by_its_column_and_the_good_ones_come_in(desk_of: Desks) -> None:
    desk = desk_of("south")
    page = taken(desk, HEAD + GOOD + "王五,NH1,卖场,,DV1,,\n")
    before = desk.get(page).text
    for words in ("网点编码：您的范围内没有这个网点", "渠道：应为", "渠道编码：三个工号须同时填写"):
        assert words in before
    assert named("张三", "李四", "王五") == []
    desk.post(f"{page}/start")
    assert 'http-equiv="refresh"' in desk.get(page).text
    run_jobs()
    assert [rep.name for rep in named("张三", "李四", "王五")] == ["张三", "李四"]
    assert "撤销导入" in desk.get(page).text


def test_a_file_is_brought_in_once(desk_of: Desks) -> None:
    desk = desk_of("south")
    page = brought_in(desk, HEAD + GOOD)
    assert desk.post(f"{page}/start").status_code == 409
    again = desk.get(taken(desk, HEAD + GOOD)).text
    assert "该网点已有同名员工" in again
    assert "发展人编码：已被使用" in again
    assert len(named("张三")) == 1


def test_what_changed_since_the_look_refuses_its_line_alone(desk_of: Desks) -> None:
    desk = desk_of("south")
    page = taken(desk, HEAD + "张三,O1,自有营业厅,,,,\n李四,SC1,自有营业厅,,,,\n")
    assert desk.post("/places/O1/close", reason="x").status_code == 302
    desk.post(f"{page}/start")
    run_jobs()
    assert [rep.name for rep in named("张三", "李四")] == ["李四"]
    assert "上级单位的层级不正确" in desk.get(page, only="bad").text


def test_undone_is_what_nobody_used(desk_of: Desks) -> None:
    desk = desk_of("south")
    page = brought_in(desk, HEAD + GOOD)
    share(named("张三")[0].id)
    assert desk.post(f"{page}/undo").status_code == 400  # no reason
    assert desk.post(f"{page}/undo", reason="传错了文件").status_code == 302
    run_jobs()
    assert [rep.name for rep in named("张三", "李四")] == ["张三"]
    told = desk.get(page).text
    assert "已被使用，保留" in told
    assert "已撤销" in told
    assert desk.post(f"{page}/undo", reason="x").status_code == 409


def test_outlets_come_in_and_go_again(desk_of: Desks) -> None:
    desk, before = desk_of("south"), count(OrgNode)
    head = "编码,名称,上级编码,地址,电话\n"
    lines = "SC8,八号店,SC,天河路 8 号,020-88\nSC9,九号店,N,,\nSC8,又一个,SC,,\n"
    page = taken(desk, head + lines, "outlets")
    told = desk.get(page).text
    assert "上级编码：您的范围内没有这个上级单位" in told
    assert "编码：已被使用" in told
    desk.post(f"{page}/start")
    run_jobs()
    assert count(OrgNode) == before + 1
    assert "八号店" in desk.get("/places/SC8").text
    retried(lambda: count_waiting(now=clock.now()))  # its place in the tree is noted
    desk.post(f"{page}/undo", reason="x")
    run_jobs()
    assert count(OrgNode) == before


def test_rights_are_asked_for_again_when_the_work_runs(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    page = taken(desk, HEAD + GOOD)
    desk.post(f"{page}/start")
    with transaction():
        change_role(
            staff_id=row_of("south").id,
            role=Role.ADMINISTRATOR,
            node_id=world.tree.north,
            by_id=row_of("root").id,
        )
    run_jobs()
    assert named("张三") == []
    assert "已中止" in desk_of("root").get(page).text
    assert desk.get(page).status_code == 404


def test_who_takes_a_file_back_needs_the_right_himself_and_reaches_what_is_his(
    desk_of: Desks, world: World
) -> None:
    page = brought_in(desk_of("south"), HEAD + GOOD)
    moved = named("张三")[0].id
    with transaction():
        move_rep(rep_id=moved, outlet_id=world.tree.frost)
        staff = {each.login: each for each in db.session.scalars(select(Staff))}
        staff["root"].node_id = world.tree.south
        staff["south"].is_active = False  # who brought it is gone, and that stops nobody
    desk = desk_of("root")
    desk.post(f"{page}/undo", reason="x")
    run_jobs()
    assert [rep.id for rep in named("张三", "李四")] == [moved]
    assert "已不在您的范围内，保留" in desk.get(page).text


def one_batch() -> bool:
    """One turn of the worker at a file; whether it came to its end."""
    while True:
        (held,) = outbox.claim(outbox.WORK, limit=1)
        name = db.session.get_one(outbox.Job, held.id).name
        db.session.rollback()
        is_done = outbox.run(held)
        if name.startswith("people."):
            return is_done


def progress(desk: Desk, page: str) -> tuple[int, int] | None:
    """The progress bar: how many of how many lines; None where the page has none and stays as it is."""
    told = desk.get(page).text
    found = re.search(r'<progress [^>]*value="(\d+)" max="(\d+)"', told)
    assert ('http-equiv="refresh"' in told) is (found is not None)
    return (int(found[1]), int(found[2])) if found else None


def test_between_two_batches_the_bar_shows_the_true_share(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five lines two at a time, there and back; a worker that dies between loses and repeats none."""
    monkeypatch.setattr(taking, "BATCH", 2)
    desk, names = desk_of("south"), [f"新员工{n}" for n in range(5)]
    lines = "".join(f"{name},SC1,自有营业厅,,,,\n" for name in names)
    page = taken(desk, HEAD + lines + "没有这个网点,NH1,自有营业厅,,,,\n")
    assert progress(desk, page) is None
    desk.post(f"{page}/start")
    for done in (0, 2, 4):
        assert progress(desk, page) == (done, 5)
        assert len(named(*names)) == done
        listed = desk.get("/imports").text
        assert f"{done} / 5" in listed
        assert one_batch()
    assert progress(desk, page) is None
    assert len(named(*names)) == 5
    assert "已导入" in desk.get(page).text
    desk.post(f"{page}/undo", reason="传错了")
    for left in (5, 3, 1):
        assert progress(desk, page) == (left, 5)
        assert len(named(*names)) == left
        assert one_batch()
    assert progress(desk, page) is None
    assert named(*names) == []
    assert "已撤销" in desk.get(page).text


def test_a_batch_that_dies_leaves_the_bar_where_it_was_and_goes_on(
    desk_of: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 2)
    desk, names = desk_of("south"), [f"新员工{n}" for n in range(3)]
    page = taken(desk, HEAD + "".join(f"{name},SC1,自有营业厅,,,,\n" for name in names))
    desk.post(f"{page}/start")
    assert one_batch()
    with monkeypatch.context() as broken:
        broken.setattr(taking, "_make", _die)
        assert not one_batch()
    assert progress(desk, page) == (2, 3)
    assert len(named(*names)) == 2
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        run_jobs()
    assert progress(desk, page) is None
    assert len(named(*names)) == 3


def _die(*_: object) -> None:
    raise RuntimeError("the worker dies here")


def test_a_stopped_file_can_be_taken_back(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "BATCH", 1)
    desk = desk_of("south")
    page = taken(desk, HEAD + GOOD)
    desk.post(f"{page}/start")
    (held,) = outbox.claim(outbox.WORK, limit=1)
    assert outbox.run(held)
    with transaction():
        staff = {each.login: each for each in db.session.scalars(select(Staff))}
        staff["south"].is_active = False
    run_jobs()
    assert [rep.name for rep in named("张三", "李四")] == ["张三"]
    other = desk_of("root")
    assert "已中止" in other.get(page).text
    assert other.post(f"{page}/undo", reason="x").status_code == 302
    run_jobs()
    assert named("张三", "李四") == []


def test_a_foreign_file_is_none(desk_of: Desks) -> None:
    page = taken(desk_of("south"), HEAD + GOOD)
    north = desk_of("north")
    assert north.get(page).status_code == 404
    assert north.post(f"{page}/start").status_code == 404
    assert "people.csv" not in north.get("/imports").text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00\x81",
        "姓名,渠道\n张三,自有营业厅\n".encode(),
        HEAD.encode(),
        b"PK\x03\x04broken",
    ],
)
def test_what_is_no_such_file_is_refused(desk_of: Desks, raw: bytes) -> None:
    assert send(desk_of("south"), raw).status_code == 400
    assert count(PeopleImport) == 0


def test_what_goes_out_can_come_in_again(desk_of: Desks) -> None:
    desk = desk_of("south")
    brought_in(desk, HEAD + "=1+1,SC1,自有营业厅,@店长,,,\n")
    sheet = CalamineWorkbook.from_filelike(BytesIO(desk.get("/exports/reps.xlsx").data))
    columns, *rows = sheet.get_sheet_by_index(0).to_python()
    assert tuple(columns) == COLUMNS[ImportKind.REPS]
    text = desk.get("/exports/reps.csv").text
    assert "'=1+1" in text
    assert len(rows) == len(text.splitlines()) - 1
    lines = lines_of(ImportKind.REPS, table_of(text.encode()))
    assert {"=1+1", "爱丽丝"} == {line.cells["姓名"] for line in lines}
    assert "@店长" in {line.cells["职务"] for line in lines}
    assert "该员工已存在" in desk.get(taken(desk, text)).text
    assert "尼尔斯" not in text


def test_a_spreadsheet_is_read_like_text() -> None:
    out = BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for column, name in enumerate(("编码", "名称", "上级编码")):
        page.write_string(0, column, name)
    page.write_number(2, 0, 1001)
    page.write_string(2, 1, "一号店")
    page.write_string(2, 2, "SC")
    book.close()
    (line,) = lines_of(ImportKind.OUTLETS, table_of(out.getvalue()))
    assert (line.number, line.cells["编码"]) == (3, "1001")
    known = Known(frozenset(), frozenset({"SC"}), frozenset(), frozenset(), frozenset())
    assert checked(ImportKind.OUTLETS, [line], known)[0].faults == {}
    with pytest.raises(UnreadableFile):
        lines_of(ImportKind.OUTLETS, [["编码", "名称", "上级编码"]] + [["A", "B", "C"]] * 5_001)
