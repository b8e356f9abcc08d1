"""Figures and the audit trail as files: the rows of the page, harmless in a spreadsheet, and on record."""

import csv
from io import StringIO

import pytest
from sqlalchemy import select

from flows.figures.counting import count_waiting
from flows.spreadsheets import table_of
from fulfilment.kpis import KPIS
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, retried


def taken(desk: Desk, path: str) -> list[list[str]]:
    """The rows of a file, its heading first."""
    answer = desk.post(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))


def sheet(desk: Desk, path: str) -> list[list[str]]:
    """The cells of a workbook."""
    return table_of(desk.post(path).data)


def noted(what: str) -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.what == what)))


def test_the_trail_as_a_file_is_the_list_of_the_page_and_an_entry_itself(
    desk_of: Desks, world: World
) -> None:
    south, north = desk_of("south"), desk_of("north")
    assert south.post(f"/reps/{world.alice_number}/disable", reason="=1+1").status_code == 302
    assert north.post(f"/reps/{world.nils_number}/disable", reason="休假").status_code == 302

    head, *rows = taken(south, "/audit.csv?what=console.reps.disable")
    assert head == ["时间", "谁", "操作", "对象", "原因", "变更", "请求"]
    ((_, who, what, subject, reason, changes, _),) = rows
    assert (who, what, subject, reason) == ("员工south", "停用员工", world.alice_number, "'=1+1")
    assert "status：active → disabled" in changes
    assert "休假" not in str(taken(south, "/audit.csv"))

    first = noted("console.audit.file_csv")[0]
    assert first.changes[0]["after"] == {"rows": 1, "what": "console.reps.disable"}
    assert "导出操作日志" in south.get("/audit").text
    assert "导出 操作日志" in south.get(f"/audit/{first.id}").text


def test_the_figures_as_a_file_say_what_the_page_says(desk_of: Desks, world: World) -> None:
    desk = desk_of("manager")
    head, *rows = taken(desk, f"/kpis.csv?place={world.tree.south}")
    page = desk.get("/kpis", place=str(world.tree.south)).text
    assert head == ["单位", "从", "到", "指标", "数值", "达成", "达成数", "总数", "说明"]
    assert len(rows) == 9
    for _, first, until, name, value, hit, hits, count, _ in rows:
        for words in (first, until, name, value, f"{hit} {hits} / 共 {count}"):
            assert words in page
    (entry,) = noted("console.kpis.file_csv")
    assert entry.changes[0]["after"]["place"] == "S"
    assert sheet(desk, f"/kpis.xlsx?place={world.tree.south}")[1:] == [
        [each.removeprefix("'") for each in row] for row in rows
    ]
    assert desk.post(f"/kpis.csv?place={world.tree.north}").status_code == 404


def test_the_orders_behind_a_figure_as_a_file_are_those_of_its_page(
    desk_of: Desks, world: World
) -> None:
    retried(lambda: count_waiting(now=clock.now()))  # the tree of the day is known
    desk, path, place = desk_of("manager"), "/kpis/success", f"place={world.tree.south}"
    page = desk.get(path, place=str(world.tree.south)).text
    assert f'formaction="/console{path}.xlsx' in page
    head, *rows = taken(desk, f"{path}.csv?{place}")
    assert head == ["订单号", "商品", "付款时间", "订单状态", "计入"]
    assert [number for number, *_ in rows] == [world.southern.number]
    for row in rows:
        assert all(cell in page for cell in row)
    assert sheet(desk, f"{path}.xlsx?{place}")[-1] == rows[0]
    assert [len(taken(desk, f"{path}.csv?{place}&hit={hit}")) for hit in "10"] in (
        [1, 2],
        [2, 1],
    )
    entries = noted("console.kpis.file_orders")
    assert len(entries) == 4
    assert entries[0].changes[0]["after"].items() >= {"place": "S", "rows": 1}.items()
    for wrong in (f"{path}.pdf?{place}", f"{path}.csv?place={world.tree.north}"):
        assert desk.post(wrong).status_code == 404
    assert desk.post(f"/kpis/mallory.csv?{place}").status_code == 404
    assert "导出运营指标的订单" in desk_of("south").get("/audit").text
    assert len(noted("console.kpis.file_orders")) == 4


def test_more_orders_than_a_file_holds_are_refused(
    desk_of: Desks, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.kpis.EXPORT_MAX", -1)
    answer = desk_of("manager").post(f"/kpis/{KPIS[0].key}.csv?place={world.tree.south}")
    assert answer.status_code == 422
    assert noted("console.kpis.file_orders") == []


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/audit.csv", "manager"),
        ("/audit.csv", "finance"),
        ("/kpis.csv", "clerk"),
        ("/kpis.xlsx", "clerk"),
        (f"/kpis/{KPIS[0].key}.csv", "clerk"),
    ],
)
def test_who_may_not_take_a_file_takes_none(desk_of: Desks, path: str, who: str) -> None:
    assert desk_of(who).post(path).status_code == 403


def test_more_than_a_file_holds_is_refused(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_of("south")
    assert desk.get("/audit").text
    monkeypatch.setattr("console.audit.ROWS_MAX", 0)
    assert desk.post("/audit.csv").status_code == 422
    assert noted("console.audit.file_csv") == []
