"""Members of an older system from a file: sealed while they wait, made once, taken back while unused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.imports import taking
from flows.sealed import vault
from members.audience import known_phones
from members.importing import members_among
from members.models import Identity, Member
from members.phone_joining import prove_phone
from members.queries import identity_of, members_by_phone
from members.vault import member_phone
from org.import_models import ImportRow
from org.models import Staff
from tests.console.conftest import Desks
from tests.console.test_imports import brought_in, taken
from tests.console.test_imports_older import undo
from tests.console.world import APPID, Person, World, buy
from tests.drawn import without_tokens
from tests.jobs import run_jobs
from wx_backend import clock, outbox
from wx_backend.db import db, retried, transaction

HEAD = "公众号,OpenID,姓名,手机号\n"
LINE = "city,oOld,张三丰,138-0013-8000\n"


def member_at(openid: str) -> Member | None:
    db.session.rollback()
    identity = identity_of(APPID, openid)
    if identity is None or identity.member_id is None:
        return None
    return db.session.get_one(Member, identity.member_id)


def cells() -> str:
    db.session.rollback()
    return str([each.cells for each in db.session.scalars(select(ImportRow))])


def test_a_member_is_made_with_what_was_known_of_him(desk_of: Desks, world: World) -> None:
    assert world
    desk = desk_of("south")
    page = taken(desk, HEAD + LINE, "members")
    shown = desk.get(page).text
    assert "138****8000" in shown
    assert "张**" in shown
    assert "张三丰" not in shown
    assert "张三丰" not in cells()
    assert desk.post(f"{page}/start").status_code == 302
    page = brought_in(desk, f"{HEAD}city,oOther,,\n", "members")
    made = member_at("oOld")
    assert made is not None
    assert made.name == "张三丰"
    assert made.phone is not None
    assert vault().open(made.phone, place=member_phone(made.id)) == "13800138000"
    assert made.phone_proven_at is None
    index = vault().index("13800138000")
    assert members_by_phone(index) == set(), "nobody proved it"
    assert known_phones(APPID, [index]) == {}
    with transaction():
        prove_phone(member_id=made.id, phone="13800138000", vault=vault(), now=clock.now())
    assert members_by_phone(index) == {made.id}
    assert known_phones(APPID, [index]) == {index: identity_id("oOld")}
    assert member_at("oOther") is not None
    assert "手机号': ''" in cells()


def test_a_file_again_makes_nobody_twice(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    brought_in(desk, HEAD + LINE + LINE, "members")
    first = member_at("oOld")
    assert first is not None
    again = taken(desk, HEAD + LINE + "city,oBob,鲍勃,\n", "members")
    assert desk.get(again).text.count("该客户已是会员，不重复导入") == 2
    assert members_among(APPID, ["oOld", "oBob", "oNobody"]) == {"oOld", "oBob"}
    assert world


def test_two_files_checked_before_either_ran_make_one(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    pages = [taken(desk, HEAD + LINE, "members") for _ in range(2)]
    for page in pages:
        desk.post(f"{page}/start")
    brought_in(desk, f"{HEAD}city,oOther,,\n", "members")
    assert "该客户已是会员，不重复导入" in desk.get(pages[1]).text
    assert member_at("oOld") is not None
    assert world


def test_what_is_wrong_is_told_without_the_number(desk_of: Desks, world: World) -> None:
    assert world
    desk = desk_of("south")
    page = desk.get(taken(desk, f"{HEAD}city,oOld,张三,12345678901\n", "members")).text
    assert "手机号格式不正确" in page
    assert "12345678901" not in page
    assert "12345678901" not in cells()


def test_of_a_line_with_a_fault_no_name_and_no_number_is_kept(desk_of: Desks, world: World) -> None:
    """Seven characters are neither a phone nor a long name to show the ends of."""
    desk = desk_of("south")
    bad = "city,oBob,阿卜杜拉买买提,13800138000\ncity,oOld,欧阳娜娜王,8812345\n"
    page = taken(desk, f"{HEAD}{bad}city,oNew,阿里木江买买提,\n", "members")
    shown = without_tokens(desk.get(page).text)
    assert "阿**" in shown
    db.session.rollback()
    kept = db.session.scalars(select(ImportRow).where(ImportRow.is_bad)).all()
    assert [(row.cells["姓名"], row.cells["手机号"]) for row in kept] == [("***", "***")] * 2
    for said in ("阿卜", "阿里", "买提", "欧", "****8000", "881", "2345"):
        assert said not in shown
    assert world


def test_a_file_that_is_stopped_or_taken_back_forgets_whom_it_named(
    desk_of: Desks, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 1)
    desk = desk_of("south")
    page = taken(desk, f"{HEAD}{LINE}city,oOther,李四,13900139000\ncity,oBob,王五,\n", "members")
    desk.post(f"{page}/start")
    (held,) = outbox.claim(outbox.WORK, limit=1)
    assert outbox.run(held)
    assert names() != {""}
    with transaction():
        {each.login: each for each in db.session.scalars(select(Staff))}["south"].is_active = False
    run_jobs()
    assert names() == {""}
    other = desk_of("root")
    assert "未导入" in other.get(page).text
    undo(other, page)
    assert (member_at("oOld"), names()) == (None, {""})
    assert world


def test_a_file_nobody_began_for_a_week_ends_and_forgets_whom_it_named(
    desk_of: Desks, world: World
) -> None:
    desk = desk_of("south")
    page = taken(desk, HEAD + LINE, "members")
    assert expired(timedelta(days=6, hours=23)) == 0
    assert names() != {""}
    assert expired(timedelta(days=7, seconds=9)) == 1
    assert names() == {""}
    assert expired(timedelta(days=8)) == 0
    assert "7 天内没有导入" in desk.get(page).text
    assert desk.post(f"{page}/start").status_code == 409
    assert member_at("oOld") is None
    assert world


def names() -> set[str]:
    """What the lines of all files say of names and phones."""
    db.session.rollback()
    rows = db.session.scalars(select(ImportRow)).all()
    return {row.cells[column] for row in rows for column in ("姓名", "手机号")}


def expired(after: timedelta) -> int:
    """How many files end when the clock looks so much later."""
    return retried(lambda: taking.expire_unbegun(now=clock.now() + after))


def test_taken_back_is_who_nobody_used(desk_of: Desks, world: World) -> None:
    desk = desk_of("south")
    text = f"{HEAD}{LINE}city,oBuyer,买家,\ncity,oProven,验证,\n"
    page = brought_in(desk, text, "members")
    buyer, proven = member_at("oBuyer"), member_at("oProven")
    assert buyer is not None
    assert proven is not None
    buy(Person(buyer.id, identity_id("oBuyer")), world.wares, world.tree.hall)
    with transaction():
        prove_phone(member_id=proven.id, phone="13900139000", vault=vault(), now=clock.now())
    told = undo(desk, page)
    assert "已撤销" in told
    assert "已被使用，保留" in told
    assert "导入后已有其他资料，保留" in told
    assert member_at("oOld") is None
    assert member_at("oBuyer") is not None
    assert member_at("oProven") is not None
    assert identity_of(APPID, "oOld") is not None


def identity_id(openid: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Identity.id).where(Identity.openid == openid)).one()


def test_members_are_not_given_out_as_a_file(desk_of: Desks, world: World) -> None:
    assert world
    desk = desk_of("south")
    assert desk.get("/exports/members.xlsx").status_code == 404
    assert desk.get("/exports/members.csv").status_code == 404
    assert "OpenID" in desk.get("/exports/members.csv", empty="1").text
