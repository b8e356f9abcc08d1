"""What was learnt too late to change a credit: seen by those whose order it is, closed by those above them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.attribution import LEARNT_LATE
from orders.models import SalesOrder
from orders.queries import lines_of_order
from referral.disputes import open_dispute
from referral.models import Dispute, Touch
from referral.values import TouchKind
from tests.console.conftest import Desks
from tests.console.world import World, share, touch
from wx_backend import clock
from wx_backend.audit import AuditEntry
from wx_backend.db import db, transaction


@pytest.fixture
def dispute_id(world: World) -> int:
    """Bob opened a link of Nils before he ordered of Alice; it became known after he paid."""
    touch(world.bob, share(world.nils_id), kind=TouchKind.LINK_OPENED, ago=timedelta(minutes=1))
    with transaction() as session:
        late = session.scalars(select(Touch.id).order_by(Touch.id.desc())).first()
        order = session.scalars(select(SalesOrder).filter_by(number=world.southern.number)).one()
        line_id = lines_of_order(order.id)[0].id
        for _ in range(2):
            open_dispute(
                order_line_id=line_id,
                key=f"touch:{late}",
                touch_id=late,
                reason=LEARNT_LATE,
                now=clock.now(),
            )
        return session.scalars(select(Dispute.id)).one()


def test_a_dispute_leads_to_the_receipt_it_speaks_against(
    desk_of: Desks, world: World, dispute_id: int
) -> None:
    page = desk_of("manager").get("/disputes").text
    for words in (world.southern.number, "爱丽丝", "尼尔斯的接触", world.southern.receipt):
        assert words in page
    assert f"/disputes/{dispute_id}/close" in page
    assert "归属争议 <strong>1</strong>" in desk_of("manager").get("/").text
    assert "待核对" in desk_of("manager").get(f"/receipts/{world.southern.receipt}").text
    assert "没有待核对的争议" in desk_of("north").get("/disputes").text
    assert "归属争议 <strong>" not in desk_of("north").get("/").text


def test_what_somebody_came_to_is_written_down_once(
    desk_of: Desks, world: World, dispute_id: int
) -> None:
    path, manager = f"/disputes/{dispute_id}/close", desk_of("manager")
    assert desk_of("north").post(path, reason="x").status_code == 404
    assert manager.post(path, reason=" ").status_code == 400
    assert manager.post(path, reason="两人已当面核对，维持原归属").status_code == 302
    assert manager.post(path, reason="再来").status_code == 409

    assert "没有待核对的争议" in manager.get("/disputes").text
    receipt = manager.get(f"/receipts/{world.southern.receipt}").text
    for page in (receipt, manager.get("/disputes", state="closed").text):
        assert "两人已当面核对，维持原归属" in page
    db.session.rollback()
    (entry,) = db.session.scalars(
        select(AuditEntry).where(AuditEntry.what == "console.disputes.close")
    )
    assert entry.reason == "两人已当面核对，维持原归属"
    assert db.session.get_one(Dispute, dispute_id).closed_by == entry.actor


@pytest.mark.parametrize(
    ("who", "sees", "closes"), [("head", 200, 403), ("clerk", 403, 403), ("finance", 403, 403)]
)
def test_an_outlet_looks_and_does_not_decide(
    desk_of: Desks, dispute_id: int, who: str, sees: int, closes: int
) -> None:
    desk = desk_of(who)
    assert desk.get("/disputes").status_code == sees
    assert desk.post(f"/disputes/{dispute_id}/close", reason="x").status_code == closes
