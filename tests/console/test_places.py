"""The tree and its reps under those above them: each strictly below his own place, told beforehand."""

import pytest
from sqlalchemy import select, update

from org.invites import bind_rep
from org.models import OrgNode, Rep, RepStatus
from org.queries import is_within, member_of_rep, successor_of
from settlement.models import Commission
from settlement.queries import due_accruals
from tests.console.conftest import Desks
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, transaction

NEW = {"tier": "outlet", "code": "SC9", "name": "新街营业厅", "mon": "09:00-12:00 14:00-18:00"}


def node(code: str) -> OrgNode | None:
    db.session.rollback()
    return db.session.scalar(select(OrgNode).where(OrgNode.code == code))


def rep_row(rep_id: int) -> Rep:
    db.session.rollback()
    return db.session.get_one(Rep, rep_id)


def test_a_new_outlet_is_opened_renamed_and_closed(desk_of: Desks) -> None:
    desk = desk_of("south")
    assert desk.post("/places/SC/below", **NEW).status_code == 302
    assert 'value="09:00-12:00 14:00-18:00"' in desk.get("/places/SC9").text
    assert desk.post("/places/SC9", name="新街旗舰店", address="新街 1 号").status_code == 302
    assert "新街旗舰店" in desk.get("/places", text="SC9").text
    assert desk.post("/places/SC9/close").status_code == 400  # no reason
    assert desk.post("/places/SC9/close", reason="租约到期").status_code == 302
    closed = node("SC9")
    assert closed
    assert closed.closed_on is not None


def test_wrong_opening_hours_are_told_by_their_day(desk_of: Desks) -> None:
    desk = desk_of("south")
    wrong = desk.ask("/places/SC/below", desk.token(), **{**NEW, "sun": "9点到12点"})
    assert wrong.status_code == 400
    error = wrong.get_json()["error"]
    assert error["details"] == {"fields": ["sun"]}
    assert "周日的营业时间" in error["message"]
    assert node("SC9") is None


def test_moving_a_city_moves_the_rights(desk_of: Desks, world: World) -> None:
    manager = desk_of("manager")
    assert world.southern.number in manager.get("/orders").text
    assert desk_of("root").post("/places/SC/move", parent="N", reason="区划调整").status_code == 302
    assert world.southern.number not in manager.get("/orders").text
    assert world.southern.number in desk_of("north").get("/orders").text


@pytest.mark.parametrize(
    ("who", "path", "form", "status"),
    [
        ("south", "/places/S", {"name": "x"}, 403),  # his own place
        ("south", "/places/S/close", {"reason": "x"}, 403),
        ("south", "/places/S/move", {"parent": "S", "reason": "x"}, 403),
        ("south", "/places/NH1", {"name": "x"}, 404),  # beside him: as if it were not there
        ("south", "/places/NH/below", NEW, 404),
        ("south", "/places/SC/move", {"parent": "N", "reason": "x"}, 404),
        ("south", "/places/G", {"name": "x"}, 404),
        ("root", "/places/S/move", {"parent": "SC", "reason": "x"}, 409),  # a cycle
        ("root", "/places/SC1/move", {"parent": "O1", "reason": "x"}, 409),  # below an outlet
        ("south", "/places/SC1/close", {"reason": "x"}, 409),  # Alice is there
        ("south", "/places/SC/below", {**NEW, "code": "SC1"}, 409),
        ("south", "/places/SC/below", {**NEW, "code": "../x"}, 400),
        ("south", "/places/SC/below", {**NEW, "mon": "25:00-1"}, 400),
        ("city", "/places/SC1", {"name": "x"}, 403),  # people are no business of a city
    ],
)
def test_what_is_not_one_s_own_is_refused(
    desk_of: Desks, who: str, path: str, form: dict[str, str], status: int
) -> None:
    assert desk_of(who).post(path, **form).status_code == status


def test_who_is_hired_stands_in_the_list(desk_of: Desks) -> None:
    desk = desk_of("south")
    form = {"name": "新来的", "outlet": "O1", "channel_class": "own_hall", "title": "店长"}
    codes = {"developer_code": "DV9", "channel_code": "CH9", "staff_number": "SN9"}
    answer = desk.post("/reps/new", **form, **codes)
    assert answer.status_code == 302
    assert "DV9" in desk.get(answer.headers["Location"].removeprefix("/console")).text
    assert desk.post("/reps/new", **{**form, "outlet": "NH1"}).status_code == 404
    assert desk.post("/reps/new", **{**form, "outlet": "SC"}).status_code == 404


def test_within_the_city_he_goes_as_he_is(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("south"), f"/reps/{world.alice_number}/move"
    told = desk.get(path, outlet="O1").text
    assert "跟他一起走" in told
    assert "<span>未解冻酬金（元）</span><b>99.95</b>" in told
    assert desk.post(path, outlet="O1", reason="轮岗").status_code == 302
    assert rep_row(world.alice_id).outlet_id == world.tree.corner
    assert successor_of(world.alice_id, clock.now()).rep_id == world.alice_id


def test_into_another_city_customers_and_money_stay_behind(desk_of: Desks, world: World) -> None:
    now = clock.now()
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=world.bob.member_id, now=now)
    desk, path = desk_of("south"), f"/reps/{world.alice_number}/move"
    assert "由网点公共池接手" in desk.get(path, outlet="SZ1").text
    moved = desk.post(path, outlet="SZ1", reason="调往深圳")
    number = moved.headers["Location"].rpartition("/")[2]
    assert number != world.alice_number
    old = rep_row(world.alice_id)
    new = db.session.scalars(select(Rep).where(Rep.number == number)).one()
    assert (old.status, old.outlet_id) == (RepStatus.LEFT, world.tree.hall)
    assert (new.name, new.outlet_id) == (old.name, world.tree.bay)
    assert member_of_rep(new.id) == world.bob.member_id
    heir = successor_of(world.alice_id, clock.now())
    assert (heir.rep_id, heir.outlet_id) == (None, world.tree.hall)
    assert "99.95" in desk.get(f"/reps/{world.alice_number}").text


def test_who_is_suspended_does_not_go_to_another_city_as_somebody_new(
    desk_of: Desks, world: World
) -> None:
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=world.bob.member_id, now=clock.now())
    desk, page = desk_of("south"), f"/reps/{world.alice_number}"
    assert desk.post(f"{page}/disable", reason="刷量").status_code == 302
    told = desk.get(f"{page}/move", outlet="SZ1").text
    assert "请先在" in told
    assert "确认调动" not in told
    refused = desk.ask(f"{page}/move", desk.token(), outlet="SZ1", reason="调往深圳")
    assert refused.status_code == 409
    assert "请先恢复" in refused.get_json()["error"]["message"]
    assert rep_row(world.alice_id).status == RepStatus.DISABLED
    assert db.session.scalars(select(Rep.name).where(Rep.outlet_id == world.tree.bay)).all() == []
    now = clock.now()
    with transaction() as session:
        session.execute(update(Commission).values(due_at=now))
    assert due_accruals(now=now, limit=9, rep_id=world.alice_id) == [], "his money stays held"


def test_who_is_suspended_stays_so_within_the_city_and_goes_once_restored(
    desk_of: Desks, world: World
) -> None:
    desk, page = desk_of("south"), f"/reps/{world.alice_number}"
    desk.post(f"{page}/disable", reason="刷量")
    assert desk.post(f"{page}/move", outlet="O1", reason="轮岗").status_code == 302
    assert rep_row(world.alice_id).status == RepStatus.DISABLED
    assert desk.post(f"{page}/enable", reason="查清").status_code == 302
    assert desk.post(f"{page}/move", outlet="SZ1", reason="调往深圳").status_code == 302
    assert rep_row(world.alice_id).status == RepStatus.LEFT


def test_a_move_needs_a_reason_and_a_place_of_one_s_own(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("south"), f"/reps/{world.alice_number}/move"
    assert desk.post(path, outlet="O1").status_code == 400
    assert desk.post(path, outlet="NH1", reason="x").status_code == 404
    assert desk.post(path, outlet="SC1", reason="x").status_code == 400
    assert desk.get(f"/reps/{world.nils_number}/move").status_code == 404
    assert desk.get(f"/reps/{world.nils_number}/leave").status_code == 404


def test_leaving_tells_what_hangs_on_it(desk_of: Desks, world: World) -> None:
    told = desk_of("manager").get(f"/reps/{world.alice_number}/leave").text
    assert "<span>未办完的订单</span><b>1</b>" in told
    assert "<span>有效期内接触过的客户</span><b>1</b>" in told
    assert is_within(world.tree.hall, world.tree.south)
