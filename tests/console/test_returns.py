"""What customers ask to give back, answered in the console by whoever decides on refunds there."""

import re

import pytest
from sqlalchemy import select

from fulfilment.models import Chain
from fulfilment.return_models import ReturnRequest
from tests.console.conftest import Desks
from tests.console.owned import asked_back
from tests.console.test_approvals import told
from tests.console.test_refunds import config
from tests.console.world import World
from wx_backend.db import db

__all__ = ["config"]


@pytest.fixture
def path(world: World) -> str:
    """Where the buyer of the southern phone is answered."""
    chain = select(Chain.id).where(Chain.order_id == world.southern.id)
    return f"/returns/{asked_back(db.session.scalars(chain).one())}"


def row() -> ReturnRequest:
    db.session.rollback()
    return db.session.scalars(select(ReturnRequest)).one()


def test_it_is_shown_where_refunds_are_decided_and_agreed_to_once(
    desk_of: Desks, world: World, path: str
) -> None:
    manager = desk_of("manager")
    order = f"/orders/{world.southern.number}"
    assert told(manager) == {"退货": 1}
    for page in ("/refunds", order):
        assert ">同意退货<" in manager.get(page).text
    assert manager.post(path, verdict="perhaps").status_code == 400
    assert manager.post(path, verdict="agree").status_code == 302
    assert manager.post(path, verdict="agree").status_code == 409
    found = row()
    assert (found.status, (found.decided_by or "")[:6]) == ("agreed", "staff:")
    page = manager.get(order).text
    assert ">同意退货<" not in page
    assert "登记商品已退回" in page
    assert told(manager) == {}


def test_what_never_comes_is_called_off(desk_of: Desks, world: World, path: str) -> None:
    manager, clerk, order = desk_of("manager"), desk_of("clerk"), f"/orders/{world.southern.number}"
    assert manager.post(path, verdict="agree").status_code == 302
    [off] = re.findall(r"/console(/pool/\d+/call-off)", clerk.get(order).text)
    assert desk_of("north").post(off).status_code == 404
    assert clerk.post(off).status_code == 302
    assert clerk.post(off).status_code == 409
    assert off not in clerk.get(order).text


def test_the_customer_is_told_why_not(desk_of: Desks, world: World, path: str) -> None:
    finance = desk_of("finance")
    assert finance.post(path, verdict="decline").status_code == 400
    assert finance.post(path, verdict="decline", answer="已激活").status_code == 302
    assert (row().status, row().answer) == ("declined", "已激活")
    assert "答复：已激活" in finance.get(f"/orders/{world.southern.number}").text


def test_it_is_answered_by_its_own_part_of_the_organisation_alone(
    desk_of: Desks, world: World, path: str
) -> None:
    north, clerk = desk_of("north"), desk_of("clerk")
    assert world.southern.number not in north.get("/refunds").text
    assert north.post(path, verdict="agree").status_code == 404
    assert clerk.post(path, verdict="agree").status_code == 403
    assert ">同意退货<" not in clerk.get(f"/orders/{world.southern.number}").text
    assert row().status == "asked"
