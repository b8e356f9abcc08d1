"""Finding orders, reading one, and taking them away in a file that no spreadsheet runs."""

import pytest
from sqlalchemy import update

from console.export import harmless
from orders.models import OrderLine
from org.models import Rep
from tests.console.conftest import Desks
from tests.console.world import World, order
from wx_backend.db import transaction


def test_an_order_shows_what_happened_and_who_is_credited(desk_of: Desks, world: World) -> None:
    page = desk_of("south").get(f"/orders/{world.southern.number}").text
    for words in ("提交订单", "已付款", "已到账", "爱丽丝", "42000", world.southern.receipt):
        assert words in page


def test_orders_are_found_by_number_status_and_day(desk_of: Desks, world: World) -> None:
    order(world.bob, world.wares, world.tree.hall, key="not-paid-yet")
    desk = desk_of("south")
    assert "共 2 条" in desk.get("/orders").text
    assert "共 1 条" in desk.get("/orders", status="placed").text
    assert "共 1 条" in desk.get("/orders", number=world.southern.number.lower()).text
    assert "共 0 条" in desk.get("/orders", **{"from": "2099-01-01"}).text
    assert "共 2 条" in desk.get("/orders", until="2099-01-01").text


@pytest.mark.parametrize(
    "query", [{"status": "mallory"}, {"from": "yesterday"}, {"until": "9999-12-31"}]
)
def test_nonsense_in_a_filter_is_refused(desk_of: Desks, query: dict[str, str]) -> None:
    assert desk_of("south").get("/orders", **query).status_code == 400


def test_a_wildcard_is_a_character(desk_of: Desks) -> None:
    assert "共 0 条" in desk_of("south").get("/orders", number="%").text


def test_a_page_beyond_the_end_is_the_last(desk_of: Desks, world: World) -> None:
    page = desk_of("south").get("/orders", page="999").text
    assert "第 1 / 1 页" in page
    assert world.southern.number in page


def test_a_spreadsheet_reads_chinese_and_runs_nothing(desk_of: Desks, world: World) -> None:
    with transaction() as session:
        session.execute(update(OrderLine).values(name='=HYPERLINK("http://evil.test")'))
        session.execute(update(Rep).where(Rep.id == world.alice_id).values(name="@爱丽丝"))
    answer = desk_of("finance").get("/orders.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert "'=HYPERLINK" in answer.text
    assert "'@爱丽丝" in answer.text
    assert "1999.00" in answer.text


def test_too_many_are_refused_not_cut_off(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.orders.EXPORT_MAX", 0)
    assert desk_of("finance").get("/orders.csv").status_code == 422


def test_markup_in_a_name_stays_text(desk_of: Desks, world: World) -> None:
    with transaction() as session:
        session.execute(update(OrderLine).values(name="<script>alert(1)</script>"))
    for path in ("/orders", f"/orders/{world.southern.number}"):
        assert "<script>alert" not in desk_of("south").get(path).text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "－1"])
def test_whatever_begins_a_formula_is_made_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
