"""A number that was sold elsewhere is taken out by hand, with a reason, and offered again."""

from sqlalchemy import select, update

from catalog.number_models import NumberState, PhoneNumber
from tests.catalog.pool import FIRST, number_row
from tests.console.conftest import Desks
from tests.console.owned import pooled
from tests.console.world import World
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction


def test_a_number_is_taken_out_with_a_reason_and_offered_again(
    desk_of: Desks, world: World
) -> None:
    number_id = pooled(world.tree.hall)
    desk, path = desk_of("manager"), f"/numbers/{number_id}"
    assert desk.post(f"{path}/withdraw").status_code == 400
    assert number_row(FIRST).state == "free"
    assert desk.post(f"{path}/withdraw", reason="营业厅已售").status_code == 302
    assert number_row(FIRST).state == "withdrawn"
    assert desk.post(f"{path}/withdraw", reason="再来").status_code == 409
    assert "确认放回" in desk.get("/numbers", state="withdrawn").text
    assert desk.post(f"{path}/offer", reason="登记错了").status_code == 302
    assert number_row(FIRST).state == "free"
    assert desk.post(f"{path}/offer", reason="再来").status_code == 409
    db.session.rollback()
    found = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.what.startswith("console.numbers."))
        .order_by(AuditEntry.id)
    ).all()
    assert [(each.reason, each.changes[0]["after"]) for each in found] == [
        ("营业厅已售", {"state": "withdrawn"}),
        ("登记错了", {"state": "free"}),
    ]


def test_what_somebody_has_or_is_another_s_stays(desk_of: Desks, world: World) -> None:
    foreign = pooled(world.tree.frost, NumberState.WITHDRAWN, "14000000002")
    sold = pooled(world.tree.hall)
    with transaction() as session:
        values = {"state": NumberState.SOLD, "key": "line:1"}
        session.execute(update(PhoneNumber).where(PhoneNumber.id == sold).values(**values))
    manager, clerk = desk_of("manager"), desk_of("clerk")
    assert manager.post(f"/numbers/{foreign}/offer", reason="x").status_code == 404
    assert manager.post(f"/numbers/{sold}/withdraw", reason="x").status_code == 409
    assert clerk.post(f"/numbers/{sold}/withdraw", reason="x").status_code == 403
    assert "确认撤出" not in clerk.get("/numbers").text
    assert (number_row(FIRST).state, number_row("14000000002").state) == ("sold", "withdrawn")
