"""Stock by outlet: who changed it, why, from what to what; each within his own part, each form once."""

import re
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select

from catalog.models import Stock, StockMove, StockPlace
from catalog.stock_history import history_of
from tests.catalog.shelf import assert_stock_conserved
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.drawn import without_tokens
from tests.racing import race
from wx_backend.db import db

CENTRAL = "_central"


@pytest.fixture
def shelf(world: World) -> str:
    """The address of the phone at the southern hall (place SC1)."""
    return f"/stock/{world.wares.phone}/SC1"


@pytest.fixture
def central(world: World) -> str:
    return f"/stock/{world.wares.phone}/{CENTRAL}"


def on_hand(outlet_id: int | None) -> int:
    db.session.rollback()
    query = select(Stock.on_hand).join(StockPlace, StockPlace.id == Stock.place_id)
    return db.session.scalar(query.where(StockPlace.outlet_id.is_not_distinct_from(outlet_id))) or 0


def moves() -> list[StockMove]:
    db.session.rollback()
    return list(db.session.scalars(select(StockMove).order_by(StockMove.id)))


def test_an_outlet_keeps_its_own_stock(desk_of: Desks, world: World, shelf: str) -> None:
    desk = desk_of("head")
    assert "这里还没有库存变动" in desk.get(shelf).text
    assert desk.post(f"{shelf}/corrected", change="1", reason="x", key="k").status_code == 404
    answer = desk.post(f"{shelf}/received", quantity="8", reason="到货单 77", key="k")
    assert answer.status_code == 302, answer.text
    assert desk.post(f"{shelf}/corrected", change="-2", reason="盘亏", key="k").status_code == 302
    assert on_hand(world.tree.hall) == 6
    page = desk.get(shelf).text
    for said in ("8 → 6", "0 → 8", "盘亏", "到货单 77", "员工head"):
        assert said in page
    assert_stock_conserved()


def test_a_form_sent_twice_counts_once(desk_of: Desks, world: World, shelf: str) -> None:
    desk = desk_of("manager")
    for _ in range(2):
        assert desk.post(f"{shelf}/received", quantity="5", key="a").status_code == 302
        assert (
            desk.post(f"{shelf}/corrected", change="-2", reason="盘亏", key="a").status_code == 302
        )
    answer = desk.post(f"{shelf}/received", quantity="6", key="a")
    assert answer.status_code == 409
    assert 'name="key" value="a"' not in answer.text
    assert on_hand(world.tree.hall) == 3
    assert_stock_conserved()


def test_one_form_from_four_windows_at_once_counts_once(
    app: Flask, desk_of: Desks, world: World, shelf: str
) -> None:
    desks = [desk_of("manager") for _ in range(4)]
    race(app, lambda n: desks[n].post(f"{shelf}/received", quantity="5", key="a"), times=4)
    assert on_hand(world.tree.hall) == 5
    assert_stock_conserved()


@pytest.mark.parametrize(
    "form",
    [
        {"change": "-2", "reason": ""},
        {"change": "0", "reason": "盘亏"},
        {"change": "x", "reason": "盘亏"},
        {"change": "-1000", "reason": "盘亏"},
        {"change": "9999999", "reason": "盘亏"},
        {"change": "-2", "reason": "长" * 101},
        {"change": "-2", "reason": "盘亏", "key": ""},
    ],
)
def test_what_cannot_be_is_refused_and_kept_in_the_form(
    desk_of: Desks, world: World, central: str, form: dict[str, str]
) -> None:
    before, many = on_hand(None), len(moves())
    answer = desk_of("manager").post(f"{central}/corrected", **{"key": "b", **form})
    assert answer.status_code in {400, 409}
    assert f'value="{form["change"]}"' in answer.text
    assert f'value="{form["reason"]}"' in answer.text
    assert (on_hand(None), len(moves())) == (before, many)
    assert world


def test_history_tells_before_and_after_page_by_page(
    desk_of: Desks, world: World, central: str
) -> None:
    desk = desk_of("manager")
    start = on_hand(None)
    for number in range(25):
        desk.post(f"{central}/received", quantity="1", key=f"k{number}")
    page = desk.get(central).text
    assert f"{start + 24} → {start + 25}" in page
    assert f"{start + 4} → {start + 5}" not in page
    after = re.findall(r"after=(\d+)", page)[0]
    older = desk.get(central, after=after).text
    assert f"{start + 4} → {start + 5}" in older
    assert world.southern.number in older
    assert desk.get(central, after="x").status_code == 200
    stock_id = moves()[0].stock_id
    told = history_of(stock_id, limit=1_000)
    for newer, each in pairwise(told):
        assert newer.on_hand_before == each.on_hand_after
        assert newer.reserved_before == each.reserved_after
    assert (told[-1].on_hand_before, told[-1].reserved_before) == (0, 0)


def test_each_sees_and_changes_his_own_part(desk_of: Desks, world: World, shelf: str) -> None:
    north: Desk = desk_of("north")
    assert desk_of("head").post(f"{shelf}/received", quantity="8", key="k").status_code == 302
    assert north.get(shelf).status_code == 404
    assert north.post(f"{shelf}/received", quantity="8", key="l").status_code == 404
    assert north.get("/stock", place="SC1").status_code == 404
    assert "SC1" not in without_tokens(north.get("/stock", text="星河").text)
    assert desk_of("clerk").get(shelf).status_code == 200
    assert desk_of("clerk").post(f"{shelf}/received", quantity="8", key="m").status_code == 403
    head = desk_of("head")
    assert CENTRAL not in head.get("/stock").text
    assert head.get(f"/stock/{world.wares.phone}/{CENTRAL}").status_code == 404
    assert (
        head.post(
            f"/stock/{world.wares.phone}/{CENTRAL}/received", quantity="1", key="n"
        ).status_code
        == 404
    )
    assert on_hand(world.tree.hall) == 8
    for missing in ("SK0/SC1", f"{world.wares.phone}/NONE", f"{world.wares.plan}/SC1"):
        assert desk_of("root").get(f"/stock/{missing}").status_code == 404


def test_a_chosen_place_lists_what_could_lie_there(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    assert world
    page = desk.get("/stock", place="SC1").text
    assert "未登记" in page
    assert "畅享套餐" not in page
    assert "中心仓" in desk.get("/stock").text
    assert "没有符合条件的库存" in desk.get("/stock", text="没有这个").text
    assert "星河手机" in desk.get("/stock", text="星河 256").text
