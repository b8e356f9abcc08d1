"""Finance closes a day: differences are seen, ended with a reason, and only then is the day closed."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from reconciliation.days import note_compared
from reconciliation.differences import record, steps_of
from reconciliation.models import Bill, BusinessDay, Difference, DifferenceClass
from reconciliation.queries import is_day_reconciled, unreconciled_days
from reconciliation.values import Finding
from tests.console.conftest import Desks
from tests.console.world import MCHID, World
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.config import Config, Pay
from wx_backend.db import db, transaction
from wx_backend.outbox import Job

ON = date(2026, 11, 20)


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


@pytest.fixture
def difference_id(world: World) -> int:
    """A day with one difference about the southern order."""
    finding = Finding(
        DifferenceClass.AMOUNT_DIFFERS,
        "payment:PY261120CANARY",
        9_900,
        9_800,
        world.southern.id,
        {"theirs": {"state": "SUCCESS"}, "copies": 1},
    )
    now = clock.now()
    with transaction():
        difference_id = record(on=ON, finding=finding, owner_node_id=world.tree.hall, now=now)
        note_compared(on=ON, sums={"bill_payments": {"rows": 1, "fen": 9_900}}, now=now)
    return difference_id


def day_status() -> str:
    db.session.rollback()
    return db.session.query(BusinessDay).filter_by(business_on=ON).one().status


def test_a_day_is_closed_by_a_person_once_nothing_is_open(
    desk_of: Desks, difference_id: int
) -> None:
    finance = desk_of("root")
    day = finance.get(f"/reconciliation/{ON}").text
    assert "金额不一致" in day
    assert "PY261120CANARY" in day
    assert finance.post(f"/reconciliation/{ON}/close").status_code == 409
    assert day_status() == "compared"
    path = f"/differences/{difference_id}"
    assert "98.00" in finance.get(path).text
    assert finance.post(f"{path}/end", to="explained", reason="").status_code == 400
    assert finance.post(f"{path}/end", to="closed", reason="x").status_code == 400
    assert finance.post(f"{path}/end", to="explained", reason="客服已补差").status_code == 302
    assert finance.post(f"{path}/end", to="corrected", reason="再来").status_code == 409
    assert "客服已补差" in finance.get(path).text
    assert not is_day_reconciled(ON)
    assert finance.post(f"/reconciliation/{ON}/close").status_code == 302
    assert day_status() == "closed"
    assert is_day_reconciled(ON)
    assert ON not in unreconciled_days(ON)
    assert len(unreconciled_days(ON)) == 29
    assert finance.post(f"/reconciliation/{ON}/close").status_code == 409
    assert finance.post(f"/reconciliation/{ON}/run").status_code == 409
    db.session.rollback()
    assert [step.actor.partition(":")[0] for step in steps_of(difference_id)] == ["system", "staff"]


def test_what_a_person_explained_stays_explained_until_it_changes(difference_id: int) -> None:
    assert difference_id
    with transaction():
        row = db.session.get_one(Difference, difference_id)
        row.status, row.ended_at, row.reason = "explained", clock.now(), "已核对"
        said = Finding(
            DifferenceClass.AMOUNT_DIFFERS, row.subject, row.theirs_fen, row.ours_fen, row.order_id
        )
    for theirs, status in ((said.theirs_fen, "explained"), (1, "open")):
        with transaction():
            again = replace(said, theirs_fen=theirs)
            assert (
                record(on=ON, finding=again, owner_node_id=None, now=clock.now()) == difference_id
            )
        db.session.rollback()
        assert db.session.get_one(Difference, difference_id).status == status


def test_a_difference_is_seen_where_its_order_belongs(desk_of: Desks, difference_id: int) -> None:
    for login, status in (("finance", 200), ("south", 200), ("root", 200), ("north", 404)):
        assert desk_of(login).get(f"/differences/{difference_id}").status_code == status
    assert "PY261120CANARY" in desk_of("finance").get("/differences").text
    assert "PY261120CANARY" not in desk_of("north").get("/differences").text
    path = f"/differences/{difference_id}/end"
    assert desk_of("north").post(path, to="explained", reason="x").status_code == 404
    assert desk_of("clerk").get("/differences").status_code == 403


def test_a_difference_is_ended_by_its_owner(
    desk_of: Desks, world: World, difference_id: int
) -> None:
    silent = Finding(DifferenceClass.NOT_ACKNOWLEDGED, "order:1", 0, 100, world.southern.id)
    with transaction():
        silent_id = record(on=ON, finding=silent, owner_node_id=world.tree.hall, now=clock.now())
    finance, manager = desk_of("finance"), desk_of("manager")
    said = {"to": "explained", "reason": "已核对"}
    for stranger, foreign_id in ((manager, difference_id), (finance, silent_id)):
        assert "管理员处理" in stranger.get(f"/differences/{foreign_id}").text
        assert stranger.post(f"/differences/{foreign_id}/end", **said).status_code == 403
    assert finance.post(f"/differences/{difference_id}/end", **said).status_code == 302
    assert manager.post(f"/differences/{silent_id}/end", **said).status_code == 302


def test_differences_are_narrowed_down(desk_of: Desks, difference_id: int) -> None:
    assert difference_id
    root = desk_of("root")
    for query, is_there in (
        ({"day": str(ON)}, True),
        ({"day": "2026-11-19"}, False),
        ({"kind": "duplicate"}, False),
        ({"status": "open", "kind": "amount_differs", "owner": "finance"}, True),
        ({"owner": "manager"}, False),
    ):
        assert ("PY261120CANARY" in root.get("/differences", **query).text) == is_there
    assert root.get("/differences", kind="mallory").status_code == 400


def test_days_are_the_companys(desk_of: Desks, difference_id: int) -> None:
    assert difference_id
    for path in ("/reconciliation", "/clearing"):
        assert desk_of("south").get(path).location == "/console/differences"
        assert desk_of("root").get(path).status_code == 200
    assert desk_of("south").get(f"/reconciliation/{ON}").status_code == 403
    assert desk_of("root").get(f"/reconciliation/{ON}").status_code == 200
    assert desk_of("root").get("/reconciliation/2026-11-19").status_code == 404
    assert desk_of("root").get("/reconciliation/mallory").status_code == 404
    assert desk_of("root").get(f"/reconciliation/{ON}/trade.csv.gz").status_code == 404
    assert desk_of("root").get(f"/reconciliation/{ON}/mallory.csv.gz").status_code == 404


def test_a_day_is_compared_again_on_wish(desk_of: Desks, difference_id: int) -> None:
    assert difference_id
    root = desk_of("root")
    assert root.post(f"/reconciliation/{ON}/run").status_code == 302
    db.session.rollback()
    assert db.session.query(Job).filter_by(name="bill.fetch").count() == 1
    tomorrow = business_on(clock.now()) + timedelta(days=1)
    assert root.post(f"/reconciliation/{tomorrow}/run").status_code == 409


def test_what_is_on_the_clearing_account_is_explained(desk_of: Desks, world: World) -> None:
    """Two phones were paid today; no bill has told of them yet."""
    page = desk_of("root").get("/clearing").text
    assert "账单日之后的收款" in page
    assert "未说明" not in page
    with transaction():
        db.session.add(
            Bill(
                mchid=MCHID, business_on=ON, kind="trade", status="refused", fetched_at=clock.now()
            )
        )
        note_compared(on=ON, sums={}, now=clock.now())
    assert "无法读取" in desk_of("root").get(f"/reconciliation/{ON}").text
    assert world.southern.id
