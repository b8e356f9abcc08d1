"""What a campaign brought, person by person and order by order: list, count and file are the same."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from campaigns import rules
from campaigns.models import Campaign, Recipient
from flows.visit import Opened, touch_link
from orders.models import OrderLine, SalesOrder
from referral.reach import push_shares
from referral.values import Certainty, TouchKind
from tests.campaigns.cast import brought, crowd, order_paid_at
from tests.campaigns.platform import Platform
from tests.console.campaigns.conftest import FORM, going
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, transaction

HOUR = timedelta(hours=1)
Walk = tuple[str, Sequence[int]]


@pytest.fixture
def walked(
    *,
    world: World,
    writer: Desk,
    reader: Desk,
    platform: Platform,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Walk:
    """A campaign sent to four: two opened it, of whom one paid; a third paid without that."""
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    ids = crowd(4, now=clock.now())
    for each in ids:
        brought(each, world.alice_id, now=clock.now())
    path = going(writer, reader, run_jobs)
    run_jobs()
    assert platform.calls == 4
    db.session.rollback()
    campaign = db.session.scalars(select(Campaign)).one()
    number, started_at = campaign.number, campaign.started_at
    assert started_at
    with transaction():
        share_id = push_shares(number, [world.alice_id])[world.alice_id]
    for each in ids[:2]:
        with transaction():
            opened = Opened(share_id, Certainty.SIGNED)
            kind = TouchKind.LINK_OPENED
            touch_link(opened, identity_id=each, kind=kind, now=started_at + HOUR)
    bought_at(world, [ids[0], ids[2]], started_at + 2 * HOUR)
    return path, ids


def bought_at(world: World, ids: Sequence[int], at: datetime) -> None:
    """Each pays an order of the hall, credited to Alice."""
    with transaction() as session:
        for each in ids:
            order_paid_at(each, at)
        session.flush()
        for order in session.scalars(select(SalesOrder).where(SalesOrder.paid_at == at)):
            order.outlet_id = world.tree.hall
            lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
            for line in lines:
                line.developer_rep_id = world.alice_id


def listed(desk: Desk, path: str, **query: str) -> tuple[list[str], int, int]:
    """Who stands in the list, how many it says there are, how many lines its file has."""
    page = desk.get(f"{path}/people", **query).text
    file = desk.get(f"{path}/people.csv", **query).text
    count = re.search(r"共 (\d+) 条", page)
    assert count
    return (
        re.findall(r"<td class=\"nowrap\">会员 (\d+)</td>", page),
        int(count[1]),
        file.count("\r\n") - 1,
    )


def test_a_person_shows_whether_he_opened_the_link_and_what_he_ordered(
    walked: Walk, reader: Desk
) -> None:
    path, ids = walked
    first, second, third, _ = (f"{each:04d}" for each in ids)
    written = {"status": "written"}
    assert listed(reader, path, **written)[1:] == (4, 4)
    assert listed(reader, path, **written, did="opened") == ([first, second], 2, 2)
    assert listed(reader, path, **written, did="ordered") == ([first, third], 2, 2)
    assert listed(reader, path, **written, did="both") == ([first], 1, 1)
    assert reader.get(f"{path}/people", did="slept").status_code == 400

    page = reader.get(f"{path}/people", did="both").text
    assert '1.00 <span class="dim">1 单' in page
    assert "/console/orders/" not in page, "a marketer opens no order"


def test_the_figures_of_a_report_lead_to_as_many_rows(
    walked: Walk, reader: Desk, desk_of: Desks, world: World, run_jobs: Callable[[], None]
) -> None:
    path, _ = walked
    number, manager = path.rpartition("/")[2], desk_of("manager")
    manager.get(f"{path}/report")
    run_jobs()
    page = manager.get(f"{path}/report").text
    assert "包括其他单位售出的；点开的列表只有您所在单位范围的" in page
    assert re.search(r"点击人数</span><b>2<", page)
    assert re.search(r"付款人数</span><b>2<", page)
    assert f'/console/orders?campaign={number}&amp;developer={world.alice_id}">1<' in page

    orders = {"campaign": number}
    assert "共 1 条" in manager.get("/orders", **orders).text
    assert "发票提醒" in manager.get("/orders", **orders).text
    assert manager.get("/orders.csv", **orders).text.count("\r\n") == 2
    mine = {**orders, "developer": str(world.alice_id)}
    assert "共 1 条" in manager.get("/orders", **mine).text
    assert "共 0 条" in manager.get("/orders", **orders, developer="0").text
    assert manager.get("/orders", campaign="CP0").status_code == 404
    assert "归属 爱丽丝" in manager.get("/orders", **mine).text
    assert "归属 网点" in manager.get("/orders", **orders, developer="0").text
    told = manager.get("/orders", **orders, developer=str(world.nils_id)).text
    assert "归属 其他单位的员工" in told
    assert "尼尔斯" not in told
    books = desk_of("finance").get("/orders", **orders)
    assert (books.status_code, "发票提醒" in books.text) == (200, False)
    assert f"/console/orders?campaign={number}" not in reader.get(f"{path}/report").text


def test_what_elsewhere_sold_is_nobodys_row_here(
    walked: Walk, reader: Desk, desk_of: Desks, world: World
) -> None:
    """The campaign is the south's; the order went to an outlet of the north."""
    path, ids = walked
    number = path.rpartition("/")[2]
    with transaction() as session:
        sold = session.scalars(select(SalesOrder).where(SalesOrder.identity_id == ids[0])).all()
        for order in sold:
            order.outlet_id = world.tree.frost
    assert listed(reader, path, did="ordered") == ([f"{ids[2]:04d}"], 1, 1)
    assert "共 0 条" in desk_of("manager").get("/orders", campaign=number).text
    north = desk_of("north")
    assert north.get(f"{path}/people").status_code == 404
    assert north.get(f"{path}/people.csv").status_code == 404
    assert north.get("/orders", campaign=number).status_code == 404
    assert "共 1 条" in desk_of("root").get("/orders", campaign=number).text


def test_before_it_began_nobody_has_done_anything(
    writer: Desk, run_jobs: Callable[[], None]
) -> None:
    made = writer.post("/campaigns", **FORM)
    path = made.headers["Location"].removeprefix("/console")
    writer.post(f"{path}/submit")
    run_jobs()
    assert db.session.scalars(select(Recipient)).all()
    assert listed(writer, path, did="ordered") == ([], 0, 0)
    assert listed(writer, path)[1] == listed(writer, path)[2] > 0
