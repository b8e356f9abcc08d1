"""Stop buttons: what is held waits, nothing is lost, and everybody sees who held it and why."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from flows.payment.prepay import pay
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock, stops
from wx_backend.db import db, transaction
from wx_backend.outbox import CALL, WORK, Job, claim
from wx_backend.stops import Line, Stop, Stopped


@pytest.fixture
def root(desk_of: Desks) -> Desk:
    return desk_of("root")


def due(*names: str) -> list[str]:
    """Which of these jobs would be claimed now."""
    now = clock.now()
    with transaction():
        db.session.execute(delete(Job))
        for name in names:
            queue = WORK if name in ("payout.release", "order.fulfil") else CALL
            db.session.add(
                Job(name=name, queue=queue, arguments={}, created_at=now, due_at=now, attempts=0)
            )
    ids = [held.id for queue in (WORK, CALL) for held in claim(queue, limit=20)]
    db.session.rollback()
    return sorted(db.session.scalars(select(Job.name).where(Job.id.in_(ids))))


ALL = (
    "bill.fetch",
    "message.send",
    "order.fulfil",
    "payout.release",
    "refund.query",
    "refund.send",
    "transfer.query",
    "transfer.send",
)


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        (Line.MESSAGES, {"message.send"}),
        (Line.REFUNDS, {"refund.send"}),
        (Line.PAYOUTS, {"payout.release", "transfer.send"}),
        (Line.EVERYTHING, {"message.send", "refund.send", "transfer.send"}),
    ],
)
def test_a_stopped_line_waits_and_the_others_go_on(root: Desk, line: Line, waits: set[str]) -> None:
    assert due(*ALL) == sorted(ALL)
    assert root.post(f"/stops/{line}/stop", reason="演练").status_code == 302
    assert due(*ALL) == sorted(set(ALL) - waits)
    assert root.post(f"/stops/{line}/lift").status_code == 302
    assert due(*ALL) == sorted(ALL)


def test_who_stopped_and_who_lifted_is_kept(root: Desk) -> None:
    assert root.post("/stops/messages/stop", reason="").status_code == 400
    assert root.post("/stops/messages/stop", reason="模板被投诉").status_code == 302
    assert root.post("/stops/messages/stop", reason="再来").status_code == 409
    page = root.get("/stops").text
    assert "模板被投诉" in page
    assert "员工root" in page
    assert root.post("/stops/messages/lift").status_code == 302
    assert root.post("/stops/messages/lift").status_code == 409
    assert root.post("/stops/weather/stop", reason="x").status_code == 400
    assert "模板被投诉" in root.get("/stops").text


def test_below_the_top_nobody_stops_anything(desk_of: Desks) -> None:
    south = desk_of("south")
    assert south.get("/stops").status_code == 403
    assert south.post("/stops/refunds/stop", reason="x").status_code == 403
    assert south.post("/stops/payouts/places/stop", node="1", reason="x").status_code == 403
    assert south.post("/stops/payouts/places/lift", node="1").status_code == 403
    assert desk_of("marketer").get("/stops").status_code == 403


def test_nobody_pays_while_everything_is_held(root: Desk, world: World) -> None:
    assert root.post("/stops/everything/stop", reason="恢复演练").status_code == 302
    with pytest.raises(Stopped):
        pay(order_id=world.southern.id, member_id=world.bob.member_id)


def test_what_is_held_is_seen_by_the_monitor(app: Flask, client: FlaskClient) -> None:
    assert app
    with transaction():
        stops.stop(line=Line.REFUNDS, reason="x", by="command:it", now=clock.now())
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Stop(line=Line.REFUNDS, reason="y", stopped_by="z", stopped_at=clock.now()))
    figures = client.get("/metrics").text

    assert 'wx_stopped{line="refunds"} 1' in figures
    assert 'wx_stopped{line="messages"} 0' in figures


def test_pay_outs_of_one_city_are_stopped_by_themselves(root: Desk, world: World) -> None:
    city = str(world.tree.canton)
    assert root.post("/stops/payouts/places/stop", node=city, reason="").status_code == 400
    assert root.post("/stops/payouts/places/stop", node="", reason="核查").status_code == 400
    hall = str(world.tree.hall)
    assert root.post("/stops/payouts/places/stop", node=hall, reason="核查").status_code == 400
    assert root.post("/stops/payouts/places/stop", node=city, reason="核查").status_code == 302
    assert root.post("/stops/payouts/places/stop", node=city, reason="再来").status_code == 409
    page = root.get("/stops").text
    assert "核查" in page
    assert f'name="node" value="{city}"' in page
    assert due(*ALL) == sorted(ALL)  # the line itself goes on
    assert root.post("/stops/payouts/places/lift", node=city).status_code == 302
    assert root.post("/stops/payouts/places/lift", node=city).status_code == 409
