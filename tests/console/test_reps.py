"""Reps under their managers: figures, invitations shown once, codes, pausing, leaving."""

import re
from datetime import date
from html import unescape
from urllib.parse import parse_qs

from sqlalchemy import select

from org.invites import InviteOutcome, bind_rep, use_invite
from org.models import OperatorIdentity, Rep, RepBinding, RepStatus
from tests.console.conftest import Desks
from tests.console.world import World, count_figures
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, transaction

_CODE = re.compile(r'class="code[^"]*">([0-9A-Z-]{9})<')


def rep_row(rep_id: int) -> Rep:
    db.session.rollback()
    return db.session.get_one(Rep, rep_id)


def test_figures_count_contacts_sales_and_commission(desk_of: Desks, world: World) -> None:
    count_figures()
    page = desk_of("north").get(f"/reps/{world.nils_number}").text
    for label, value in (("扫码", "1"), ("关注", "1"), ("付款订单", "1")):
        assert f"<span>{label}</span><b>{value}</b>" in page
    assert "1,999.00" in page
    assert "99.95" in page  # five percent
    row = desk_of("south").get("/reps").text
    assert world.alice_number in row
    assert "99.95" in row


def test_an_invitation_is_shown_once_and_binds_once(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("manager"), f"/reps/{world.alice_number}"
    shown = desk.post(f"{path}/invite").text
    found = _CODE.search(shown)
    assert found
    assert "<svg" in shown
    assert found[1] not in desk.get(path).text
    now = clock.now()
    with transaction():
        outcome = use_invite(rep_id=world.alice_id, code=found[1], now=now)
        bind_rep(rep_id=world.alice_id, member_id=world.bob.member_id, now=now)
    assert outcome is InviteOutcome.BOUND
    assert "已绑定" in desk.get(path).text


def test_unbinding_cuts_the_rep_off(desk_of: Desks, world: World) -> None:
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=world.bob.member_id, now=clock.now())
    desk, path = desk_of("manager"), f"/reps/{world.alice_number}"
    assert desk.post(f"{path}/unbind").status_code == 302
    assert "未绑定" in desk.get(path).text
    assert desk.post(f"{path}/unbind").status_code == 409
    db.session.rollback()
    assert db.session.scalars(select(RepBinding.unbound_at)).one() is not None


def test_a_disabled_rep_can_be_restored(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("manager"), f"/reps/{world.alice_number}"
    desk.post(f"{path}/disable", reason="x")
    assert rep_row(world.alice_id).status == RepStatus.DISABLED
    assert desk.post(f"{path}/invite").status_code == 409
    desk.post(f"{path}/enable", reason="x")
    assert rep_row(world.alice_id).status == RepStatus.ACTIVE


def test_nobody_leaves_without_an_heir_or_the_pool(desk_of: Desks, world: World) -> None:
    dave = rep_row(hire(world.tree.hall, "戴夫")).number
    desk, path = desk_of("manager"), f"/reps/{world.alice_number}"
    assert desk.post(f"{path}/leave").status_code == 400
    assert desk.post(f"{path}/leave", heir=dave, reason="x").status_code == 302
    page = desk.get(path).text
    assert "已离职" in page
    assert "戴夫" in page
    assert desk.post(f"{path}/enable", reason="x").status_code == 409


def test_codes_begin_today_at_the_earliest(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("manager"), f"/reps/{world.alice_number}/codes"
    codes = {"developer_code": "DV-1", "channel_code": "CH1", "staff_number": "SN1"}
    today = business_on(clock.now()).isoformat()
    assert desk.post(path, valid_from="2020-01-01", **codes).status_code == 400
    assert desk.post(path, valid_from=today, **{**codes, "staff_number": "<b>"}).status_code == 400
    assert desk.post(path, valid_from=today, **codes).status_code == 302
    assert desk.post(path, valid_from=today, **codes).status_code == 409
    assert "DV-1" in desk.get(f"/reps/{world.alice_number}").text
    db.session.rollback()
    assert len(db.session.scalars(select(OperatorIdentity)).all()) == 1


def test_a_colleague_s_developer_code_is_refused_beside_its_field(
    desk_of: Desks, world: World
) -> None:
    desk, today = desk_of("south"), business_on(clock.now()).isoformat()
    codes = {"developer_code": "DV-1", "channel_code": "CH1", "staff_number": "SN1"}
    given = desk.post(f"/reps/{world.alice_number}/codes", valid_from=today, **codes)
    assert given.status_code == 302
    dave = rep_row(hire(world.tree.hall, "戴夫")).number
    new = {"name": "新来的", "outlet": "SC1", "channel_class": "own_hall"}
    for answer in (
        desk.post(f"/reps/{dave}/codes", valid_from=today, **codes),
        desk.post("/reps/new", **new, **codes),
    ):
        assert answer.status_code == 409
        assert 'id="fault-developer_code"' in answer.text
        assert "属于其他员工" in answer.text
    db.session.rollback()
    assert len(db.session.scalars(select(OperatorIdentity)).all()) == 1
    assert db.session.scalar(select(Rep.id).where(Rep.name == "新来的")) is None


def test_reps_are_found_by_name_and_status(desk_of: Desks, world: World) -> None:
    hire(world.tree.bay, "戴夫")
    desk = desk_of("marketer")
    assert "共 2 条" in desk.get("/reps").text
    assert "共 1 条" in desk.get("/reps", text="戴").text
    assert "共 0 条" in desk.get("/reps", status="left").text
    assert desk.get("/reps", status="mallory").status_code == 400
    assert "办理离职" not in desk.get(f"/reps/{world.alice_number}").text


def test_the_figures_of_a_rep_open_as_many_rows_since_he_began(
    desk_of: Desks, world: World
) -> None:
    """Also of a rep who began longer ago than a page of figures reaches."""
    with transaction() as session:
        rep = session.scalars(select(Rep).where(Rep.number == world.alice_number)).one()
        rep.joined_on = date(2020, 1, 1)
    count_figures()
    desk = desk_of("root")
    page = desk.get(f"/reps/{world.alice_number}").text
    figures = re.findall(
        r'<a class="figure" href="/console(/figures/[^"]+)"><span>[^<]+</span><b>([^<]+)<', page
    )
    assert len(figures) == 4
    asked = {"rep": str(world.alice_id), "from": "2020-01-01"}
    for link, shown in figures:
        path, _, query = unescape(link).partition("?")
        assert parse_qs(query) == {key: [value] for key, value in asked.items()}
        told = re.search(r"共 ([0-9,]+) 条(?:，([0-9.,]+) 元)?", desk.get(path, **asked).text)
        assert told, link
        assert shown == told[2 if "sales" in path else 1]
    assert '<a class="figure"' not in desk_of("marketer").get(f"/reps/{world.alice_number}").text


def test_lists_of_reps_and_places_lead_to_their_files(desk_of: Desks, world: World) -> None:
    assert world
    desk = desk_of("root")
    for path, kind in (("/reps", "reps"), ("/places/SC", "outlets"), ("/places", "outlets")):
        query = {"text": "天河"} if path == "/places" else {}
        page = desk.get(path, **query).text
        assert f"/console/exports/{kind}.csv" in page, path
        assert desk.get(f"/exports/{kind}.csv").status_code == 200
