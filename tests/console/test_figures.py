"""经营数据: from a fall in sales to its orders, the same rows as page and file, nothing foreign."""

import csv
import re
from datetime import timedelta
from io import BytesIO, StringIO
from urllib.parse import parse_qsl

import pytest
from python_calamine import CalamineWorkbook

from flows.figures.counting import count_waiting
from org.models import Rep
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World, known, share, touch
from wx_backend import clock
from wx_backend.db import db, retried, transaction


@pytest.fixture(autouse=True)
def counted(world: World) -> None:
    assert world
    retried(lambda: count_waiting(now=clock.now()))


def follow(desk: Desk, link: str) -> str:
    """The page behind a link."""
    path, _, query = link.partition("?")
    answer = desk.get(path, **dict(parse_qsl(query, keep_blank_values=True)))
    assert answer.status_code == 200
    return answer.text


def links(page: str, inside: str) -> list[str]:
    found = re.findall(r'href="/console([^"]+)"', page)
    return [each.replace("&amp;", "&") for each in found if inside in each]


def test_from_a_fall_in_sales_to_the_order_in_three_clicks(desk_of: Desks, world: World) -> None:
    desk = desk_of("manager")
    figures = desk.get("/figures").text
    assert "1,999.00" in figures
    behind = next(each for each in links(figures, "/figures/sales?") if "rep=" not in each)
    listed = follow(desk, behind)
    assert "共 1 条，1,999.00 元" in listed
    assert "星河手机" in follow(desk, links(listed, f"/orders/{world.southern.number}")[0])


def test_page_and_files_hold_the_same_rows(desk_of: Desks, world: World) -> None:
    desk = desk_of("finance")
    for measure, count in (("paid", 1), ("orders", 1), ("visits", 1), ("follows", 0)):
        assert f"共 {count} 条" in desk.get(f"/figures/{measure}").text
        text = desk.get(f"/figures/{measure}.csv").text.removeprefix("\ufeff")
        rows = list(csv.reader(StringIO(text)))[1:]
        assert len(rows) == count
        book = CalamineWorkbook.from_filelike(BytesIO(desk.get(f"/figures/{measure}.xlsx").data))
        sheet = book.get_sheet_by_index(0).to_python()[3:]
        assert [row[2] for row in sheet] == [row[2] for row in rows]
    assert world.southern.number in desk.get("/figures/paid.csv").text


def test_a_split_opens_to_its_own_rows(desk_of: Desks, world: World) -> None:
    desk = desk_of("clerk")
    page = desk.get("/figures", by="rep").text
    assert "爱丽丝" in page
    assert "共 1 条" in desk.get("/figures/sales", rep=str(world.alice_id)).text
    assert "共 0 条" in desk.get("/figures/sales", rep="").text
    assert "共 0 条" in desk.get("/figures/sales", rep=str(world.nils_id)).text


def test_a_foreign_place_is_not_found(desk_of: Desks, world: World) -> None:
    desk = desk_of("finance")
    for path in ("/figures", "/figures.csv", "/figures/sales", "/figures/sales.xlsx"):
        assert desk.get(path, place=str(world.tree.frost)).status_code == 404
        assert desk.get(path, place="x").status_code == 404
    assert world.northern.number not in desk.get("/figures/paid.csv").text
    assert "3,998.00" in desk_of("root").get("/figures").text


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-13-01"},
        {"from": "2020-01-01", "until": "2026-01-01"},
        {"from": "2026-02-02", "until": "2026-01-01"},
        {"after": "x_1"},
    ],
)
def test_what_cannot_be_asked_is_refused(desk_of: Desks, query: dict[str, str]) -> None:
    assert desk_of("finance").get("/figures/sales", **query).status_code == 400


@pytest.mark.parametrize(
    "query", [{"channel": "没有这种渠道"}, {"by": "nonsense"}, {"grain": "天"}]
)
def test_nonsense_is_no_fault(desk_of: Desks, query: dict[str, str]) -> None:
    desk = desk_of("finance")
    assert desk.get("/figures", **query).status_code == 200
    assert desk.get("/figures/sales", **query).status_code == 200


def test_a_name_is_no_formula_in_a_file(desk_of: Desks, world: World) -> None:
    with transaction():
        db.session.get_one(Rep, world.alice_id).name = "=1+1"
    text = desk_of("finance").get("/figures.csv", by="rep").text
    assert "'=1+1" in text
    assert "\n=1+1" not in text


def test_a_long_list_is_turned_by_where_it_ended(desk_of: Desks, world: World) -> None:
    erin, shared = known("Erin"), share(world.alice_id)
    for minutes in range(20):
        touch(erin, shared, kind=TouchKind.LINK_OPENED, ago=timedelta(minutes=minutes))
    retried(lambda: count_waiting(now=clock.now()))
    desk = desk_of("clerk")
    first = desk.get("/figures/visits").text
    second = follow(desk, links(first, "after=")[0])
    times = [re.findall(r"<td>访问</td>", page) for page in (first, second)]
    assert [len(each) for each in times] == [20, 1]
    assert "共 21 条" in first
    assert not links(second, "/figures/visits?after=2")
