"""The manager's view on the phone: his own outlet's day, what is late there, who sold."""

from datetime import timedelta

from sqlalchemy import update

from flows.team_view import team_page
from fulfilment.models import Task
from settlement.changes.models import OutletManager
from tests.console.world import World, count_figures, known
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from tests.terminal.desk import ordered
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, transaction


def appoint(world: World, rep_id: int) -> None:
    """Somebody becomes the manager of Alice's outlet."""
    with transaction() as session:
        session.add(
            OutletManager(
                outlet_id=world.tree.hall, rep_id=rep_id, valid_from=business_on(clock.now())
            )
        )


def test_a_manager_sees_his_outlets_day_and_who_sold(phone_of: Phones, world: World) -> None:
    appoint(world, world.alice_id)
    hire(world.tree.hall, "同厅贺一")
    phone = bound(phone_of, "Alice", world.alice_id)
    count_figures()
    assert "/terminal/team" in phone.get("/terminal/").text
    page = phone.get("/terminal/team").text
    for words in ("天河营业厅", "1,999.00", "同厅贺一", "今天 1 单 · 本月 1 单", "今天 0 单"):
        assert words in page
    assert "尼尔斯" not in page
    assert "没有逾期，也没有异常" in page


def test_what_is_late_is_named(world: World) -> None:
    appoint(world, world.alice_id)
    ordered(world, known("Erin"), key="late")
    with transaction() as session:
        session.execute(update(Task).values(due_at=clock.now() - timedelta(hours=3)))
    db.session.rollback()
    late = team_page(world.alice_id, clock.now()).late
    assert late
    assert {row.urgency for row in late} == {"overdue"}


def test_nobody_else_finds_it(phone_of: Phones, world: World) -> None:
    appoint(world, hire(world.tree.hall, "贺一"))
    phone = bound(phone_of, "Alice", world.alice_id)
    assert phone.get("/terminal/team").status_code == 404
    assert "/terminal/team" not in phone.get("/terminal/").text
