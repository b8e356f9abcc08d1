"""The order chain in the console: pool, overdue nodes, figures, calendar; each within one's part."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from flows.figures.counting import count_waiting
from fulfilment.calendar import calendar
from fulfilment.models import Chain, DispatchBy, Task, TaskStatus
from fulfilment.queries import PoolCounts, count_pool, pool_tasks
from fulfilment.settings import dispatch_order, same_day_rule
from org.queries import node_of, under
from tests.console.conftest import Desks
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, retried, transaction


def chain_of(world: World) -> Chain:
    db.session.rollback()
    return db.session.scalars(select(Chain).where(Chain.order_id == world.southern.id)).one()


def test_an_order_shows_its_way_as_a_picture(desk_of: Desks, world: World) -> None:
    page = desk_of("south").get(f"/orders/{world.southern.number}").text
    for words in ("受理派单", "稽核封装", "天河营业厅", 'aria-current="step"'):
        assert words in page


def test_a_manager_gives_a_line_to_another_outlet(desk_of: Desks, world: World) -> None:
    chain = chain_of(world)
    code = node_of(world.tree.corner).code
    answer = desk_of("manager").post(f"/pool/{chain.id}/dispatch", outlet=code, reason="就近配送")
    assert answer.status_code == 302, answer.text
    assert chain_of(world).outlet_id == world.tree.corner


def test_nobody_gives_away_what_is_not_his(desk_of: Desks, world: World) -> None:
    path = f"/pool/{chain_of(world).id}/dispatch"
    assert desk_of("north").post(path, outlet="NH1", reason="x").status_code == 404
    assert desk_of("clerk").post(path, outlet="SC2", reason="x").status_code == 403
    assert desk_of("manager").post(path, outlet="NH1", reason="x").status_code == 400


def test_problems_and_late_nodes_are_listed_for_their_own_part(
    desk_of: Desks, world: World
) -> None:
    with transaction() as session:
        session.execute(
            update(Task)
            .where(Task.node == "packed")
            .values(problem="样机缺货", due_at=clock.now() - timedelta(hours=3))
        )
    number = world.southern.number
    for path in ("/pool", "/overdue"):
        assert number in desk_of("south").get(path).text
        assert number not in desk_of("north").get(path).text


def test_the_pool_names_each_outlet_once_and_counts_what_it_does_not_list(
    desk_of: Desks, world: World
) -> None:
    chain = chain_of(world)
    with transaction() as session:
        for task in session.scalars(select(Task).where(Task.chain_id == chain.id)):
            task.status = TaskStatus.OPEN
            task.problem, task.due_at = "样机缺货", clock.now() - timedelta(hours=3)
        count = len(session.scalars(select(Task.id).where(Task.chain_id == chain.id)).all())
    south = under(world.tree.south)
    assert count > 1
    assert len(pool_tasks(south, sees_all=False, limit=1)) == 1
    assert count_pool(south, sees_all=False) == PoolCounts(count, 1, count)
    page = desk_of("south").get("/pool").text
    assert page.count('value="O1"') == 1
    assert page.count('list="outlets"') == count
    assert f"<span>网点异常</span><b>{count}</b>" in page


@pytest.mark.parametrize("key", ["success", "shipment", "turnover", "bad_replies"])
def test_a_figure_opens_to_the_orders_behind_it(desk_of: Desks, world: World, key: str) -> None:
    retried(lambda: count_waiting(now=clock.now()))  # the tree of the day is known
    assert desk_of("south").get("/kpis").status_code == 200
    page = desk_of("south").get(f"/kpis/{key}").text
    assert (world.southern.number in page) is (key != "bad_replies")
    assert world.southern.number not in desk_of("north").get(f"/kpis/{key}").text


def test_a_foreign_place_and_a_wrong_span_are_refused(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    assert desk.get("/kpis", place=str(world.tree.north)).status_code == 404
    assert desk.get("/kpis", **{"from": "2020-01-01"}).status_code == 400
    assert desk.get("/kpis/mallory").status_code == 404


def test_the_calendar_is_taken_over_line_by_line(desk_of: Desks) -> None:
    desk = desk_of("root")
    before = len(calendar())
    days = "2031-10-01,holiday,国庆节\n2031-10-11,workday,调休"
    assert desk.post("/calendar/days", days=days).status_code == 302
    db.session.rollback()
    assert len(calendar()) == before + 2
    assert "调休上班" in desk.get("/calendar", year="2031").text
    assert desk.post("/calendar/days/2031-10-01/forget").status_code == 302
    db.session.rollback()
    assert len(calendar()) == before + 1
    assert desk.post("/calendar/days", days="nonsense").status_code == 400


@pytest.mark.parametrize("year", ["0000", "0001", "9999"])
def test_a_year_that_no_calendar_has_is_refused(desk_of: Desks, year: str) -> None:
    assert desk_of("root").get("/calendar", year=year).status_code == 400


def test_what_holds_everywhere_is_not_for_a_part_to_say(desk_of: Desks) -> None:
    desk = desk_of("south")
    assert desk.post("/calendar/days", days="2031-10-01,holiday,x").status_code == 403
    assert desk.post("/calendar/dispatch/nearest", is_active="0").status_code == 403


def test_a_city_states_its_same_day_rule(desk_of: Desks, world: World) -> None:
    path = f"/calendar/same-day/{world.tree.canton}"
    form = {"cut_off": "16:30", "within_minutes": "120", "is_active": "1"}
    assert desk_of("manager").post(path, **form).status_code == 302
    db.session.rollback()
    rule = same_day_rule(world.tree.canton)
    assert rule is not None
    assert (rule.cut_off, rule.within_minutes) == (990, 120)
    assert desk_of("manager").post(path, **{**form, "cut_off": "25:00"}).status_code == 400
    assert desk_of("north").post(path, **form).status_code == 404


def test_the_pool_looks_for_outlets_as_it_is_told(desk_of: Desks, world: World) -> None:
    desk = desk_of("root")
    assert desk.post("/calendar/dispatch/nearest", is_active="0").status_code == 302
    db.session.rollback()
    assert dispatch_order() == [DispatchBy.PICKUP, DispatchBy.ATTRIBUTED]
    path = f"/calendar/serials/{world.wares.category_id}"
    assert desk.post(path, serial="none").status_code == 302
    assert desk.post(path, serial="mallory").status_code == 400
